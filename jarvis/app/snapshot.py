"""Snapshots of subscriptions for review: beside each noun, its subscribers and their kinds of
events.

`python -m jarvis.app.snapshot --write` rewrites the pages; without `--write` it only reports which
differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from jarvis.app.build import made
from jarvis.app.discovery import FEATURES, features
from jarvis.engine.subscriptions import declared
from jarvis.kit.snapshots import Snapshots

PAGE = "subscriptions.snapshot.txt"
COMMAND = "python -m jarvis.app.snapshot --write"


def snapshots() -> Mapping[Path, str]:
    """The page of each noun that has subscribers, by path, from the present handlers.

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


def _folder(package: str) -> Path:
    file = import_module(package).__file__
    assert file is not None, f"{package} has no `__init__.py`"
    return Path(file).parent


def _written() -> Iterator[Path]:
    """Existing pages beside nouns, also of a noun that has no subscribers any more."""
    return (page for package in FEATURES for page in _folder(package).rglob(PAGE))


SNAPSHOTS = Snapshots(now=snapshots, written=_written, root=Path(__file__).parents[2])

if __name__ == "__main__":
    raise SystemExit(SNAPSHOTS.command(__doc__))
