"""Who goes first: lanes with slots of their own, turns among senders, rows that are put off or held
by others. Counted, not timed."""

from __future__ import annotations

import asyncio
from collections import Counter

from jarvis.engine.db import Database
from jarvis.engine.deliveries import Deliveries, Delivery
from jarvis.engine.notifier import RedisNotifier
from jarvis.engine.subscriptions import UNROUTED, DeliveryLane, on
from jarvis.engine.worker import Handling, Slots
from jarvis.testing.core import until
from jarvis.testing.work import accepted, nobody, running, worker_over

VENDORS = DeliveryLane.VENDORS


async def _claim(db: Database, limit: int = 1) -> list[Delivery]:
    return await Deliveries(db).claim("w", VENDORS, [UNROUTED], limit=limit)


async def _keys(db: Database, limit: int) -> list[str]:
    return [d.event.payload["key"] for d in await _claim(db, limit)]


async def test_a_flood_in_other_lanes_takes_no_slot_of_the_peoples(
    db: Database, notifier: RedisNotifier
) -> None:
    never, done = asyncio.Event(), list[str]()

    async def stands(handling: Handling) -> None:
        await never.wait()

    async def answers(handling: Handling) -> None:
        done.append(handling.event.payload["key"])

    each = [
        on(answers, "asked", name="test.inbox", lane=DeliveryLane.PEOPLE),
        on(stands, "changed", name="test.rule", lane=VENDORS),
        on(stands, "changed", name="test.archive", lane=DeliveryLane.BULK),
    ]
    worker = await worker_over(
        db, notifier, *each, slots=Slots(people=2, vendors=2, bulk=2), unwind_s=0.05
    )
    for n in range(12):
        await accepted(db, "changed", f"{n}", sender=f"vendor{n}")
    at_work = (
        "SELECT lane, count(*) AS n FROM delivery WHERE state = 'claimed' GROUP BY lane "
        "ORDER BY lane"
    )

    async def full() -> bool:
        return [(r["lane"], r["n"]) for r in await db.fetch(at_work)] == [(1, 2), (2, 2)]

    async def answered() -> bool:
        return len(done) == 5

    async with running(worker.run):
        await until(full)
        for n in range(5):
            await accepted(db, "asked", f"{n}", sender="telegram:1")
        await until(answered)
        await until(full)  # and they still work on what they had


async def test_one_sender_among_a_flood_is_next(db: Database, notifier: RedisNotifier) -> None:
    slots, begun, gate = 4, list[str](), asyncio.Semaphore(0)

    async def works(handling: Handling) -> None:
        begun.append(handling.event.sender)
        await gate.acquire()

    worker = await worker_over(
        db,
        notifier,
        on(works, "k", name="test.rule"),
        slots=Slots(people=2, vendors=slots, bulk=2),
        unwind_s=0.05,
    )
    for n in range(200):
        await accepted(db, "k", f"a{n}", sender="a")

    async def full() -> bool:
        return len(begun) == slots

    async def one_more() -> bool:
        return len(begun) == slots + 1

    async with running(worker.run):
        await until(full)
        await accepted(db, "k", "b", sender="b")
        gate.release()
        await until(one_more)
    assert begun == ["a"] * slots + ["b"]


async def test_senders_take_turns_and_an_idle_one_leaves_its_turn_to_others(db: Database) -> None:
    for sender, count in (("flood", 50), ("three", 3), ("four", 4)):
        for n in range(count):
            await accepted(db, "k", f"{sender}{n}", sender=sender)
    taken = [d.event.sender for _ in range(6) for d in await _claim(db, limit=2)]
    assert Counter(taken) == {"flood": 5, "three": 3, "four": 4}
    assert Counter(taken[:6]) == {"flood": 2, "three": 2, "four": 2}


async def test_what_is_put_off_hides_nothing_that_came_later(db: Database) -> None:
    for n in range(6):
        await accepted(db, "k", f"{n}", order=f"key{n % 3}")
    for delivery in await _claim(db, limit=3):
        await Deliveries(db).reschedule(delivery, "later", 600)
    assert await _claim(db, limit=3) == [], "each key waits for its first"
    for n in range(3):
        await accepted(db, "k", f"free{n}")
    assert await _keys(db, 2) == ["free0", "free1"]
    assert await _keys(db, 2) == ["free2"]


async def test_what_others_are_claiming_just_now_is_passed_by(db: Database) -> None:
    for n in range(8):
        await accepted(db, "k", f"{n}")
    async with db.transaction() as another:
        await another.fetch("SELECT FROM delivery ORDER BY event_seq LIMIT 4 FOR UPDATE")
        assert await asyncio.create_task(_keys(db, 2)) == ["4", "5"]
    assert await _keys(db, 8) == ["0", "1", "2", "3", "6", "7"]


async def test_subscribers_of_one_event_do_not_wait_for_each_other(
    db: Database, notifier: RedisNotifier
) -> None:
    each = [on(nobody, "k", name=f"test.{n}") for n in range(3)]
    await worker_over(db, notifier, *each)
    for n in range(2):
        await accepted(db, "k", f"{n}", order="one")
    deliveries, names = Deliveries(db), [one.name for one in each]
    first = await deliveries.claim("w", VENDORS, names, limit=9)
    assert sorted(d.subscriber for d in first) == names
    assert {d.event.payload["key"] for d in first} == {"0"}
    await deliveries.done(first[1])
    (second,) = await deliveries.claim("w", VENDORS, names, limit=9)
    assert (second.subscriber, second.event.payload["key"]) == (first[1].subscriber, "1")
    assert await deliveries.claim("w", VENDORS, [UNROUTED], limit=9) == [], (
        "nothing of theirs is unrouted"
    )


async def test_a_worker_takes_only_what_its_lane_pool_and_subscribers_are(
    db: Database, notifier: RedisNotifier
) -> None:
    await worker_over(
        db,
        notifier,
        on(nobody, "k", name="test.mine"),
        on(nobody, "k", name="test.people", lane=DeliveryLane.PEOPLE),
    )
    await accepted(db, "k", "1")
    deliveries, everyone = Deliveries(db), ["test.mine", "test.people"]
    assert await deliveries.claim("w", DeliveryLane.BULK, everyone, limit=9) == []
    assert await deliveries.claim("w", VENDORS, ["test.people"], limit=9) == []
    assert await deliveries.claim("w", VENDORS, everyone, limit=9, pools=["browser"]) == []
    assert [d.subscriber for d in await deliveries.claim("w", VENDORS, everyone, limit=9)] == [
        "test.mine"
    ]
    assert [
        d.subscriber for d in await deliveries.claim("w", DeliveryLane.PEOPLE, everyone, limit=9)
    ] == ["test.people"]


async def test_a_dead_delivery_taken_up_again_waits_for_a_later_one_of_its_key_that_is_at_work(
    db: Database,
) -> None:
    for n in range(2):
        await accepted(db, "k", f"{n}", order="one")
    (first,) = await _claim(db)
    await Deliveries(db).give_up(first, "dead", "no")
    (second,) = await _claim(db)
    await Deliveries(db).retry(first.id)
    assert await _claim(db) == []
    await Deliveries(db).done(second)
    assert await _keys(db, 2) == ["0"]
