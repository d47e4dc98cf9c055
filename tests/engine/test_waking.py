"""Whoever frees a row has it looked at: its own loop without a notification, every other process by
one. And when all is at rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jarvis.engine import effects, idle
from jarvis.engine.db import Database, open_database
from jarvis.engine.deliveries import Deliveries, Delivery
from jarvis.engine.dispatcher import Dispatcher
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.effects import Effect, EffectKind, Origin, Receipt, TargetLimit
from jarvis.engine.journal import Journal
from jarvis.engine.limits import Limit
from jarvis.engine.notifier import RedisNotifier
from jarvis.engine.subscriptions import UNROUTED, DeliveryLane, channel, on
from jarvis.engine.timing import Timers
from jarvis.engine.worker import Handling
from jarvis.kit.errors import Unavailable
from jarvis.testing.core import until
from jarvis.testing.servers import Servers
from jarvis.testing.work import worker_over

FAR = EffectKind(name="far.do", system="far", effect_class="B")
OTHER = EffectKind(name="other.do", system="other", effect_class="B")


class Deaf(RedisNotifier):
    """Hears nothing, not even that a second has passed: what happens then, the loop saw by
    itself."""

    def __init__(self) -> None:
        super().__init__(None)

    async def wait(self, name: str, consumer: str, timeout_s: float) -> None:
        await asyncio.Event().wait()


class Heard:
    """Notes who is rung."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def notify(self, names: Sequence[str]) -> None:
        self.names += names


@pytest.fixture
async def heard() -> Heard:
    return Heard()


@pytest.fixture
async def db(servers: Servers, heard: Heard) -> AsyncGenerator[Database]:
    name = await servers.database()
    async with open_database(servers.app_dsn(name), notifier=heard, max_size=6) as database:
        yield database
    await servers.drop(name)


async def want(db: Database, key: str, kind: EffectKind = FAR, **extra: Any) -> Any:
    async with db.transaction() as tx:
        origin = Origin(event_id=None, trace_id="t")
        return await effects.request(
            tx, origin, kind=kind, target="far:1", args={}, key=key, **extra
        )


async def carried(db: Database, limits: Sequence[TargetLimit] = ()) -> list[str]:
    """What a dispatcher that hears nothing carries, in its order."""
    seen: list[str] = []

    async def handler(effect: Effect) -> Receipt:
        seen.append(effect.idempotency_key)
        return Receipt(facts={})

    dispatcher = Dispatcher(
        db, Deaf(), name="d", system="far", handlers={"far.do": handler}, limits=lambda _e: limits
    )
    task = asyncio.create_task(dispatcher.run())

    async def empty() -> bool:
        return not await db.fetchval(
            "SELECT count(*) FROM effect WHERE state IN ('pending', 'claimed')"
        )

    try:
        await until(empty)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return seen


async def test_the_next_effect_of_an_order_follows_without_a_ring(db: Database) -> None:
    for n in range(5):
        await want(db, f"{n}", ordering_key="one")
    assert await carried(db) == ["0", "1", "2", "3", "4"]


async def test_an_effect_that_waits_for_room_goes_on_when_there_is_room(db: Database) -> None:
    for n in range(4):
        await want(db, f"{n}", ordering_key="one")
    limit = TargetLimit(suffix="s", limit=Limit(calls=20, period_s=1, burst=1))
    assert await carried(db, [limit]) == ["0", "1", "2", "3"]


async def test_the_next_event_of_an_order_follows_without_a_ring_also_after_a_retry(
    db: Database,
) -> None:
    seen = list[str]()

    async def handler(handling: Handling) -> None:
        seen.append(str(handling.event.payload["n"]))
        if handling.event.payload["n"] == 1 and handling.delivery.attempt < 3:
            raise Unavailable("Far", "away", retry_after_s=0.02)

    worker = await worker_over(db, Deaf(), on(handler, "k", name="test.handler"))
    for n in range(4):
        await Journal(db).accept(
            source="s", kind="k", dedup_key=f"{n}", payload={"n": n}, ordering_key="one"
        )
    task = asyncio.create_task(worker.run())

    async def done() -> bool:
        return not await idle.in_flight(db)

    await until(done)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert seen == ["0", "1", "1", "1", "2", "3"]


async def test_who_ends_an_effect_rings_those_who_waited_for_it_in_other_systems(
    db: Database, heard: Heard
) -> None:
    first = await want(db, "first", ordering_key="one")
    await want(db, "second", OTHER, after=first)
    await want(db, "third", OTHER, ordering_key="one")
    log = EffectLog(db)
    (claimed,) = await log.claim("d", ["far"])
    heard.names.clear()
    await log.done(claimed, Receipt(facts={}))
    assert heard.names == ["effects:other"]
    heard.names.clear()
    for effect in await log.claim("d", ["other"]):
        await log.done(effect, Receipt(facts={}))
    assert heard.names == [], "nobody waits any more"


async def test_an_event_rings_its_lanes_and_who_ends_a_delivery_of_an_order_rings_its_lane(
    db: Database, heard: Heard
) -> None:
    async def handler(handling: Handling) -> None:
        raise AssertionError(handling)

    each = [
        on(handler, "k", name=f"test.{lane.name}", lane=lane)
        for lane in (DeliveryLane.PEOPLE, DeliveryLane.BULK)
    ]
    await worker_over(db, Deaf(), *each)
    journal, deliveries = Journal(db), Deliveries(db)
    heard.names.clear()
    await journal.accept(source="s", kind="k", dedup_key="1", payload={}, ordering_key="one")
    assert sorted(heard.names) == [channel(DeliveryLane.PEOPLE), channel(DeliveryLane.BULK)]
    heard.names.clear()
    await journal.accept(source="s", kind="k", dedup_key="1", payload={}, ordering_key="one")
    assert heard.names == [], "it was known already"
    async with db.transaction() as tx:
        await journal.publish(tx, kind="k", dedup_key="2", payload={}, ordering_key="one")
        assert heard.names == [], "nobody looks before the commit"
    assert sorted(heard.names) == [channel(DeliveryLane.PEOPLE), channel(DeliveryLane.BULK)]
    for one in each:
        (delivery,) = await deliveries.claim("w", one.terms.lane, [one.name])
        heard.names.clear()
        await deliveries.done(delivery)
        assert heard.names == [channel(one.terms.lane)]


async def test_at_rest_is_said_only_when_what_was_sent_has_gone_all_the_way(db: Database) -> None:
    journal, deliveries, log, now = Journal(db), Deliveries(db), EffectLog(db), datetime.now(UTC)
    sent = {"telegram": ["message:1:1:0"]}
    assert await idle.in_flight(db) == {}
    assert await idle.in_flight(db, inputs=sent) == {"inputs": 1}, (
        "it has not reached the journal yet"
    )
    await journal.accept(source="another", kind="k", dedup_key="message:1:1:0", payload={})
    assert (await idle.in_flight(db, inputs=sent))["inputs"] == 1, (
        "a key of another source is another input"
    )
    await journal.accept(source="telegram", kind="k", dedup_key="message:1:1:0", payload={})
    assert await idle.in_flight(db, inputs=sent) == {"events": 2}
    claimed = await deliveries.claim("w", DeliveryLane.VENDORS, [UNROUTED], limit=2)
    assert await idle.in_flight(db, inputs=sent) == {"events": 2}, "at work"
    await want(db, "answer")
    await deliveries.done(claimed[0])
    await deliveries.reschedule(claimed[1], "later", 1.0)
    assert await idle.in_flight(db, inputs=sent) == {"events": 1, "effects": 1}
    (again,) = await _claimed_in_time(deliveries)
    await deliveries.reschedule(again, "much later", 600.0)
    (effect,) = await log.claim("d", ["far"])
    await log.reschedule(effect, 1.0)
    assert await idle.in_flight(db) == {"effects": 1}, "it waits for room"
    assert await idle.in_flight(db, soon=timedelta(0)) == {}
    await db.execute("UPDATE effect SET lane = $1", int(effects.Lane.BULK))
    assert await idle.in_flight(db, bulk_soon=timedelta(0)) == {}, (
        "nobody who asked waits for what is in no hurry"
    )
    async with db.transaction() as tx:
        await Timers().arm(tx, kind="t", subject="s", due_at=now + timedelta(hours=1))
    await db.execute("UPDATE effect SET state = 'done'")
    assert await idle.in_flight(db, now=now) == {}, "future timers do not count"
    assert await idle.in_flight(db, now=now + timedelta(hours=2)) == {"timers": 1}


async def _claimed_in_time(deliveries: Deliveries) -> list[Delivery]:
    found: list[Delivery] = []

    async def claimed() -> bool:
        found.extend(await deliveries.claim("w", DeliveryLane.VENDORS, [UNROUTED]))
        return bool(found)

    await until(claimed)
    return found
