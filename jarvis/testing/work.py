"""Workers over a few subscribers of one's own, for tests and benchmarks of the engine."""

from __future__ import annotations

from typing import Any

from jarvis.engine.db import Database, Tx
from jarvis.engine.deliveries import Delivery, Tell
from jarvis.engine.doorbell import Doorbell
from jarvis.engine.subscriptions import UNROUTED, Handler, Subscriber, on, sync
from jarvis.engine.worker import Handling, Worker


async def nobody(handling: Handling) -> None:
    """Takes an event that is none of the test's business."""


async def no_alert(tx: Tx, delivery: Delivery, cause: str) -> None:
    """Fails: nothing should be given up."""
    raise AssertionError(f"{delivery.subscriber} gave up {delivery.event.kind}: {cause}")


async def worker_over(
    db: Database, doorbell: Doorbell, *each: Subscriber, name: str = "w", alert: Tell = no_alert, unrouted: Handler = nobody,
    **settings: Any,
) -> Worker:  # fmt: skip
    """A worker over these subscribers, and a table of subscriptions that knows them alone."""
    known = {one.name: one for one in each}
    await sync(db, {one.name: one.terms for one in each}, discard=True)
    known[UNROUTED] = on(unrouted, name=UNROUTED)
    return Worker(db, doorbell, name=name, subscribers=known, alert=alert, **settings)
