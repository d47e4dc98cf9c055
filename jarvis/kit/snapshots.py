"""Pages that lie beside what they show: compared with what the code says now, and written anew."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """One kind of pages. `now` makes their texts by path, as the code is now; `written` finds the
    paths of those that lie there; `root` is the folder that paths are told from."""

    now: Callable[[], Mapping[Path, str]]
    written: Callable[[], Iterable[Path]]
    root: Path

    def differing(self) -> list[Path]:
        """Pages that differ, are missing, or show what is gone."""
        return sorted(self._changes())

    def write(self) -> list[Path]:
        """Make the pages show what is there now; returns those that were changed."""
        changes = self._changes()
        for page, text in changes.items():
            if text is None:
                page.unlink()
                continue
            page.parent.mkdir(exist_ok=True)
            page.write_text(text, encoding="utf-8")
        return sorted(changes)

    def _changes(self) -> Mapping[Path, str | None]:
        """The pages to write with their texts; None for one that is to go."""
        now = self.now()
        old = {page: page.read_text(encoding="utf-8") for page in self.written()}
        return {page: now.get(page) for page in {*now, *old} if now.get(page) != old.get(page)}

    def command(self, about: str | None) -> int:
        """Say which pages differ, or with `--write` write them; returns the exit code, 1 when one
        differs and was not written."""
        parser = argparse.ArgumentParser(description=about)
        parser.add_argument("--write", action="store_true", help="write what differs")
        writes: bool = parser.parse_args().write
        pages = self.write() if writes else self.differing()
        for page in pages:
            told = page.relative_to(self.root)
            print(f"{'wrote' if writes else 'differs'}: {told}")  # noqa: T201  # its output
        return 1 if pages and not writes else 0
