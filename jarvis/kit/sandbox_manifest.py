"""What a vendor's sandbox offers to whoever runs it: the demo, and the tests."""

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
    """What a person reads, in the three languages."""

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
    """A way in which the vendor can fail. Those that are not `on_the_desk` are for suites: they
    mean nothing to a person without the test that looks for their trace."""

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
    """What a sandbox is built in.

    `web`: the address at which Jarvis takes webhooks. `settings`: what Jarvis was told already
    (`JARVIS_…`), so that a sandbox and Jarvis hold to the same limits. `ledger`: the file that the
    ledger is kept in.
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
        """What Jarvis must be told to reach it, as environment variables; once it runs."""
        ...

    def load(self, world: World, now: datetime) -> None:
        """Forget everything and begin with this world."""
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
        """Begin to fail.

        Raises:
            InvalidRequest: unknown fault or argument.
        """
        ...

    def records(self) -> Sequence[Table]:
        """What the vendor holds now."""
        ...

    def busy(self) -> bool:
        """Whether something of its own is still on its way (a webhook not yet delivered)."""
        ...

    def remember(self, keep: Keep, *, resume: bool) -> int:
        """Keep everything from now on, before anybody hears of it; with `resume` go on with what a
        killed process had kept.

        Returns the port to listen at: the one of before, or 0 for any.
        """
        ...

    def save(self) -> None:
        """Keep what happened until now, where the sandbox does not do it by itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A vendor's sandbox: `SANDBOX` in the package `sandbox` of the vendor's folder.

    `build` absent: it answers by a script that only a suite can give it, so that nobody else starts
    it. `world`: the part of the world file that it loads. `ledger`: the words for the kinds of its
    ledger's entries; a kind without a word is shown as it is.
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
