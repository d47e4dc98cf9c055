"""Snapshot files stored beside what they describe: compared with the present code, or rewritten."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """One kind of pages. `now` generates their texts by path from the present code; `written` finds
    the existing files; `root` is the folder that paths are relative to."""

    now: Callable[[], Mapping[Path, str]]
    written: Callable[[], Iterable[Path]]
    root: Path

    def differing(self) -> list[Path]:
        """Pages that differ, are missing, or describe something removed."""
        return sorted(self._changes())

    def write(self) -> list[Path]:
        """Rewrite the pages; returns those that were changed."""
        changes = self._changes()
        for page, text in changes.items():
            if text is None:
                page.unlink()
                continue
            page.parent.mkdir(exist_ok=True)
            page.write_text(text, encoding="utf-8")
        return sorted(changes)

    def _changes(self) -> Mapping[Path, str | None]:
        """The pages to write with their texts; None for one to delete."""
        now = self.now()
        old = {page: page.read_text(encoding="utf-8") for page in self.written()}
        return {page: now.get(page) for page in {*now, *old} if now.get(page) != old.get(page)}

    def command(self, about: str | None) -> int:
        """Print which pages differ, or with `--write` rewrite them; returns the exit code, 1 when
        one differs and was not written."""
        parser = argparse.ArgumentParser(description=about)
        parser.add_argument("--write", action="store_true", help="write what differs")
        writes: bool = parser.parse_args().write
        pages = self.write() if writes else self.differing()
        for page in pages:
            shown = page.relative_to(self.root)
            print(f"{'wrote' if writes else 'differs'}: {shown}")  # noqa: T201  # its output
        return 1 if pages and not writes else 0
