"""Finds the manifests in the rooms, and what they name."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType

from jarvis.app.feature import Feature

ROOMS = ("jarvis.domains", "jarvis.orchestrator")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A manifest, and the package in which it was found."""

    package: str
    feature: Feature

    def modules(self, names: Sequence[str]) -> list[ModuleType]:
        """Modules of the package by their names."""
        return [import_module(f"{self.package}.{name}") for name in names]


@cache
def features() -> tuple[Found, ...]:
    """Every feature of the product, by package."""
    return tuple(_found())


def _found() -> Iterator[Found]:
    for room in ROOMS:
        package = import_module(room)
        folders = [m.name for m in pkgutil.iter_modules(package.__path__, f"{room}.") if m.ispkg]
        for name in (room, *folders):
            feature = getattr(import_module(name), "FEATURE", None)
            if isinstance(feature, Feature):
                yield Found(package=name, feature=feature)
