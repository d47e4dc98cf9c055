"""One subscriber's failure is nobody else's: whatever becomes of some, the others do their work
once, and each key goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from jarvis.engine import effects
from jarvis.engine.db import Database, Tx
from jarvis.engine.deliveries import Deliveries, Delivery
from jarvis.engine.dispatcher import Dispatcher
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.effects import Effect, EffectKind, Receipt
from jarvis.engine.notifier import RedisNotifier
from jarvis.engine.subscriptions import DeliveryLane, Subscriber, on
from jarvis.engine.worker import Handling
from jarvis.kit import faults
from jarvis.kit.errors import ContractBroken, InvalidRequest, LeaseLost, Unavailable
from jarvis.testing.core import until
from jarvis.testing.work import accepted, make_due, running, worker_over

few = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=3,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
_numbers = count(1)
SAY = EffectKind(name="chat.say", system="chat", effect_class="B")
POINTS = (
    "event.claimed",
    "event.handled",
    "tx.before_commit",
    "tx.after_commit",
    "effect.claimed",
    "effect.attempted",
    "effect.answered",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of a subscriber over one event: how often it runs, how its delivery ends, with
    what cause."""

    does: Callable[[Handling], Awaitable[None]]
    runs: int
    ends: str
    cause: str = ""
    deadline_s: float = 30.0


async def _does(handling: Handling) -> None:
    async with handling.transaction() as tx:
        await tx.execute("SELECT 1")


async def _refuses(handling: Handling) -> None:
    raise InvalidRequest("not like that")


async def _cannot_parse(handling: Handling) -> None:
    raise ContractBroken("Far", "no such field")


async def _breaks(handling: Handling) -> None:
    raise RuntimeError("oops")


async def _breaks_once(handling: Handling) -> None:
    if handling.delivery.attempt == 1:
        await _breaks(handling)


async def _does_not_validate(handling: Handling) -> None:
    TypeAdapter(int).validate_python("many")


async def _unfit(handling: Handling) -> None:
    async with handling.transaction() as tx:
        await tx.execute("SELECT $1::text::int", "many")


async def _too_big(handling: Handling) -> None:
    async with handling.transaction() as tx:
        await tx.execute("SELECT $1::int", 2**40)


async def _away(handling: Handling) -> None:
    if handling.delivery.attempt < 3:
        raise Unavailable("Far", "away", retry_after_s=0.01)


async def _away_for_long(handling: Handling) -> None:
    raise Unavailable("Far", "away for long", retry_after_s=600)


async def _hangs(handling: Handling) -> None:
    await asyncio.Event().wait()


async def _cancels_itself(handling: Handling) -> None:
    inner = asyncio.ensure_future(asyncio.Event().wait())
    inner.cancel()
    await inner


FATES = {
    "does": Fate(does=_does, runs=1, ends="done"),
    "refuses": Fate(does=_refuses, runs=1, ends="dead", cause="not like that"),
    "cannot parse": Fate(does=_cannot_parse, runs=1, ends="dead", cause="Far: no such field"),
    "breaks": Fate(does=_breaks, runs=2, ends="dead", cause="RuntimeError: oops"),
    "breaks once": Fate(does=_breaks_once, runs=2, ends="done"),
    "does not validate": Fate(
        does=_does_not_validate, runs=1, ends="dead", cause="ValidationError: "
    ),
    "unfit": Fate(does=_unfit, runs=1, ends="dead", cause="InvalidTextRepresentationError: "),
    "too big": Fate(does=_too_big, runs=1, ends="dead", cause="DataError: "),
    "away": Fate(does=_away, runs=3, ends="done"),
    "away for long": Fate(does=_away_for_long, runs=1, ends="pending", cause="away for long"),
    "hangs": Fate(does=_hangs, runs=2, ends="dead", cause="DeadlinePassed: ", deadline_s=0.05),
    "swallows its cancellation": Fate(
        does=_hangs, runs=2, ends="dead", cause="DeadlinePassed: ", deadline_s=0.05
    ),
    "cancels itself": Fate(does=_cancels_itself, runs=2, ends="dead", cause="RuntimeError: "),
    "its worker dies": Fate(does=_does, runs=1, ends="done"),
}


@dataclass(slots=True)
class Scene:
    """Two events of one key, and a subscriber for each fate, which meets it over the first of
    them."""

    fates: Sequence[str]
    kind: str = field(default_factory=lambda: f"test.{next(_numbers)}")
    ran: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    told: dict[str, str] = field(default_factory=dict[str, str])
    over: asyncio.Event = field(default_factory=asyncio.Event)
    late: list[str] = field(default_factory=list[str])

    def subscribers(self) -> list[Subscriber]:
        return [
            on(
                self._of(fate),
                self.kind,
                name=f"{n}.{fate}",
                lane=DeliveryLane(n % 3),
                deadline_s=FATES[fate].deadline_s,
            )
            for n, fate in enumerate(self.fates)
        ]

    def _of(self, fate: str) -> Callable[[Handling], Awaitable[None]]:
        async def handle(handling: Handling) -> None:
            name = handling.delivery.subscriber
            self.ran.append((name, handling.event.payload["key"]))
            if handling.event.payload["key"] != "first":
                return
            try:
                await FATES[fate].does(handling)
            except asyncio.CancelledError:
                if fate != "swallows its cancellation":
                    raise
                await self._goes_on(handling)

        return handle

    async def _goes_on(self, handling: Handling) -> None:
        await self.over.wait()
        try:
            async with handling.transaction() as tx:
                await tx.execute("UPDATE clock_setting SET offset_s = 99")
        except LeaseLost:
            self.late.append(handling.delivery.subscriber)

    async def alert(self, tx: Tx, delivery: Delivery, cause: str) -> None:
        assert delivery.subscriber not in self.told, "told once"
        self.told[delivery.subscriber] = cause


async def _states(db: Database, event: UUID) -> dict[str, asyncpg.Record]:
    return {row["subscriber"]: row for row in await Deliveries(db).of(event)}


@given(fates=st.lists(st.sampled_from(sorted(FATES)), min_size=2, max_size=6))
@example(fates=sorted(FATES))
@example(fates=["refuses", "too big"])
@few
async def test_whatever_becomes_of_some_the_others_work_once_and_every_key_goes_on(
    db: Database, notifier: RedisNotifier, fates: list[str]
) -> None:
    scene = Scene(fates)
    each = scene.subscribers()
    workers = [
        await worker_over(db, notifier, *each, name=n, alert=scene.alert, unwind_s=0.05)
        for n in ("one", "two")
    ]
    first = await accepted(db, scene.kind, "first", order=scene.kind)
    second = await accepted(db, scene.kind, "second", order=scene.kind)
    dying = [s.name for s in each if s.name.endswith("its worker dies")]
    assert len(await Deliveries(db).claim_of("dead", first, dying)) == len(dying)
    await db.execute(
        "UPDATE delivery SET lease_until = now() - interval '1 s' WHERE claimed_by = 'dead' AND "
        "state = 'claimed'"
    )
    stuck = sum(FATES[f].ends == "pending" for f in fates)

    async def settled() -> bool:
        await workers[0].sweep()
        await make_due(db)
        open_now = (
            "SELECT count(*) FROM delivery WHERE event_id = ANY($1) AND state IN "
            "('pending', 'claimed')"
        )
        return await db.fetchval(open_now, [first, second]) == 2 * stuck

    async with running(*(w.run for w in workers)):
        await until(settled)
        scene.over.set()
        await until(lambda: _is(len(scene.late) == 2 * fates.count("swallows its cancellation")))
    states, later = await _states(db, first), await _states(db, second)
    for n, fate in enumerate(fates):
        name, meant = f"{n}.{fate}", FATES[fate]
        assert states[name]["state"] == meant.ends
        assert (states[name]["cause"] or "").startswith(meant.cause)
        freed = meant.ends != "pending"
        assert [key for who, key in scene.ran if who == name] == ["first"] * meant.runs + [
            "second"
        ] * freed
        assert later[name]["state"] == ("done" if freed else "pending")
        assert states[name]["attempts"] == meant.runs + (fate == "its worker dies")
    ends = {FATES[f].ends for f in fates}
    status = await db.fetchval("SELECT state FROM event_status WHERE id = $1", first)
    assert status == (
        "received"
        if stuck
        else "dead"
        if ends == {"dead"}
        else "done with failures"
        if "dead" in ends
        else "done"
    )
    assert set(scene.told) == {f"{n}.{f}" for n, f in enumerate(fates) if FATES[f].ends == "dead"}
    assert await db.fetchval("SELECT offset_s FROM clock_setting") == 0, (
        "who was left behind writes nothing"
    )


async def _is(value: bool) -> bool:
    return value


class Chat:
    """The far side of one chat, with its ledger; looks before it repeats."""

    def __init__(self) -> None:
        self.ledger: list[str] = []

    async def __call__(self, effect: Effect) -> Receipt:
        text = str(effect.args["text"])
        if effect.attempt == 1 or text not in self.ledger:
            self.ledger.append(text)
        return Receipt(facts={})


@given(
    point=st.sampled_from(POINTS),
    hit=st.integers(1, 3),
    people=st.integers(3, 5),
    flaky=st.sets(st.integers(0, 4)),
    killed_at=st.none() | st.integers(1, 3),
)
@example(point="event.claimed", hit=2, people=3, flaky={0}, killed_at=None)
@example(point="event.handled", hit=1, people=3, flaky=set[int](), killed_at=2)
@example(point="tx.before_commit", hit=2, people=3, flaky={1}, killed_at=None)
@example(point="tx.after_commit", hit=1, people=4, flaky={2}, killed_at=3)
@example(point="effect.claimed", hit=1, people=3, flaky=set[int](), killed_at=None)
@example(point="effect.attempted", hit=3, people=3, flaky=set[int](), killed_at=1)
@example(point="effect.answered", hit=2, people=3, flaky={0, 1, 2}, killed_at=None)
@few
async def test_each_of_many_subscribers_sends_its_message_once_under_kills_and_retries(
    db: Database,
    notifier: RedisNotifier,
    point: str,
    hit: int,
    people: int,
    flaky: set[int],
    killed_at: int | None,
) -> None:
    chat, kind, asked, killed = Chat(), f"said.{next(_numbers)}", count(1), asyncio.Event()

    def says(number: int) -> Callable[[Handling], Awaitable[None]]:
        async def handle(handling: Handling) -> None:
            async with handling.transaction() as tx:
                await effects.request(
                    tx,
                    handling.origin,
                    kind=SAY,
                    target="chat:1",
                    args={"text": f"{kind} {number}"},
                    key=handling.key("say"),
                    ordering_key="chat:1",
                )
            if next(asked) == killed_at:
                killed.set()
                await asyncio.Event().wait()
            if number in flaky and handling.delivery.attempt == 1:
                raise Unavailable("Far", "away", retry_after_s=0.01)

        return handle

    each = [on(says(n), kind, name=f"test.{n}", lane=DeliveryLane(n % 3)) for n in range(people)]
    first, second = [
        await worker_over(db, notifier, *each, name=name, lease_s=2.0)
        for name in ("first", "second")
    ]
    dispatcher = Dispatcher(
        db,
        notifier,
        name="d",
        system="chat",
        handlers={"chat.say": chat},
        limits=lambda _: (),
        lease_s=0.5,
    )  # a claim that was cut off comes back soon
    event = await accepted(db, kind, "1")

    async def settled() -> bool:
        if passed[point] >= hit or not point.startswith("tx."):  # sweeps pass those as well
            await EffectLog(db).sweep()
            await second.sweep()
        await make_due(db)
        open_work = """SELECT (SELECT count(*) FROM delivery WHERE event_id = $1
                        AND state IN ('pending', 'claimed'))
                            + (SELECT count(*) FROM effect WHERE event_id = $1
                              AND state IN ('pending', 'claimed'))"""
        return not await db.fetchval(open_work, event)

    with faults.armed(f"{point}:{hit}:cut") as passed:
        async with running(dispatcher.run):
            if killed_at is not None:
                async with running(first.run):
                    await until(lambda: _is(killed.is_set()))
                await db.execute(
                    "UPDATE delivery SET lease_until = now() - interval '1 s' WHERE state = "
                    "'claimed'"
                )
                with suppress(ConnectionResetError):  # it is a transaction as well
                    await second.sweep()
            async with running(second.run):
                await until(settled)
    assert passed[point] >= hit, "the failure came"
    assert await db.fetchval("SELECT state FROM event_status WHERE id = $1", event) == "done"
    assert sorted(chat.ledger) == [f"{kind} {n}" for n in range(people)]
    assert await db.fetchval("SELECT count(*) FROM effect WHERE event_id = $1", event) == people


async def test_a_sweep_does_not_wait_for_a_worker_that_froze_in_a_transaction(db: Database) -> None:
    deliveries = Deliveries(db)
    for key in ("frozen", "dead"):
        await accepted(db, "k", key)
    frozen, _ = await deliveries.claim("w", DeliveryLane.VENDORS, ["unrouted"], limit=2)
    await db.execute("UPDATE delivery SET lease_until = now() - interval '1 s'")
    async with deliveries.guarded(frozen):
        # without the guard: the database's own limit of half a minute
        async with asyncio.timeout(10):
            assert await asyncio.create_task(deliveries.sweep()) == 1


@pytest.mark.parametrize("workers", [1, 3])
async def test_no_delivery_is_taken_twice_and_each_key_keeps_its_order(
    db: Database, notifier: RedisNotifier, workers: int
) -> None:
    seen: dict[tuple[str, str | None], list[str]] = {}
    at_work: set[tuple[str, str]] = set()

    async def handle(handling: Handling) -> None:
        who, key = handling.delivery.subscriber, handling.event.ordering_key
        if key is not None:
            assert (who, key) not in at_work, "two of one key at once"
            at_work.add((who, key))
        await asyncio.sleep(0.001)
        seen.setdefault((who, key), []).append(handling.event.payload["key"])
        at_work.discard((who, str(key)))

    each = [on(handle, "k", name=f"test.{n}", lane=DeliveryLane(n)) for n in range(3)]
    crew = [await worker_over(db, notifier, *each, name=f"w{n}") for n in range(workers)]
    for n in range(24):
        await accepted(
            db, "k", f"{n:02}", order=f"key{n % 4}" if n % 6 else None, sender=f"s{n % 3}"
        )

    async def done() -> bool:
        return await db.fetchval("SELECT count(*) FROM delivery WHERE state <> 'done'") == 0

    async with running(*(w.run for w in crew)):
        await until(done)
    assert await db.fetchval("SELECT max(fence) FROM delivery") == 1
    assert sum(map(len, seen.values())) == 72
    assert all(keys == sorted(keys) for (_, key), keys in seen.items() if key is not None)


async def test_a_dead_delivery_taken_up_again_sends_no_effect_twice(
    db: Database, notifier: RedisNotifier
) -> None:
    chat, told = Chat(), list[str]()
    mended = asyncio.Event()

    async def handle(handling: Handling) -> None:
        for number in (1, 2) if mended.is_set() else (1,):
            async with handling.transaction() as tx:
                await effects.request(
                    tx,
                    handling.origin,
                    kind=SAY,
                    target="c",
                    args={"text": str(number)},
                    key=handling.key(f"{number}"),
                )
        if not mended.is_set():
            raise InvalidRequest("a car without a plate")

    async def alert(tx: Tx, delivery: Delivery, cause: str) -> None:
        told.append(f"{delivery.subscriber}: {cause}")

    async def other(handling: Handling) -> None:
        async with handling.transaction() as tx:
            await effects.request(
                tx,
                handling.origin,
                kind=SAY,
                target="c",
                args={"text": "other"},
                key=handling.key("1"),
            )

    worker = await worker_over(
        db,
        notifier,
        on(handle, "k", name="test.one"),
        on(other, "k", name="test.other"),
        alert=alert,
    )
    dispatcher = Dispatcher(
        db, notifier, name="d", system="chat", handlers={"chat.say": chat}, limits=lambda _: ()
    )
    event = await accepted(db, "k", "1")
    status = "SELECT state FROM event_status WHERE id = $1"

    async def at_rest() -> bool:
        return not await db.fetchval(
            """SELECT (SELECT count(*) FROM delivery WHERE state IN ('pending', 'claimed'))
                    + (SELECT count(*) FROM effect WHERE state IN ('pending', 'claimed'))"""
        )

    async with running(worker.run, dispatcher.run):
        await until(at_rest)
        assert sorted(chat.ledger) == ["1", "other"]
        assert await db.fetchval(status, event) == "done with failures"
        assert told == ["test.one: a car without a plate"]
        dead = (await _states(db, event))["test.one"]["id"]
        mended.set()
        await Deliveries(db).retry(dead)
        await until(at_rest)
    assert sorted(chat.ledger) == ["1", "2", "other"], (
        "what went out does not go again, what is missing goes"
    )
    assert await db.fetchval(status, event) == "done"
    with pytest.raises(InvalidRequest, match="it is done"):
        await Deliveries(db).retry(dead)
