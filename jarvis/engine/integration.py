"""The manifest by which an outside system plugs in."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from jarvis.engine.db import Database
from jarvis.engine.effects import EffectKind
from jarvis.kit.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One line of `jarvis doctor`."""

    name: str
    ok: bool
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """What a vendor's folder offers.

    `connect(settings, db)` opens the client and closes it at the end. `webhooks` are Litestar route
    handlers.
    """

    name: str
    title: str
    settings: type[Settings]
    connect: Callable[[Any, Database], AbstractAsyncContextManager[Any]]
    effects: Sequence[EffectKind] = ()
    webhooks: Sequence[Any] = ()
    configured: Callable[[Any], Mapping[str, bool]] = field(default=lambda _settings: {})


def discover(package: ModuleType) -> list[Integration]:
    """Every folder of the package that offers an `INTEGRATION`, by name."""
    found: list[Integration] = []
    for module in pkgutil.iter_modules(package.__path__):
        if not module.ispkg:
            continue
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        manifest = getattr(loaded, "INTEGRATION", None)
        if isinstance(manifest, Integration):
            found.append(manifest)
    return sorted(found, key=lambda item: item.name)
