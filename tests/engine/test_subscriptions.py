"""Who hears of what: the table follows the handlers, nothing waits for a subscriber that is gone,
new ones get what waited."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest

from jarvis.engine import effects, subscriptions
from jarvis.engine.db import Database
from jarvis.engine.deliveries import Deliveries
from jarvis.engine.effects import EffectKind
from jarvis.engine.journal import Journal
from jarvis.engine.notifier import RedisNotifier
from jarvis.engine.subscriptions import (
    UNROUTED,
    DeliveryLane,
    Synced,
    Terms,
    declared,
    on,
    subscriber,
    subscribers,
    sync,
)
from jarvis.engine.worker import Handling
from jarvis.kit.errors import Conflict, InvalidRequest, LeaseLost, NotFound
from jarvis.testing.work import accepted, nobody, worker_over

SAY = EffectKind(name="chat.say", system="chat", effect_class="B")


def _terms(*kinds: str, lane: DeliveryLane = DeliveryLane.VENDORS, pool: str = "work") -> Terms:
    return Terms(kinds=kinds, lane=lane, deadline_s=60.0, pool=pool)


@pytest.fixture(autouse=True)
async def _nobody_yet(db: Database) -> None:  # pyright: ignore[reportUnusedFunction]  # a fixture
    await sync(db, {})


async def _of(db: Database, event: UUID) -> dict[str, str]:
    return {row["subscriber"]: row["state"] for row in await Deliveries(db).of(event)}


async def _heard(db: Database, kind: str) -> Sequence[str]:
    rows = await db.fetch(
        "SELECT subscriber FROM event_subscription WHERE kind = $1 ORDER BY subscriber", kind
    )
    return [row["subscriber"] for row in rows]


async def test_marks_of_a_feature_are_its_subscribers() -> None:
    class Cars:
        feature = "cars"

        @subscriber("car.moved", "car.sold", lane=DeliveryLane.PEOPLE, deadline_s=5)
        async def told(self, handling: Handling) -> None:
            """Hears."""

        async def helper(self, handling: Handling) -> None:
            """Does not."""

    assert declared(Cars) == {
        "cars.told": Terms(
            kinds=("car.moved", "car.sold"), lane=DeliveryLane.PEOPLE, deadline_s=5, pool="work"
        )
    }
    cars = Cars()
    assert subscribers(cars)["cars.told"].handle == cars.told
    with pytest.raises(ValueError, match=r"two subscribers are called cars\.told"):
        subscribers(cars, Cars())


async def test_the_table_follows_the_handlers(db: Database) -> None:
    assert await sync(db, {"a.x": _terms("one", "two"), "b.y": _terms("one")}) == Synced(
        added=["a.x", "b.y"], removed=[], died=0
    )
    event = await accepted(db, "one", "1")
    assert await _of(db, event) == {"a.x": "pending", "b.y": "pending"}
    changed = {"a.x": _terms("two", lane=DeliveryLane.PEOPLE, pool="browser"), "b.y": _terms("one")}
    assert await sync(db, changed) == Synced(added=[], removed=[], died=0)
    assert await sync(db, changed) == Synced(added=[], removed=[], died=0)
    assert (await _heard(db, "one"), await _heard(db, "two")) == (["b.y"], ["a.x"])
    row = await db.fetchrow("SELECT lane, pool FROM event_subscription WHERE subscriber = 'a.x'")
    assert row is not None
    assert (row["lane"], row["pool"]) == (0, "browser")
    assert await _of(db, event) == {"a.x": "pending", "b.y": "pending"}, (
        "it hears of other kinds now, and finishes what it has"
    )


async def test_a_subscriber_with_work_is_not_removed_before_it_is_done_or_discarded(
    db: Database,
) -> None:
    deliveries, both = Deliveries(db), {"a.x": _terms("k"), "b.y": _terms("k")}
    await sync(db, both)
    event, waiting = (
        await accepted(db, "k", "1", order="o"),
        await accepted(db, "k", "2", order="o"),
    )
    (claimed,) = await deliveries.claim("w", DeliveryLane.VENDORS, ["b.y"])
    with pytest.raises(Conflict, match=r"b\.y \(2\).*`jarvis drain`"):
        await sync(db, {"a.x": both["a.x"]})
    assert await _heard(db, "k") == ["a.x", "b.y"], "nothing was changed"
    synced = await sync(db, {"a.x": both["a.x"]}, discard=True)
    assert synced == Synced(added=[], removed=["b.y"], died=2)
    assert await _of(db, event) == await _of(db, waiting) == {"a.x": "pending", "b.y": "dead"}
    causes = await db.fetch("SELECT DISTINCT cause FROM delivery WHERE subscriber = 'b.y'")
    assert [r["cause"] for r in causes] == ["its subscriber was removed"]
    with pytest.raises(LeaseLost):
        await deliveries.done(claimed)
    (mine,) = await deliveries.claim("w", DeliveryLane.VENDORS, ["a.x"])
    await deliveries.done(mine)
    assert (
        await db.fetchval("SELECT state FROM event_status WHERE id = $1", event)
        == "done with failures"
    )
    assert await _of(db, await accepted(db, "k", "3")) == {"a.x": "pending"}


async def test_a_finished_subscriber_goes_in_peace(db: Database) -> None:
    await sync(db, {"a.x": _terms("k")})
    await accepted(db, "k", "1")
    (claimed,) = await Deliveries(db).claim("w", DeliveryLane.VENDORS, ["a.x"])
    await Deliveries(db).done(claimed)
    assert await sync(db, {}) == Synced(added=[], removed=["a.x"], died=0)


async def test_what_waited_for_a_route_is_shared_out_in_its_order(db: Database) -> None:
    deliveries = Deliveries(db)
    events = [await accepted(db, "k", f"{n}", order="one", sender="s") for n in range(3)]
    other, at_work = await accepted(db, "other", "1"), await accepted(db, "k", "at work")
    assert await _of(db, events[0]) == {UNROUTED: "pending"}
    (held,) = await deliveries.claim_of("w", at_work, [UNROUTED])
    await sync(db, {"a.x": _terms("k"), "b.y": _terms("k", lane=DeliveryLane.BULK)})
    for event in events:
        assert await _of(db, event) == {"a.x": "pending", "b.y": "pending"}
    assert await _of(db, other) == {UNROUTED: "pending"}
    assert await _of(db, at_work) == {UNROUTED: "claimed"}, "who works on it goes on"
    await deliveries.done(held)
    for event in events:
        (claimed,) = await deliveries.claim("w", DeliveryLane.VENDORS, ["a.x"], limit=9)
        assert (claimed.event.id, claimed.event.sender) == (event, "s")
        await deliveries.done(claimed)


async def test_a_kind_that_an_administrator_routed_stays_routed(db: Database) -> None:
    both = {"a.x": _terms("known"), "b.y": _terms("known")}
    await sync(db, both)
    async with db.transaction() as tx:
        await subscriptions.handle_like(tx, "strange", "known")
        await subscriptions.handle_like(tx, "strange", "known")
    assert await _of(db, await accepted(db, "strange", "1")) == {"a.x": "pending", "b.y": "pending"}
    assert await subscriptions.known_kinds(db) == ["known"], (
        "it is no kind that a handler was written for"
    )
    await sync(db, both)
    assert await _heard(db, "strange") == ["a.x", "b.y"]
    await sync(db, {"a.x": both["a.x"]}, discard=True)
    assert await _heard(db, "strange") == ["a.x"]
    await sync(db, {"a.x": _terms("known", "strange")})
    assert sorted(await subscriptions.known_kinds(db)) == ["known", "strange"], (
        "a handler of ours took it over"
    )


async def test_a_new_subscriber_is_given_the_past_in_its_order(db: Database) -> None:
    journal = Journal(db)
    await sync(db, {"a.x": _terms("k")})
    old = await accepted(db, "k", "old")
    await db.execute("UPDATE event SET received_at = now() - interval '2 days' WHERE id = $1", old)
    past = [await accepted(db, "k", f"{n}", order="one") for n in range(3)]
    await accepted(db, "other", "1")
    (dry,) = await journal.replay(event_id=past[0], dry=True)
    one, copy = [
        await journal.accept_windowed(source="v", kind="k", body=b"x", ordering_key=None)
        for _ in range(2)
    ]
    start = await db.fetchval("SELECT now() - interval '1 day'")
    with pytest.raises(NotFound, match=r"b\.y"):
        await subscriptions.backfill(db, "b.y", since=start)
    await sync(db, {"a.x": _terms("k"), "b.y": _terms("k", lane=DeliveryLane.PEOPLE)})
    assert await subscriptions.backfill(db, "b.y", since=start) == 4, (
        "three, and the first of two equal bodies"
    )
    assert await subscriptions.backfill(db, "b.y", since=start) == 0
    for event in (old, dry, copy.event_id):
        assert "b.y" not in await _of(db, event)
    assert (await _of(db, one.event_id))["b.y"] == "pending"
    found: list[UUID] = []
    while claimed := await Deliveries(db).claim("w", DeliveryLane.BULK, ["b.y"], limit=9):
        found += [d.event.id for d in claimed]
        for delivery in claimed:
            await Deliveries(db).done(delivery)
    assert [event for event in found if event in past] == past


async def test_a_replay_may_be_for_one_subscriber(db: Database, notifier: RedisNotifier) -> None:
    async def says(handling: Handling) -> None:
        async with handling.transaction() as tx:
            await effects.request(
                tx, handling.origin, kind=SAY, target="c", args={}, key=handling.key("say")
            )

    worker = await worker_over(db, notifier, on(says, "k", name="a.x"), on(nobody, "k", name="b.y"))
    event = await accepted(db, "k", "1", order="one", sender="telegram:7")
    assert await worker.handle_event(event)
    (dry,) = await Journal(db).replay(event_id=event, subscriber="a.x")
    assert await _of(db, dry) == {"a.x": "pending"}
    (live,) = await Journal(db).replay(event_id=event, dry=False)
    assert await _of(db, live) == {"a.x": "pending", "b.y": "pending"}
    assert (
        await db.fetchval(
            "SELECT count(*) FROM event WHERE sender = 'telegram:7' AND ordering_key = 'one'"
        )
        == 3
    )
    for copy in (dry, live):
        assert await worker.handle_event(copy)
    states = await db.fetch("SELECT event_id, state FROM effect ORDER BY seq")
    assert [(r["event_id"], r["state"]) for r in states] == [
        (event, "pending"),
        (dry, "shadow"),
        (live, "pending"),
    ]
    with pytest.raises(NotFound, match=r"no subscriber c\.z hears of k"):
        await Journal(db).replay(event_id=event, subscriber="c.z")
    assert await db.fetchval("SELECT count(*) FROM event") == 3, (
        "nothing is left of a replay that reaches nobody"
    )


async def test_a_delivery_that_is_unknown_or_open_cannot_be_taken_up_again(db: Database) -> None:
    event = await accepted(db, "k", "1")
    (row,) = await Deliveries(db).of(event)
    with pytest.raises(InvalidRequest, match="it is pending"):
        await Deliveries(db).retry(row["id"])
    with pytest.raises(NotFound):
        await Deliveries(db).retry(event)
