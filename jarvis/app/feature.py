"""The manifest of a noun: what its folder provides. `jarvis.app.build` discovers it and builds from
it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from jarvis.engine.timing import Every

if TYPE_CHECKING:  # manifests are read by commands that must start fast
    from jarvis.engine.db import Database
    from jarvis.kit.clock import Clock
    from jarvis.kit.world import World


class Seed(Protocol):
    """Loads one noun's part of a world into an empty database; a repeat changes nothing."""

    async def __call__(self, db: Database, clock: Clock, world: World) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeding:
    """How a noun is seeded from a world: a `Seed` as `"module:function"`, and the names of the
    nouns that must be seeded before it."""

    seed: str
    after: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What a noun provides, as `FEATURE` of its package.

    Classes are named as entry points are, `"module:Class"` within the package, so that a process
    imports only the parts that it runs; a factory, a function with annotated parameters and result,
    may replace a class. `services`, `handlers`, `writes` and `carriers` are built by type: each
    parameter is a service, a port, a settings model or a part of the engine. `settings` are read
    from the environment. `handlers` have methods that are marked as subscribers, callbacks or
    commands; `writes` plan changes and execute those of our own database; `carriers` execute
    effects of an outside system; `views` are modules of functions that are marked as views of
    facts; `jobs` are services with a mapping `jobs`; `seeding` fills an empty database for demos
    and tests.
    """

    name: str
    settings: Sequence[str] = ()
    services: Sequence[str] = ()
    handlers: Sequence[str] = ()
    writes: Sequence[str] = ()
    jobs: Sequence[str] = ()
    views: Sequence[str] = ()
    carriers: Mapping[str, str] = field(default_factory=dict[str, str])
    checks: Sequence[Every] = ()
    seeding: Seeding | None = None
