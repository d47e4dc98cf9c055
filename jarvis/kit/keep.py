"""Persistent state of a sandbox: a killed process restarts with what it saved last."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path


class Keep:
    """Named parts of a state in one file. Parts that are saved together are saved atomically. The
    state survives its process, not the machine: writes are not synced to disk.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS part (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT "
            "ROWID"
        )
        self._known: dict[str, int] = {}

    def put(self, parts: Mapping[str, bytes]) -> None:
        """Save these parts; unchanged ones cost nothing."""
        new = {name: body for name, body in parts.items() if self._known.get(name) != hash(body)}
        if not new:
            return
        self._file.execute("BEGIN")
        self._file.executemany("INSERT OR REPLACE INTO part VALUES (?, ?)", new.items())
        self._file.execute("COMMIT")
        self._known |= {name: hash(body) for name, body in new.items()}

    def all(self) -> dict[str, bytes]:
        """Every part by its name."""
        return dict(self._file.execute("SELECT name, body FROM part"))

    def clear(self) -> None:
        """Delete everything, for a new world."""
        self._known.clear()
        self._file.execute("DELETE FROM part")
