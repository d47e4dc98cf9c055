"""Effects: one under its key, in order, within limits, retried, never from a dry replay; slots,
timers, jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from jarvis.engine import effects, jobs
from jarvis.engine.carrier import enqueue_forever, work
from jarvis.engine.db import Database
from jarvis.engine.dispatcher import Dispatcher
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.effects import Effect, EffectKind, Lane, Origin, Receipt, TargetLimit
from jarvis.engine.limits import Limit
from jarvis.engine.loop import ClaimLoop
from jarvis.engine.notifier import RedisNotifier
from jarvis.engine.timing import Every, Scheduler, Timers
from jarvis.kit.clock import OffsetClock
from jarvis.kit.errors import Rejected, Unavailable
from jarvis.testing.core import until
from jarvis.testing.servers import Servers

FAR = EffectKind(name="far.do", system="far", effect_class="B")


async def _want(
    db: Database, key: str, *, order: str | None = None, lane: Lane = Lane.NORMAL, dry: bool = False
) -> None:
    async with db.transaction() as tx:
        origin = Origin(event_id=None, trace_id="t", dry=dry)
        await effects.request(
            tx,
            origin,
            kind=FAR,
            target="far:1",
            args={"key": key},
            key=key,
            ordering_key=order,
            lane=lane,
        )


class Far:
    """An outside system that fails as told."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.failures: dict[str, list[Exception]] = {}

    async def __call__(self, effect: Effect) -> Receipt:
        await asyncio.sleep(0.002)
        key = str(effect.args["key"])
        if self.failures.get(key):
            raise self.failures[key].pop(0)
        self.seen.append(key)
        return Receipt(facts={"n": len(self.seen)})


def _dispatcher(
    db: Database, notifier: RedisNotifier, far: Far, name: str, limits: Sequence[TargetLimit] = ()
) -> Dispatcher:
    return Dispatcher(
        db, notifier, name=name, system="far", handlers={"far.do": far}, limits=lambda _e: limits
    )


async def _run(db: Database, *dispatchers: Dispatcher, left: int = 0) -> None:
    tasks = [asyncio.create_task(d.run()) for d in dispatchers]

    async def empty() -> bool:
        return (
            await db.fetchval("SELECT count(*) FROM effect WHERE state IN ('pending', 'claimed')")
            == left
        )

    try:
        await until(empty)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_key_is_one_effect_with_its_audit(db: Database, notifier: RedisNotifier) -> None:
    far = Far()
    await asyncio.gather(*(_want(db, "same") for _ in range(8)))
    await _run(db, _dispatcher(db, notifier, far, "a"), _dispatcher(db, notifier, far, "b"))
    assert far.seen == ["same"]
    outcomes = [
        r["outcome"] for r in await db.fetch("SELECT outcome FROM audit_entry ORDER BY seq")
    ]
    assert outcomes == ["requested", "done"]


async def test_order_is_kept_per_key_among_dispatchers(
    db: Database, notifier: RedisNotifier
) -> None:
    far = Far()
    for n in range(30):
        await _want(db, f"{n % 3}-{n:02d}", order=f"k{n % 3}")
    await _run(db, *(_dispatcher(db, notifier, far, f"d{n}") for n in range(4)))
    for key in "012":
        mine = [s for s in far.seen if s.startswith(key)]
        assert mine == sorted(mine)
        assert len(mine) == 10


async def test_transient_failures_are_retried_and_refusals_die_with_their_reason(
    db: Database, notifier: RedisNotifier
) -> None:
    far = Far()
    far.failures = {
        "late": [Unavailable("Far", "away", retry_after_s=0.05)] * 2,
        "bad": [Rejected("Far", "no such thing")],
        "cut": [ConnectionResetError("cut"), asyncpg.ConnectionDoesNotExistError("gone")],
        "bug": [RuntimeError("oops")],
    }
    for key in far.failures:
        await _want(db, key)
    await _run(db, _dispatcher(db, notifier, far, "d"))
    rows = {r["idempotency_key"]: r for r in await db.fetch("SELECT * FROM effect")}
    assert (rows["late"]["state"], rows["late"]["attempts"]) == ("done", 3)
    assert rows["bad"]["state"] == "dead"
    assert "no such thing" in rows["bad"]["cause"]
    assert "internal error" in rows["bug"]["cause"]
    assert (rows["cut"]["state"], rows["cut"]["attempts"]) == ("done", 3), (
        "a database that restarts costs no effect"
    )
    await EffectLog(db).retry(rows["bad"]["id"])
    await _run(db, _dispatcher(db, notifier, far, "d"))
    assert "bad" in far.seen


async def test_a_far_side_that_is_away_for_long_costs_no_effect(
    db: Database, notifier: RedisNotifier
) -> None:
    far = Far()
    far.failures = {
        "patient": [Unavailable("Far", "away", retry_after_s=0.01)] * 25,
        "old": [Unavailable("Far", "away", retry_after_s=0.01)] * 25,
    }
    for key in far.failures:
        await _want(db, key)
    await db.execute(
        "UPDATE effect SET requested_at = now() - interval '25 hours' WHERE idempotency_key = 'old'"
    )
    await _run(db, _dispatcher(db, notifier, far, "d"))
    rows = {r["idempotency_key"]: r for r in await db.fetch("SELECT * FROM effect")}
    assert (rows["patient"]["state"], rows["patient"]["attempts"]) == ("done", 26)
    assert (rows["old"]["state"], rows["old"]["cause"]) == ("dead", "away"), (
        "a day later a person decides"
    )


async def test_a_loop_ends_though_the_driver_answers_its_cancellation_with_an_error(
    notifier: RedisNotifier,
) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    async def claim(limit: int) -> list[Effect]:
        begun.set()
        if over.is_set():
            raise RuntimeError("the loop went on after its cancellation")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise asyncpg.InterfaceError("connection is closed") from None
        return []

    async def work(effect: Effect) -> None:
        raise AssertionError(effect)

    loop = ClaimLoop(notifier, channel="x", name="x", claim=claim, work=work, concurrency=1)
    task = asyncio.create_task(loop.run())
    await begun.wait()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    # a loop that lives on ends by this at its next look, so that this test fails and does not hang
    over.set()
    task.cancel()
    assert done == {task}


async def test_a_loop_claims_no_more_than_it_can_begin(
    db: Database, notifier: RedisNotifier
) -> None:
    held = asyncio.Event()

    async def slow(effect: Effect) -> Receipt:
        await held.wait()
        return Receipt(facts={})

    for n in range(9):
        await _want(db, f"n{n}")
    loop = Dispatcher(
        db,
        notifier,
        name="a",
        system="far",
        handlers={"far.do": slow},
        limits=lambda _e: (),
        concurrency=3,
    )
    task = asyncio.create_task(loop.run())

    async def three() -> bool:
        return await db.fetchval("SELECT count(*) FROM effect WHERE state = 'claimed'") == 3

    await until(three)
    await asyncio.sleep(0.3)
    assert await three(), "the rest stays for other processes"
    held.set()
    await until(lambda: _none_left(db))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _none_left(db: Database) -> bool:
    return await db.fetchval("SELECT count(*) FROM effect WHERE state <> 'done'") == 0


async def test_urgent_goes_first_and_a_dry_replay_sends_nothing(db: Database) -> None:
    await _want(db, "bulk", lane=Lane.BULK)
    await _want(db, "normal")
    await _want(db, "urgent", lane=Lane.URGENT)
    await _want(db, "dry", dry=True)
    claimed = await EffectLog(db).claim("w", ["far"], limit=10)
    assert [e.idempotency_key for e in claimed] == ["urgent", "normal", "bulk"]
    assert await db.fetchval("SELECT state FROM effect WHERE idempotency_key = 'dry'") == "shadow"


async def test_a_limit_is_shared_and_reschedules(db: Database, notifier: RedisNotifier) -> None:
    far = Far()
    limits = [TargetLimit(suffix="m", limit=Limit(calls=3, period_s=60, burst=3))]
    for n in range(5):
        await _want(db, f"n{n}")
    await _run(
        db,
        _dispatcher(db, notifier, far, "a", limits),
        _dispatcher(db, notifier, far, "b", limits),
        left=2,
    )
    assert len(far.seen) == 3


async def test_a_dead_dispatchers_effect_is_given_back(
    db: Database, notifier: RedisNotifier
) -> None:
    await _want(db, "held")
    (effect,) = await EffectLog(db).claim("dies", ["far"])
    await db.execute("UPDATE effect SET lease_until = now() - interval '1 s'")
    assert await EffectLog(db).sweep() == 1
    assert not await EffectLog(db).attempt(effect), "the old holder may not send any more"
    far = Far()
    await _run(db, _dispatcher(db, notifier, far, "lives"))
    assert far.seen == ["held"]


async def test_emptying_redis_in_the_middle_loses_and_doubles_nothing(
    db: Database, notifier: RedisNotifier, servers: Servers
) -> None:
    from redis.asyncio import Redis

    far = Far()
    redis: Any = Redis.from_url(servers.redis.url)  # pyright: ignore[reportUnknownMemberType]  # redis 5 stubs
    tasks = [asyncio.create_task(_dispatcher(db, notifier, far, f"d{n}").run()) for n in range(2)]
    for n in range(60):
        await _want(db, f"{n}", order=f"k{n % 5}")
        if n % 15 == 7:
            await redis.flushall()

    async def empty() -> bool:
        return len(far.seen) >= 60

    await until(empty)
    await asyncio.sleep(0.1)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await redis.aclose()
    assert sorted(far.seen, key=int) == [str(n) for n in range(60)]


async def test_five_schedulers_make_one_event_of_a_slot_and_a_timer(db: Database) -> None:
    clock = OffsetClock()
    checks = [Every(check="check.test", seconds=3600)]
    async with db.transaction() as tx:
        await Timers().arm(
            tx, kind="timer.test", subject="s", due_at=clock.now() - timedelta(seconds=1)
        )
    await asyncio.gather(*(Scheduler(db, clock, checks).tick() for _ in range(5)))
    kinds = [r["kind"] for r in await db.fetch("SELECT kind FROM event ORDER BY kind")]
    assert kinds == ["check.test", "timer.test"]
    clock.offset_s += 3600
    await asyncio.gather(*(Scheduler(db, clock, checks).tick() for _ in range(5)))
    assert await db.fetchval("SELECT count(*) FROM event WHERE kind = 'check.test'") == 2


async def test_a_timer_that_is_moved_or_cancelled_does_not_fire(db: Database) -> None:
    clock, timers = OffsetClock(), Timers()
    async with db.transaction() as tx:
        for subject in ("moved", "cancelled"):
            await timers.arm(
                tx, kind="t", subject=subject, due_at=clock.now() - timedelta(seconds=1)
            )
        await timers.arm(tx, kind="t", subject="moved", due_at=clock.now() + timedelta(hours=1))
        assert await timers.cancel(tx, kind="t", subject="cancelled")
    assert await Scheduler(db, clock, ()).tick() == 0
    clock.offset_s = 7200
    assert await Scheduler(db, clock, ()).tick() == 1


@pytest.mark.parametrize("kill", [False, True])
async def test_a_job_runs_and_runs_again_when_its_worker_dies(
    db: Database, notifier: RedisNotifier, servers: Servers, kill: bool
) -> None:
    ran: list[int] = []

    async def handler(run: jobs.JobRun) -> dict[str, Any]:
        ran.append(run.attempt)
        if kill and run.attempt == 1:
            await asyncio.sleep(60)  # this attempt is the one whose worker dies
        return {"attempt": run.attempt}

    async def carry(job_id: Any) -> bool:
        return await jobs.run_job(db, {"test": handler}, job_id)

    async with db.transaction() as tx:
        await jobs.enqueue(tx, kind="test", dedup_key="j", queue=f"q{int(kill)}")
        assert await jobs.enqueue(tx, kind="test", dedup_key="j") is None
    enqueuing = asyncio.create_task(enqueue_forever(db, notifier, servers.redis.url, every_s=0.1))
    worker = asyncio.create_task(work(servers.redis.url, f"q{int(kill)}", carry))
    if kill:

        async def started() -> bool:
            return bool(ran)

        await until(started)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await db.execute(
            "UPDATE job SET state = 'running', heartbeat_at = now() - interval '20 s', cause = NULL"
        )
        worker = asyncio.create_task(work(servers.redis.url, f"q{int(kill)}", carry))

    async def done() -> bool:
        return await db.fetchval("SELECT state FROM job") == "done"

    try:
        await until(done, seconds=20)
    finally:
        for task in (enqueuing, worker):
            task.cancel()
        await asyncio.gather(enqueuing, worker, return_exceptions=True)
    assert ran == ([1, 2] if kill else [1])


def test_a_slot_is_aligned() -> None:
    at = datetime(2026, 3, 12, 10, 37, 12, tzinfo=UTC)
    assert Every(check="c", seconds=300).due(at) == datetime(2026, 3, 12, 10, 35, tzinfo=UTC)
