"""The manifest and interface of a vendor's sandbox, for the demo and the tests."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from jarvis.kit.clock import Clock
from jarvis.kit.keep import Keep
from jarvis.kit.sandbox import Faults, Ledger
from jarvis.kit.world import World


@dataclass(frozen=True, slots=True)
class Title:
    """A label in the three languages."""

    ru: str
    en: str
    ka: str

    def __str__(self) -> str:
        return self.ru


Label = str | Title  # data (a name, a number) is the same in every language


def in_language(label: Label, language: str) -> str:
    """A label as it is read in `ru`, `en` or `ka`."""
    if isinstance(label, str):
        return label
    return {"en": label.en, "ka": label.ka}.get(language, label.ru)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeField:
    """One argument of a change: `choices` maps a value to the name a person sees."""

    name: str
    title: Title
    choices: Mapping[str, Label] | None = None
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something a person can make happen in the vendor's world."""

    name: str
    title: Title
    fields: Sequence[ChangeField] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A way in which the vendor can fail. Those that are not `on_the_desk` are for test suites
    only: their effect shows only in a test."""

    kind: str
    title: Title
    on_the_desk: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Records of the vendor that a person can look at, each row as long as `columns`."""

    name: str
    title: Title
    columns: Sequence[Title]
    rows: Sequence[Sequence[Label]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxContext:
    """What a sandbox is built with. `web`: the address at which Jarvis takes webhooks. `settings`:
    settings of Jarvis (`JARVIS_…`), so that both use the same limits. `ledger`: the file of the
    ledger.
    """

    clock: Clock
    web: str = ""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    ledger: Path | None = None


class VendorSandbox(Protocol):
    """One vendor's servers."""

    faults: Faults
    ledger: Ledger

    @property
    def base_url(self) -> str: ...

    def running(self, port: int = 0) -> AbstractAsyncContextManager[Any]:
        """Serve on loopback until the end; `port` 0 is any."""
        ...

    def settings(self) -> Mapping[str, str]:
        """The settings by which Jarvis reaches it, as environment variables; available once it
        runs."""
        ...

    def load(self, world: World, now: datetime) -> None:
        """Reset to this world."""
        ...

    def changes(self) -> Sequence[Change]: ...

    async def change(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make one change happen, as a person in the vendor's own pages would. `webhooks` in what
        it returns are the calls that follow, each with its `payload`.

        Raises:
            InvalidRequest: unknown change or argument.
        """
        ...

    def start_fault(self, kind: str, args: Mapping[str, Any]) -> None:
        """Switch a fault on.

        Raises:
            InvalidRequest: unknown fault or argument.
        """
        ...

    def records(self) -> Sequence[Table]:
        """The vendor's present records."""
        ...

    def busy(self) -> bool:
        """Whether it has work in progress (a webhook not yet delivered)."""
        ...

    def remember(self, keep: Keep, *, resume: bool) -> int:
        """Save all state from now on, before it is sent; with `resume` restore what a killed
        process had saved. Returns the port to listen at: the previous one, or 0 for any.
        """
        ...

    def save(self) -> None:
        """Save the state until now, if the sandbox does not do so by itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A vendor's sandbox: `SANDBOX` in the package `sandbox` of the vendor's folder.

    `build` absent: it needs a script that only a test suite provides, so the demo does not start
    it. `world`: the part of the world file that it loads. `ledger`: the labels for the kinds of its
    ledger's entries; a kind without a label is shown as it is.
    """

    name: str
    title: str
    build: Callable[[SandboxContext], VendorSandbox] | None
    world: type[World] | None = None
    faults: Sequence[Fault] = ()
    ledger: Mapping[str, Title] = field(default_factory=dict[str, Title])


def discover_sandboxes(package: ModuleType) -> dict[str, Sandbox]:
    """Every `SANDBOX` of the package's folders, by name in alphabetical order."""
    found: dict[str, Sandbox] = {}
    for module in pkgutil.iter_modules(package.__path__):
        place = f"{package.__name__}.{module.name}.sandbox"
        if module.ispkg and importlib.util.find_spec(place) is not None:
            manifest = getattr(importlib.import_module(place), "SANDBOX", None)
            if isinstance(manifest, Sandbox):
                found[manifest.name] = manifest
    return dict(sorted(found.items()))
