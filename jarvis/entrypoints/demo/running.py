"""The demo that runs in this folder, for commands that are given no settings. Imports little:
`jarvis ask` waits for its imports."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import IO, Any

from jarvis.entrypoints.demo.restarts import read
from jarvis.kit.errors import InvalidRequest


def find_demo(folder: Path = Path(".jarvis")) -> dict[str, str]:
    """The settings of a running demo, for commands that are given none.

    Raises:
        InvalidRequest: no demo runs here.
    """
    return json.loads((_running(folder) / "env.json").read_text())


def processes_of_demo(folder: Path = Path(".jarvis")) -> dict[str, dict[str, Any]]:
    """The status of the processes of a running demo, by name: `{state, pid, restarts, last_end}`.

    Raises:
        InvalidRequest: no demo runs here.
    """
    return read(_running(folder))


def _running(folder: Path) -> Path:
    for path in sorted(folder.glob("demo*/env.json")):
        if (lock := lock_of(path.parent)) is None:
            return path.parent
        lock.close()  # left by a killed demo
    raise InvalidRequest(
        "no settings: set JARVIS_DATABASE_URL, or start `make demo` in this folder first"
    )


def lock_of(folder: Path) -> IO[str] | None:
    """The folder's lock, to be kept open; None when a running demo holds it."""
    lock: IO[str] = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock
