"""What a reviewer reads of events: beside each noun, who in it hears of which kind.

`python -m jarvis.app.snapshot --write` writes the pages anew; without `--write` it only says which
differ.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from jarvis.app.build import made
from jarvis.app.discovery import FEATURES, features
from jarvis.engine.subscriptions import declared

PAGE = "subscriptions.snapshot.txt"
COMMAND = "python -m jarvis.app.snapshot --write"


def snapshots() -> Mapping[Path, str]:
    """The page of each noun that hears of events, by its path, as the handlers are now.

    A line is `subscriber | lane | seconds an attempt | kinds of events`.
    """
    pages: dict[Path, str] = {}
    for found in features():
        lines = sorted(
            f"{name} | {terms.lane.name.lower()} | {terms.deadline_s:g} s | "
            + " ".join(sorted(terms.kinds))
            for make in found.objects(found.manifest.handlers)
            for name, terms in declared(made(make)).items()
        )
        if lines:
            pages[_folder(found.package) / PAGE] = "\n".join(lines) + "\n"
    return pages


def differing() -> list[Path]:
    """Pages that differ, are missing, or show a noun that hears of nothing any more."""
    now = snapshots()
    written = {
        page: page.read_text(encoding="utf-8")
        for room in FEATURES
        for page in _folder(room).rglob(PAGE)
    }
    return sorted(page for page in {*now, *written} if now.get(page) != written.get(page))


def write() -> None:
    """Make the pages show the subscribers as they are now."""
    now = snapshots()
    for page in differing():
        if page in now:
            page.write_text(now[page], encoding="utf-8")
        else:
            page.unlink()


def _folder(package: str) -> Path:
    file = import_module(package).__file__
    assert file is not None, f"{package} has no `__init__.py`"
    return Path(file).parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    if parser.parse_args().write:
        write()
    different = differing()
    for page in different:
        print(page)  # noqa: T201  # its output
    return 1 if different else 0


if __name__ == "__main__":
    raise SystemExit(main())
