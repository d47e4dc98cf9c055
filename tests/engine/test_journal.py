"""Journal: dedup, windows, replay; its deliveries one by one: order, leases with fencing, patience.

Events of kinds that nobody subscribed to have one delivery, to `unrouted`.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import logfire
import pytest
from logfire.testing import TestExporter
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from jarvis.engine import effects
from jarvis.engine.db import Database, Tx
from jarvis.engine.deliveries import MAX_LOSSES, Deliveries, Delivery
from jarvis.engine.dispatcher import Dispatcher
from jarvis.engine.effects import EffectKind
from jarvis.engine.failures import MAX_ATTEMPTS
from jarvis.engine.journal import Journal
from jarvis.engine.notifier import RedisNotifier
from jarvis.engine.subscriptions import UNROUTED, DeliveryLane, on
from jarvis.engine.worker import Handling
from jarvis.kit.errors import LeaseLost, Unavailable
from jarvis.testing.core import until
from jarvis.testing.work import worker_over

FAR = EffectKind(name="far.do", system="far", effect_class="B")


async def _accept(journal: Journal, key: str, order: str | None = None) -> None:
    await journal.accept(
        source="test", kind="test.event", dedup_key=key, payload={"key": key}, ordering_key=order
    )


async def _claim(db: Database, worker: str = "w", limit: int = 1) -> list[Delivery]:
    return await Deliveries(db).claim(worker, DeliveryLane.VENDORS, [UNROUTED], limit=limit)


async def test_one_input_is_one_row(db: Database) -> None:
    journal = Journal(db)
    answers = await asyncio.gather(
        *(journal.accept(source="s", kind="k", dedup_key="one", payload={}) for _ in range(20))
    )
    assert sum(a.fresh for a in answers) == 1
    assert await db.fetchval("SELECT count(*) FROM event") == 1
    assert await db.fetchval("SELECT count(*) FROM delivery") == 1


async def test_order_is_kept_per_key_among_many_workers(db: Database) -> None:
    journal = Journal(db)
    for n in range(40):
        await _accept(journal, f"e{n}", order=f"key{n % 4}")
    seen: dict[str, list[int]] = {}

    async def worker(name: str) -> None:
        while claimed := await _claim(db, name, limit=2):
            for delivery in claimed:
                await asyncio.sleep(0.001)
                seen.setdefault(str(delivery.event.ordering_key), []).append(delivery.event.seq)
                await Deliveries(db).done(delivery)

    for _ in range(20):
        await asyncio.gather(*(worker(f"w{n}") for n in range(6)))
    assert sum(map(len, seen.values())) == 40
    assert all(rows == sorted(rows) for rows in seen.values())


async def test_a_worker_that_lost_its_lease_writes_nothing(db: Database) -> None:
    deliveries = Deliveries(db)
    await _accept(Journal(db), "slow", order="k")
    (first,) = await _claim(db, "w1")
    await db.execute("UPDATE delivery SET lease_until = now() - interval '1 second'")
    assert await deliveries.sweep() == 1
    (second,) = await _claim(db, "w2")
    assert second.fence == first.fence + 1
    with pytest.raises(LeaseLost):
        async with deliveries.guarded(first) as tx:
            await tx.execute("UPDATE clock_setting SET offset_s = 99")
    for late in (
        deliveries.done(first),
        deliveries.reschedule(first, "later", 1),
        deliveries.give_up(first, "dead", "no"),
        deliveries.extend(first),
    ):
        with pytest.raises(LeaseLost):
            await late
    assert await db.fetchval("SELECT offset_s FROM clock_setting") == 0
    await deliveries.done(second)


async def test_equal_bodies_inside_the_window_are_kept_as_duplicates(db: Database) -> None:
    journal = Journal(db)
    one = await journal.accept_windowed(
        source="v:b", kind="v.car.update", body=b"x", ordering_key="c1"
    )
    two = await journal.accept_windowed(
        source="v:b", kind="v.car.update", body=b"x", ordering_key="c1"
    )
    other = await journal.accept_windowed(
        source="v:b", kind="v.car.update", body=b"y", ordering_key="c1"
    )
    assert (one.fresh, two.fresh, other.fresh) == (True, False, True)
    kinds = [
        r["kind"]
        for r in await db.fetch(
            "SELECT kind FROM event_status WHERE state = 'received' ORDER BY seq"
        )
    ]
    assert kinds == ["v.car.update", "v.car.duplicate", "v.car.update"], (
        "the copy triggers a re-read, not the rule"
    )
    assert await db.fetchval("SELECT count(*) FROM delivery") == 3, (
        "nobody works on the copy itself"
    )
    await db.execute("UPDATE event SET received_at = received_at - interval '20 minutes'")
    later = await journal.accept_windowed(
        source="v:b", kind="v.car.update", body=b"x", ordering_key="c1"
    )
    assert later.fresh, "the same text is a new fact after the window"


async def test_a_retried_event_blocks_its_key_but_no_other(db: Database) -> None:
    journal = Journal(db)
    await _accept(journal, "a1", order="a")
    await _accept(journal, "a2", order="a")
    await _accept(journal, "b1", order="b")
    first, other = await _claim(db, limit=5)
    assert (first.event.payload["key"], other.event.payload["key"]) == ("a1", "b1")
    await Deliveries(db).reschedule(first, "later", 60)
    assert await _claim(db, limit=5) == []
    await db.execute("UPDATE delivery SET available_at = now()")
    (again,) = await _claim(db, limit=5)
    assert again.event.payload["key"] == "a1"
    assert again.attempt == 2


async def test_dead_letters_keep_body_and_cause_and_can_be_replayed(db: Database) -> None:
    journal = Journal(db)
    await journal.accept(source="s", kind="k", dedup_key="d", body=b"raw \xff body")
    (delivery,) = await _claim(db)
    await Deliveries(db).give_up(delivery, "dead", "broken for a reason")
    row = await db.fetchrow(
        "SELECT s.state, s.cause, e.body FROM event e JOIN event_status s USING (id)"
    )
    assert row is not None
    assert (row["state"], row["cause"], row["body"]) == (
        "dead",
        "unrouted: broken for a reason",
        b"raw \xff body",
    )
    (copy,) = await journal.replay(event_id=delivery.event.id, dry=True)
    (again,) = await _claim(db)
    assert (again.event.id, again.event.body, again.event.dry) == (copy, b"raw \xff body", True)


async def test_replay_of_a_range_keeps_the_order(db: Database) -> None:
    journal = Journal(db)
    for n in range(5):
        await _accept(journal, f"r{n}", order="k")
    for _ in range(5):
        (delivery,) = await _claim(db)
        await Deliveries(db).done(delivery)
    start = await db.fetchval("SELECT min(received_at) FROM event")
    await journal.replay(
        since=start, until=start + timedelta(hours=1), kind="test.event", dry=False
    )
    keys: list[str] = []
    while claimed := await _claim(db):
        keys += [d.event.payload["key"] for d in claimed]
        await Deliveries(db).done(claimed[0])
    assert keys == [f"r{n}" for n in range(5)]


async def test_what_follows_from_a_dry_replay_is_dry(db: Database) -> None:
    journal = Journal(db)
    await _accept(journal, "a")
    (first,) = await _claim(db)
    await Deliveries(db).done(first)
    await journal.replay(event_id=first.event.id, dry=True)
    (again,) = await _claim(db)
    async with db.transaction() as tx:
        await journal.publish(tx, kind="follows", dedup_key="f", payload={}, parent=again.event)
    (child,) = await _claim(db)
    assert (child.event.kind, child.event.dry) == ("follows", True)
    async with db.transaction() as tx:
        await journal.publish(tx, kind="follows", dedup_key="g", payload={}, parent=first.event)
    (wet,) = await _claim(db)
    assert wet.event.dry is False


async def test_a_source_that_is_away_for_an_hour_kills_no_event(
    db: Database, notifier: RedisNotifier
) -> None:
    told: list[str] = []

    async def away(handling: Handling) -> None:
        raise Unavailable("Far", "away", retry_after_s=0.01)

    async def alert(tx: Tx, delivery: Delivery, cause: str) -> None:
        told.append(cause)

    worker, state = (
        await worker_over(db, notifier, unrouted=away, alert=alert),
        "SELECT state FROM delivery",
    )
    await _accept(Journal(db), "a")
    for _ in range(MAX_ATTEMPTS + 3):
        await db.execute("UPDATE delivery SET available_at = now() - interval '1 s'")
        (delivery,) = await _claim(db)
        await worker.handle(delivery)
    assert await db.fetchval(state) == "pending"
    assert told == []
    await db.execute("UPDATE delivery SET available_at = now() - interval '1 s'")
    await _claim(db)
    await db.execute("UPDATE delivery SET lease_until = now() - interval '1 s'")
    assert await worker.sweep() == 1, "a worker that restarts after a long outage buries nothing"
    assert await db.fetchval(state) == "pending"
    await db.execute("UPDATE event SET received_at = now() - interval '7 hours'")
    (delivery,) = await _claim(db)
    await worker.handle(delivery)
    assert await db.fetchval(state) == "dead"
    assert told == ["away"]


async def test_an_event_that_kills_its_worker_every_time_is_buried_and_a_person_is_told(
    db: Database, notifier: RedisNotifier
) -> None:
    told: list[str] = []

    async def alert(tx: Tx, delivery: Delivery, cause: str) -> None:
        told.append(f"{delivery.event.kind} of {delivery.subscriber}: {cause}")

    worker = await worker_over(db, notifier, alert=alert)
    await _accept(Journal(db), "a", order="k")
    await _accept(Journal(db), "b", order="k")
    for _ in range(MAX_LOSSES):
        assert [d.event.payload["key"] for d in await _claim(db)] == ["a"]
        await db.execute(
            "UPDATE delivery SET lease_until = now() - interval '1 s' WHERE state = 'claimed'"
        )
        assert await worker.sweep() == 1
    row = await db.fetchrow("SELECT state, cause FROM delivery ORDER BY event_seq LIMIT 1")
    assert row is not None
    assert (row["state"], row["cause"]) == ("dead", "the worker died every time")
    assert told == ["test.event of unrouted: the worker died every time"]
    assert [d.event.payload["key"] for d in await _claim(db)] == ["b"], "its key is free"


async def test_an_old_event_still_gets_its_attempts(db: Database, notifier: RedisNotifier) -> None:
    async def away(handling: Handling) -> None:
        raise Unavailable("Far", "away", retry_after_s=0.01)

    worker = await worker_over(db, notifier, unrouted=away)
    await _accept(Journal(db), "a")
    # a night without workers
    await db.execute("UPDATE event SET received_at = now() - interval '9 hours'")
    (delivery,) = await _claim(db)
    await worker.handle(delivery)
    assert await db.fetchval("SELECT state FROM delivery") == "pending"


async def test_refused_deliveries_are_counted_and_nothing_else(db: Database) -> None:
    journal = Journal(db)
    for _ in range(3):
        await journal.refuse(source="v", reason="unknown path")
    assert await journal.refused() == 3
    assert await db.fetchval("SELECT count(*) FROM refused_delivery") == 1
    assert await db.fetchval("SELECT count(*) FROM event") == 0


async def test_one_event_is_one_trace_in_every_process(
    db: Database, notifier: RedisNotifier
) -> None:
    exporter = TestExporter()
    logfire.configure(
        send_to_logfire=False,
        console=False,
        distributed_tracing=True,
        additional_span_processors=[SimpleSpanProcessor(exporter)],
    )

    async def rule(handling: Handling) -> None:
        async with handling.transaction() as tx:
            await effects.request(
                tx, handling.origin, kind=FAR, target="far", args={}, key=handling.key("far")
            )

    async def far(effect: effects.Effect) -> effects.Receipt:
        return effects.Receipt(facts={})

    worker = await worker_over(db, notifier, on(rule, "test.event", name="test.rule"))
    await _accept(Journal(db), "a")
    dispatcher = Dispatcher(
        db, notifier, name="d", system="far", handlers={"far.do": far}, limits=lambda _effect: ()
    )
    tasks = [asyncio.create_task(worker.run()), asyncio.create_task(dispatcher.run())]

    async def carried() -> bool:
        return await db.fetchval("SELECT count(*) FROM effect WHERE state = 'done'") == 1

    await until(carried)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    trace = await db.fetchval("SELECT trace_id FROM event")
    spans = {
        s.name: f"{s.context.trace_id:032x}"
        for s in exporter.exported_spans
        if s.context is not None
    }
    assert spans["events.handle"] == spans["effects.carry"] == trace
