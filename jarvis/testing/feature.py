"""Features without a network: the whole of Jarvis in one process (`running_feature`), or one
feature's handlers alone (`feature_alone`).

Tests of the rules of a feature use this. Tests of network behaviour (login, lost answers, slow or
broken connections, missed updates) need `running_app`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from jarvis.app.build import App
from jarvis.engine import idle
from jarvis.engine.db import Tx
from jarvis.engine.deliveries import Delivery
from jarvis.engine.subscriptions import subscribers
from jarvis.entrypoints.sandboxes import load_world
from jarvis.entrypoints.seed import seed
from jarvis.entrypoints.web import web_app
from jarvis.kit.world import World
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.core import rentprog_sandbox, running_core, until
from jarvis.testing.local import LocalTransport
from jarvis.testing.servers import Servers
from jarvis.testing.work import worker_over


@asynccontextmanager
async def running_feature(
    servers: Servers, folder: Path, **settings: Any
) -> AsyncGenerator[RunningApp]:
    """As `running_app`, which says what can be set; Telegram and RentProg are called within the
    process."""
    async with running_app(servers, folder, sockets=False, **settings) as app:
        yield app


@dataclass
class FeatureAlone:
    """One feature's running handlers; effects that they request are stored but not executed."""

    core: App
    alerts: list[str] = field(default_factory=list[str])

    async def happen(self, kind: str, key: str | None = None, **payload: Any) -> None:
        """Publish an event, under a key of its own if it has one, and wait until it was handled."""
        await self.core.journal.accept(
            source="test", kind=kind, dedup_key=key or uuid4().hex, payload=payload
        )

        async def handled() -> bool:
            return not (await idle.in_flight(self.core.db)).get("events")

        await until(handled)

    async def asked(self, kind: str) -> list[dict[str, Any]]:
        """The arguments of every requested effect of a kind, in order."""
        return [
            dict(r["args"])
            for r in await self.core.db.fetch(
                "SELECT args FROM effect WHERE kind = $1 ORDER BY seq", kind
            )
        ]


@asynccontextmanager
async def feature_alone(
    servers: Servers,
    features: Callable[[App], object],
    *,
    world: World | None = None,
    neighbours: Mapping[type, object] | None = None,
) -> AsyncGenerator[FeatureAlone]:
    """One feature's handlers over a database that knows the world's people and nothing of its cars.

    Events of kinds that the feature does not handle stay unhandled; all requested effects can be
    inspected.

    Args:
        servers: Where the database is.
        features: Makes the feature from the core.
        world: The world whose people exist; the built-in one when absent.
        neighbours: Services that replace those of the App, by type; each is of that type.
    """
    world = world or load_world()
    to_rentprog = LocalTransport(lambda: sandbox.web())
    hooks = LocalTransport(lambda: web_app(core))
    async with (
        rentprog_sandbox(world, hooks=hooks) as sandbox,
        running_core(servers, sandbox, transport=to_rentprog, replace=neighbours) as core,
    ):
        for kind, fake in (neighbours or {}).items():
            assert isinstance(fake, kind), f"{fake} is no {kind.__name__}"
        await seed(core.db, core.clock, world)
        feature = FeatureAlone(core)

        async def alert(tx: Tx, delivery: Delivery, cause: str) -> None:
            feature.alerts.append(cause)

        worker = await worker_over(
            core.db,
            core.notifier,
            *subscribers(features(core)).values(),
            name="feature",
            alert=alert,
        )
        task = asyncio.create_task(worker.run())
        try:
            yield feature
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
