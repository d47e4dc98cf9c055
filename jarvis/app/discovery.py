"""Finds the manifests in their packages, and imports what they name."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any, Generic, TypeVar

from jarvis.app.feature import Feature
from jarvis.engine.integration import Integration

FEATURES = ("jarvis.domains", "jarvis.orchestrator")
INTEGRATIONS = ("jarvis.integrations",)
M = TypeVar("M")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[M]):
    """A manifest, and the package in which it was found."""

    package: str
    manifest: M

    def modules(self, names: Sequence[str]) -> list[ModuleType]:
        """Modules of the package by their names."""
        return [import_module(f"{self.package}.{name}") for name in names]

    def objects(self, names: Sequence[str]) -> list[Callable[..., Any]]:
        """Classes and functions by `"module:name"`.

        Raises:
            ValueError: there is none of this name.
        """
        found: list[Callable[..., Any]] = []
        for name in names:
            module, _, attribute = name.partition(":")
            value = getattr(import_module(f"{self.package}.{module}"), attribute, None)
            if not callable(value):
                raise ValueError(f"{self.package}: its manifest names {name}, which is not there")
            found.append(value)
        return found


@cache
def features() -> tuple[Found[Feature], ...]:
    """Every feature of the product, by package."""
    return tuple(manifests(FEATURES, "FEATURE", Feature))


@cache
def integrations() -> tuple[Found[Integration], ...]:
    """Every outside system, by package."""
    return tuple(manifests(INTEGRATIONS, "INTEGRATION", Integration))


def manifests(packages: Sequence[str], name: str, kind: type[M]) -> Iterator[Found[M]]:
    """The manifests of this name and type in these packages and their direct subpackages."""
    for root in packages:
        package = import_module(root)
        folders = [m.name for m in pkgutil.iter_modules(package.__path__, f"{root}.") if m.ispkg]
        for folder in (root, *folders):
            manifest = getattr(import_module(folder), name, None)
            if isinstance(manifest, kind):
                yield Found(package=folder, manifest=manifest)
