"""Builds the App: finds the manifests, builds the services of the wanted parts by type, collects
their handlers."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal, Protocol, TypeVar, get_args, get_type_hints

from dishka import AsyncContainer, Provider, Scope, make_async_container

from jarvis.app.base import BASE, PoolSize, base_provider
from jarvis.app.discovery import Found, features, integrations
from jarvis.app.feature import Feature
from jarvis.app.services import Services
from jarvis.app.settings import AppSettings
from jarvis.app.write import OWN_SYSTEM, Write, Writes
from jarvis.engine.db import Database
from jarvis.engine.effects import EffectHandler, EffectKind
from jarvis.engine.integration import Process
from jarvis.engine.jobs import JobHandler
from jarvis.engine.journal import Journal
from jarvis.engine.notifier import RedisNotifier
from jarvis.engine.settings import EngineSettings
from jarvis.engine.subscriptions import Subscriber, Terms, declared, subscribers
from jarvis.engine.timing import Every
from jarvis.kit.clock import OffsetClock
from jarvis.kit.errors import SettingsMissing
from jarvis.kit.http_client import Network
from jarvis.kit.settings import Settings, load
from jarvis.messaging import fact_views
from jarvis.messaging.callbacks import Callbacks, Commands
from jarvis.messaging.focus import Focus
from jarvis.messaging.view import Views

Part = Literal["ports", "services", "handlers", "views", "jobs"]
T = TypeVar("T")
Make = Callable[..., Any]


class Carrier(Protocol):
    """Executes effects; it may also have `limits`, a method from an effect to its limits."""

    @property
    def handlers(self) -> Mapping[str, EffectHandler]: ...


@dataclass(frozen=True, slots=True)
class EffectKinds:
    """Every kind of effect that the product knows."""

    kinds: tuple[EffectKind, ...]

    def unknown(self, names: Iterable[str]) -> list[str]:
        """The names, in the notation of `JARVIS_EFFECTS` (kinds, systems, branches), that match no
        effect."""
        kinds = {kind.name for kind in self.kinds}
        known = {"*"} | kinds | {f"{kind.partition('.')[0]}.*" for kind in kinds}
        return sorted(name for name in names if name.partition("@")[0] not in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What a process runs: services by type, and the handlers of its features."""

    services: Services
    handlers: Sequence[object]
    carriers: Sequence[Carrier]
    subscribers: Mapping[str, Subscriber]
    jobs: Mapping[str, JobHandler]

    def get(self, kind: type[T]) -> T:
        """A service, a port, a settings model or a part of the engine by its type.

        Raises:
            LookupError: no part that this process runs offers it.
        """
        return self.services.get(kind)

    def call(self, function: Callable[..., T]) -> T:
        """Call a function, injecting its parameters by type.

        Raises:
            LookupError: no part that this process runs offers one of them.
        """
        wanted = get_type_hints(function)
        return function(**{n: self.get(kind) for n, kind in wanted.items() if n != "return"})

    @property
    def db(self) -> Database:
        return self.get(Database)

    @property
    def notifier(self) -> RedisNotifier:
        return self.get(RedisNotifier)

    @property
    def clock(self) -> OffsetClock:
        return self.get(OffsetClock)

    @property
    def journal(self) -> Journal:
        return self.get(Journal)

    @property
    def settings(self) -> AppSettings:
        return self.get(AppSettings)


def checks() -> list[Every]:
    """Every check of the product, for the scheduler."""
    return [check for found in features() for check in found.manifest.checks]


def subscriptions() -> dict[str, Terms]:
    """Every subscriber of the product by name, without building it; `jarvis migrate` stores
    them."""
    classes = [made(make) for f in features() for make in f.objects(f.manifest.handlers)]
    return {name: terms for kind in classes for name, terms in declared(kind).items()}


def view_modules() -> list[ModuleType]:
    """The modules that define views of facts."""
    return [fact_views, *(m for f in features() for m in f.modules(f.manifest.views))]


@asynccontextmanager
async def open_app(
    parts: Collection[Part] = ("services",),
    *,
    process: Process | None = None,
    extra: Sequence[Make] = (),
    replace: Mapping[type, Any] | None = None,
    pool: int = 10,
) -> AsyncGenerator[App]:
    """Open connections, build the wanted parts and what they need; close all of it at the end.

    Args:
        parts: The fields of feature manifests that this process runs; nothing else is imported.
        process: Which process this is: effects of the carriers declared for it are executed here.
        extra: Factories, classes or generators of services that only this process has.
        replace: Replacements by type: an object, or a subclass that is built instead. Settings that
            are not here are read from the environment.
        pool: Connections to the database at most.

    Raises:
        SettingsMissing: names the variable that is absent or has an invalid value.
    """
    replaced: dict[type, Any] = {PoolSize: PoolSize(pool), Network: Network(), **(replace or {})}
    made_by = Blueprint(parts, process, extra)
    provider = base_provider()
    for kind in made_by.settings:
        if kind not in replaced:
            replaced[kind] = load(kind)
    for make in made_by.all:
        _provide(provider, make, replaced)
    replaced[EffectKinds] = known = EffectKinds(tuple(made_by.kinds))
    if made_by.writes:
        if unknown := known.unknown(replaced[EngineSettings].effects):
            raise SettingsMissing(f"JARVIS_EFFECTS: no effect is called {', '.join(unknown)}")
        provider.provide(_gathered([made(make) for make in made_by.writes]))
    if "views" in parts:
        replaced[Views] = Views(view_modules())
    # they are injected while still empty: the dispatcher is itself one of the handlers
    replaced[Callbacks], replaced[Commands] = (callbacks := Callbacks()), (commands := Commands())
    replaced[Focus] = focus = Focus()
    built: dict[type, Any] = {}
    replaced[Services] = services = Services(built)
    # without a lock: one task builds everything, and writes are collected from the container
    container = make_async_container(provider, _replacements(replaced), lock_factory=None)
    try:
        for kind in (*replaced, *made_by.types, *made_by.ports_of, *BASE):
            built[kind] = await container.get(kind)
        handlers: list[Any] = [built[made(make)] for make in made_by.handlers]
        callbacks.gather(*handlers)
        commands.gather(*handlers)
        focus.gather(*handlers)
        yield App(
            services=services,
            handlers=handlers,
            carriers=[built[kind] for kind in made_by.carrying],
            subscribers=subscribers(*handlers),
            jobs={
                name: job for make in made_by.jobs for name, job in built[made(make)].jobs.items()
            },
        )
    finally:
        await container.close()


class Blueprint:
    """The services to build for the wanted parts."""

    def __init__(
        self, parts: Collection[Part], process: Process | None, extra: Sequence[Make]
    ) -> None:
        nouns, systems = features(), integrations()
        deep = set(parts) & {"services", "handlers", "jobs"}
        self.settings: list[type[Settings]] = [AppSettings, EngineSettings]
        self.settings += [found.manifest.settings for found in systems]
        self.kinds: list[EffectKind] = [k for found in systems for k in found.manifest.effects]
        self.extra = list(extra)
        self.connects: list[Make] = [f.manifest.connect for f in systems if f.manifest.connect]
        self.carriers = self._carriers(process)
        self.services = self._named(nouns, "services") if deep else []
        self.writes = self._named(nouns, "writes") if deep else []
        self.kinds += [k for w in self.writes for k in made(w).kinds if k.system == OWN_SYSTEM]
        # effects in our own database are executed by the worker
        self.own: list[type] = [Writes] if process == "worker" and self.writes else []
        self.handlers = self._named(nouns, "handlers") if "handlers" in parts else []
        self.jobs = self._named(nouns, "jobs") if "jobs" in parts else []
        self.ports = self.connects if deep or "ports" in parts else []
        self.settings += [made(s) for s in self._named(nouns, "settings")]

    @staticmethod
    def _carriers(process: Process | None) -> list[Make]:
        """The carriers of the outside systems that this process reaches."""
        if process is None:
            return []
        far = {f.manifest.name for f in integrations() if f.manifest.process != process}
        vendors = [
            make
            for found in integrations()
            if found.manifest.name not in far
            for make in found.objects(found.manifest.carriers)
        ]
        nouns = [
            found.objects([name])[0]
            for found in features()
            for system, name in found.manifest.carriers.items()
            if system not in far
        ]
        return vendors + nouns

    @staticmethod
    def _named(nouns: Sequence[Found[Feature]], field: str) -> list[Make]:
        return [make for found in nouns for make in found.objects(getattr(found.manifest, field))]

    @property
    def all(self) -> list[Make]:
        """Everything to build, without duplicates."""
        wanted = [*self.services, *self.writes, *self.handlers, *self.jobs, *self.carriers]
        return list(dict.fromkeys([*self.connects, *self.extra, *wanted]))

    @property
    def types(self) -> Sequence[type]:
        """The types built at start; a connection is opened when it is needed."""
        idle = [connect for connect in self.connects if connect not in self.ports]
        return (*(made(make) for make in self.all if make not in idle), *self.own)

    @property
    def carrying(self) -> list[type]:
        """The types of the carriers."""
        return [*(made(make) for make in self.carriers), *self.own]

    @property
    def ports_of(self) -> Iterator[type]:
        """The ports that these types implement."""
        return (port for kind in self.types for port in _ports(kind))


def made(make: Make) -> type[Any]:
    """The type that a class, factory or generator produces."""
    if isinstance(make, type):
        return make
    result: Any = get_type_hints(make)["return"]
    return get_args(result)[0] if get_args(result) else result


def _gathered(kinds: Sequence[type[Write]]) -> Make:
    async def writes(container: AsyncContainer) -> Writes:
        return Writes([await container.get(kind) for kind in kinds])

    return writes


def _provide(provider: Provider, make: Make, replaced: Mapping[type, Any]) -> None:
    """Register a service under its type and the ports that it implements, or the subclass that
    replaces it."""
    kind = made(make)
    instead = replaced.get(kind, make)
    if instead is make:
        provider.provide(make)
    elif isinstance(instead, type):
        provider.provide(instead, provides=kind)
    for port in _ports(kind):
        provider.alias(source=kind, provides=port)


def _ports(kind: type) -> tuple[type, ...]:
    return getattr(kind, "provides", ())


def _replacements(replaced: Mapping[type, Any]) -> Provider:
    provider = Provider(scope=Scope.APP)
    for kind, value in replaced.items():
        if not isinstance(value, type):
            provider.provide(_given(value), provides=kind, override=True)
    return provider


def _given(value: Any) -> Callable[[], Any]:
    return lambda: value
