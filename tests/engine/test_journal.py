"""Journal: dedup, order, leases with fencing, windows, replay."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import logfire
import pytest
from logfire.testing import TestExporter
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from jarvis.engine import effects
from jarvis.engine.db import Database
from jarvis.engine.dispatcher import Dispatcher
from jarvis.engine.doorbell import Doorbell
from jarvis.engine.effects import EffectKind
from jarvis.engine.journal import MAX_ATTEMPTS, Event, Journal
from jarvis.engine.worker import Handling, Worker
from jarvis.kit.errors import LeaseLost, Unavailable
from jarvis.testing.core import until

FAR = EffectKind(name="far.do", system="far", effect_class="B")


async def _accept(journal: Journal, key: str, order: str | None = None) -> None:
    await journal.accept(source="test", kind="test.event", dedup_key=key, payload={"key": key}, ordering_key=order)


async def test_one_input_is_one_row(db: Database) -> None:
    journal = Journal(db)
    answers = await asyncio.gather(*(journal.accept(source="s", kind="k", dedup_key="one", payload={}) for _ in range(20)))
    assert sum(a.fresh for a in answers) == 1
    assert await db.fetchval("SELECT count(*) FROM event") == 1


async def test_order_is_kept_per_key_among_many_workers(db: Database) -> None:
    journal = Journal(db)
    for n in range(40):
        await _accept(journal, f"e{n}", order=f"key{n % 4}")
    seen: dict[str, list[int]] = {}

    async def worker(name: str) -> None:
        while events := await journal.claim(name, limit=2):
            for event in events:
                await asyncio.sleep(0.001)
                seen.setdefault(str(event.ordering_key), []).append(event.seq)
                await journal.done(event)

    for _ in range(20):
        await asyncio.gather(*(worker(f"w{n}") for n in range(6)))
    assert sum(map(len, seen.values())) == 40
    assert all(rows == sorted(rows) for rows in seen.values())


async def test_a_worker_that_lost_its_lease_writes_nothing(db: Database) -> None:
    journal = Journal(db)
    await _accept(journal, "slow", order="k")
    (first,) = await journal.claim("w1")
    await db.execute("UPDATE event SET lease_until = now() - interval '1 second'")
    assert await journal.sweep() == 1
    (second,) = await journal.claim("w2")
    assert second.fence == first.fence + 1
    with pytest.raises(LeaseLost):
        async with journal.guarded(first) as tx:
            await tx.execute("UPDATE clock_setting SET offset_s = 99")
    with pytest.raises(LeaseLost):
        await journal.done(first)
    assert await db.fetchval("SELECT offset_s FROM clock_setting") == 0
    await journal.done(second)


async def test_equal_bodies_inside_the_window_are_kept_as_duplicates(db: Database) -> None:
    journal = Journal(db)
    one = await journal.accept_windowed(source="v:b", kind="v.car.update", body=b"x", ordering_key="c1")
    two = await journal.accept_windowed(source="v:b", kind="v.car.update", body=b"x", ordering_key="c1")
    other = await journal.accept_windowed(source="v:b", kind="v.car.update", body=b"y", ordering_key="c1")
    assert (one.fresh, two.fresh, other.fresh) == (True, False, True)
    kinds = [r["kind"] for r in await db.fetch("SELECT kind FROM event WHERE state = 'received' ORDER BY seq")]
    assert kinds == ["v.car.update", "v.car.duplicate", "v.car.update"], "the copy triggers a re-read, not the rule"
    await db.execute("UPDATE event SET received_at = received_at - interval '20 minutes'")
    later = await journal.accept_windowed(source="v:b", kind="v.car.update", body=b"x", ordering_key="c1")
    assert later.fresh, "the same text is a new fact after the window"


async def test_a_retried_event_blocks_its_key_but_no_other(db: Database) -> None:
    journal = Journal(db)
    await _accept(journal, "a1", order="a")
    await _accept(journal, "a2", order="a")
    await _accept(journal, "b1", order="b")
    first, other = await journal.claim("w", limit=5)
    assert (first.payload["key"], other.payload["key"]) == ("a1", "b1")
    await journal.retry(first, "later", 60)
    assert await journal.claim("w", limit=5) == []
    await db.execute("UPDATE event SET available_at = now()")
    (again,) = await journal.claim("w", limit=5)
    assert again.payload["key"] == "a1"
    assert again.attempt == 2


async def test_dead_letters_keep_body_and_cause_and_can_be_replayed(db: Database) -> None:
    journal = Journal(db)
    await journal.accept(source="s", kind="k", dedup_key="d", body=b"raw \xff body")
    (event,) = await journal.claim("w")
    await journal.dead(event, "broken for a reason")
    row = await db.fetchrow("SELECT state, cause, body FROM event")
    assert row is not None
    assert (row["state"], row["cause"], row["body"]) == ("dead", "broken for a reason", b"raw \xff body")
    (copy,) = await journal.replay(event_id=event.id, dry=True)
    (again,) = await journal.claim("w")
    assert (again.id, again.body, again.dry) == (copy, b"raw \xff body", True)


async def test_replay_of_a_range_keeps_the_order(db: Database) -> None:
    journal = Journal(db)
    for n in range(5):
        await _accept(journal, f"r{n}", order="k")
    for _ in range(5):
        (event,) = await journal.claim("w", limit=1)
        await journal.done(event)
    start = await db.fetchval("SELECT min(received_at) FROM event")
    await journal.replay(since=start, until=start + timedelta(hours=1), kind="test.event", dry=False)
    keys: list[str] = []
    while events := await journal.claim("w"):
        keys += [e.payload["key"] for e in events]
        await journal.done(events[0])
    assert keys == [f"r{n}" for n in range(5)]


async def test_what_follows_from_a_dry_replay_is_dry(db: Database) -> None:
    journal = Journal(db)
    await _accept(journal, "a")
    (first,) = await journal.claim("w")
    await journal.done(first)
    await journal.replay(event_id=first.id, dry=True)
    (again,) = await journal.claim("w")
    async with db.transaction() as tx:
        await journal.publish(tx, kind="follows", dedup_key="f", payload={}, parent=again)
    (child,) = await journal.claim("w")
    assert (child.kind, child.dry) == ("follows", True)
    async with db.transaction() as tx:
        await journal.publish(tx, kind="follows", dedup_key="g", payload={}, parent=first)
    (wet,) = await journal.claim("w")
    assert wet.dry is False


async def test_a_source_that_is_away_for_an_hour_kills_no_event(db: Database, doorbell: Doorbell) -> None:
    told: list[str] = []

    async def away(handling: Handling) -> None:
        raise Unavailable("Far", "away", retry_after_s=0.01)

    async def alert(event: Event, cause: str) -> None:
        told.append(cause)

    journal, worker = Journal(db), Worker(db, doorbell, name="w", routes={"test.event": (away,)}, fallback=away, alert=alert)
    await _accept(journal, "a")
    for _ in range(MAX_ATTEMPTS + 3):
        await db.execute("UPDATE event SET available_at = now() - interval '1 s'")
        (event,) = await journal.claim("w")
        await worker.handle(event)
    assert await db.fetchval("SELECT state FROM event") == "received"
    assert told == []
    await db.execute("UPDATE event SET available_at = now() - interval '1 s'")
    await journal.claim("w")
    await db.execute("UPDATE event SET lease_until = now() - interval '1 s'")
    assert await journal.sweep() == 1, "a worker that restarts after a long outage buries nothing"
    assert await db.fetchval("SELECT state FROM event") == "received"
    await db.execute("UPDATE event SET received_at = now() - interval '7 hours', available_at = now() - interval '1 s'")
    (event,) = await journal.claim("w")
    await worker.handle(event)
    assert await db.fetchval("SELECT state FROM event") == "dead"
    assert told == ["away"]


async def test_an_event_that_kills_its_worker_every_time_is_buried(db: Database) -> None:
    journal = Journal(db)
    await _accept(journal, "a")
    for _ in range(MAX_ATTEMPTS):
        assert len(await journal.claim("w")) == 1
        await db.execute("UPDATE event SET lease_until = now() - interval '1 s'")
        await journal.sweep()
    row = await db.fetchrow("SELECT state, cause FROM event")
    assert row is not None
    assert (row["state"], row["cause"]) == ("dead", "the worker died every time")


async def test_an_old_event_still_gets_its_attempts(db: Database, doorbell: Doorbell) -> None:
    async def away(handling: Handling) -> None:
        raise Unavailable("Far", "away", retry_after_s=0.01)

    async def alert(event: Event, cause: str) -> None:
        raise AssertionError(cause)

    journal, worker = Journal(db), Worker(db, doorbell, name="w", routes={"test.event": (away,)}, fallback=away, alert=alert)
    await _accept(journal, "a")
    await db.execute("UPDATE event SET received_at = now() - interval '9 hours'")  # a night without workers
    (event,) = await journal.claim("w")
    await worker.handle(event)
    assert await db.fetchval("SELECT state FROM event") == "received"


async def test_refused_deliveries_are_counted_and_nothing_else(db: Database) -> None:
    journal = Journal(db)
    for _ in range(3):
        await journal.refuse(source="v", reason="unknown path")
    assert await journal.refused() == 3
    assert await db.fetchval("SELECT count(*) FROM refused_delivery") == 1
    assert await db.fetchval("SELECT count(*) FROM event") == 0


async def test_one_event_is_one_trace_in_every_process(db: Database, doorbell: Doorbell) -> None:
    exporter = TestExporter()
    logfire.configure(send_to_logfire=False, console=False, distributed_tracing=True,
                      additional_span_processors=[SimpleSpanProcessor(exporter)])  # fmt: skip

    async def rule(handling: Handling) -> None:
        async with handling.transaction() as tx:
            await effects.request(tx, handling.origin, kind=FAR, target="far", args={})

    async def far(effect: effects.Effect) -> effects.Receipt:
        return effects.Receipt(facts={})

    async def alert(event: Event, cause: str) -> None:
        raise AssertionError(cause)

    await _accept(Journal(db), "a")
    worker = Worker(db, doorbell, name="w", routes={"test.event": (rule,)}, fallback=rule, alert=alert)
    dispatcher = Dispatcher(db, doorbell, name="d", system="far", handlers={"far.do": far}, limits=lambda _effect: ())
    tasks = [asyncio.create_task(worker.run()), asyncio.create_task(dispatcher.run())]

    async def carried() -> bool:
        return await db.fetchval("SELECT count(*) FROM effect WHERE state = 'done'") == 1

    await until(carried)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    trace = await db.fetchval("SELECT trace_id FROM event")
    spans = {s.name: f"{s.context.trace_id:032x}" for s in exporter.exported_spans if s.context is not None}
    assert spans["events.handle"] == spans["effects.carry"] == trace
