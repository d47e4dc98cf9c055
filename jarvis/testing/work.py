"""Workers over a test's own subscribers, for tests and benchmarks of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from jarvis.engine import effects
from jarvis.engine.db import Database, Tx
from jarvis.engine.deliveries import Delivery, FailureAlert
from jarvis.engine.journal import Journal
from jarvis.engine.notifier import RedisNotifier
from jarvis.engine.subscriptions import (
    UNROUTED,
    DeliveryLane,
    Handler,
    Subscriber,
    channel,
    on,
    sync,
)
from jarvis.engine.worker import Handling, Worker


async def nobody(handling: Handling) -> None:
    """A subscriber for events that the test ignores."""


async def no_alert(tx: Tx, delivery: Delivery, cause: str) -> None:
    """An alert that fails the test: no delivery should become dead."""
    raise AssertionError(f"{delivery.subscriber} gave up {delivery.event.kind}: {cause}")


async def worker_over(
    db: Database,
    notifier: RedisNotifier,
    *each: Subscriber,
    name: str = "w",
    alert: FailureAlert = no_alert,
    unrouted: Handler = nobody,
    **settings: Any,
) -> Worker:
    """A worker over these subscribers, after writing a table of subscriptions with only them."""
    known = {one.name: one for one in each}
    await sync(db, {one.name: one.terms for one in each}, discard=True)
    known[UNROUTED] = on(unrouted, name=UNROUTED)
    return Worker(db, notifier, name=name, subscribers=known, alert=alert, **settings)


async def accepted(
    db: Database, kind: str, key: str, *, order: str | None = None, sender: str | None = None
) -> UUID:
    """The id of an event of this kind; its payload says its key."""
    journal = Journal(db)
    found = await journal.accept(
        source="test",
        kind=kind,
        dedup_key=f"{kind}:{key}",
        payload={"key": key},
        ordering_key=order,
        sender=sender,
    )
    return found.event_id


@asynccontextmanager
async def running(*runs: Callable[[], Awaitable[None]]) -> AsyncGenerator[None]:
    """Workers' and dispatchers' `run`, until the block ends."""
    tasks = [asyncio.ensure_future(run()) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def make_due(db: Database) -> None:
    """Make work due that is delayed by less than two minutes, so that a test need not wait for
    backoff."""
    for table, due in (("delivery", "available_at"), ("effect", "next_at")):
        await db.execute(
            f"UPDATE {table} SET {due} = now() WHERE state = 'pending' AND {due} BETWEEN now() AND "
            f"now() + interval '2 min'"
        )
    systems = [
        row["system"]
        for row in await db.fetch("SELECT DISTINCT system FROM effect WHERE state = 'pending'")
    ]
    await db.notifier.notify(
        [
            *(channel(lane) for lane in DeliveryLane),
            *(effects.channel(system) for system in systems),
        ]
    )
