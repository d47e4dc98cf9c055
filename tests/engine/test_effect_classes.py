"""Classes of effects: A repeats under its key, B reads back, C stops and asks; order and steps
under many workers."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from jarvis.domains.news.kinds import SUBSCRIBE
from jarvis.domains.staff.administration import StaffAdministration
from jarvis.domains.staff.kinds import KINDS as STAFF
from jarvis.domains.staff.service import StaffService
from jarvis.engine import effects
from jarvis.engine.db import Database
from jarvis.engine.dispatcher import Dispatcher
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.effects import Effect, EffectClass, EffectKind, Origin, Receipt
from jarvis.engine.notifier import RedisNotifier
from jarvis.integrations.rentprog.kinds import KINDS as RENTPROG
from jarvis.integrations.storage.kinds import KINDS as STORAGE
from jarvis.integrations.telegram.kinds import KINDS as TELEGRAM
from jarvis.kit.actor import Actor, Role
from jarvis.kit.clock import OffsetClock
from jarvis.kit.errors import LeaseLost, OutcomeUnknown, Rejected, Unavailable
from jarvis.testing.core import until

KIND: dict[EffectClass, EffectKind] = {
    c: EffectKind(name=f"far.{c.lower()}", system="far", effect_class=c)  # pyright: ignore[reportArgumentType]  # three letters
    for c in ("A", "B", "C")
}


def test_every_kind_declares_its_class_and_its_undo() -> None:
    assert {
        kind.name: (kind.effect_class, kind.undo_s)
        for kind in (*RENTPROG, *TELEGRAM, *STORAGE, *STAFF, SUBSCRIBE)
    } == {
        **{
            f"rentprog.{n}": ("A", 600)
            for n in (
                "extend_booking",
                "change_booking",
                "note_booking",
                "cancel_booking",
                "create_booking",
                "move_car",
                "set_car_state",
            )
        },
        "rentprog.public_update_booking": ("B", 600),
        "rentprog.public_create_booking": ("B", None),
        "telegram.send": ("B", None),
        "telegram.edit": ("B", None),
        "telegram.download": ("B", None),
        "telegram.topic_create": ("B", None),
        "telegram.topic_edit": ("B", None),
        "telegram.pin": ("B", None),
        "telegram.look": ("A", None),
        "telegram.topic_delete": ("A", None),
        "telegram.delete": ("A", None),
        "telegram.album": ("B", None),
        "storage.file": ("A", None),
        "staff.grant_role": ("A", 600),
        "news.subscribe": ("A", 600),
        "staff.hire": ("A", None),
        "staff.add_branch": ("A", None),
        "storage.seal": ("A", None),
        "storage.export": ("A", None),
        "telegram.members": ("A", None),
        "telegram.remove_member": ("A", None),
        "telegram.let_in": ("A", None),
    }


async def want(
    db: Database, kind: EffectKind, key: str, *, order: str | None = None, after: UUID | None = None
) -> UUID:
    async with db.transaction() as tx:
        return await effects.request(
            tx,
            Origin(event_id=None, trace_id="0" * 32),
            kind=kind,
            target="far:1",
            args={"key": key},
            key=key,
            ordering_key=order,
            after=after,
            settled_kind="far.settled",
        )


class Far:
    """An outside system that answers as told and remembers what it did."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.answers: dict[str, list[Exception]] = {}

    async def __call__(self, effect: Effect) -> Receipt:
        key = str(effect.args["key"])
        await asyncio.sleep(random.uniform(0, 0.004))
        if self.answers.get(key):
            raise self.answers[key].pop(0)
        self.done.append(key)
        return Receipt(facts={})


async def carried(
    db: Database,
    notifier: RedisNotifier,
    far: Far,
    *,
    workers: int = 1,
    waits: int = 0,
    **extra: Any,
) -> None:
    """Run dispatchers until nothing is open but `waits` effects that wait for a person."""
    handlers = {kind.name: far for kind in KIND.values()}
    loops = [
        Dispatcher(
            db,
            notifier,
            name=f"d{n}",
            system="far",
            handlers=handlers,
            limits=lambda _e: (),
            concurrency=3,
            **extra,
        )
        for n in range(workers)
    ]
    tasks = [asyncio.create_task(loop.run()) for loop in loops]

    async def empty() -> bool:
        return (
            await db.fetchval("SELECT count(*) FROM effect WHERE state IN ('pending', 'claimed')")
            == waits
        )

    try:
        await until(empty)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def state(db: Database, effect_id: UUID) -> str:
    return await db.fetchval("SELECT state FROM effect WHERE id = $1", effect_id)


async def test_only_class_c_stops_at_a_lost_answer(db: Database, notifier: RedisNotifier) -> None:
    far = Far()
    ids = {c: await want(db, KIND[c], c) for c in KIND}
    far.answers = {c: [OutcomeUnknown("Far", "lost", retry_after_s=0.05)] for c in KIND}
    await carried(db, notifier, far)
    assert {c: await state(db, i) for c, i in ids.items()} == {
        "A": "done",
        "B": "done",
        "C": "unknown",
    }
    assert sorted(far.done) == ["A", "B"]


async def test_an_answer_that_stays_unknown_is_put_before_a_person(
    db: Database, notifier: RedisNotifier
) -> None:
    far = Far()
    effect = await want(db, KIND["A"], "a")
    far.answers = {"a": [OutcomeUnknown("Far", "unknown", retry_after_s=0.02) for _ in range(99)]}
    await carried(db, notifier, far, ambiguous_for=timedelta(seconds=0.2))
    assert await state(db, effect) == "unknown"
    assert (
        await db.fetchval("SELECT payload->>'state' FROM event WHERE kind = 'far.settled'")
        == "unknown"
    )


@pytest.mark.parametrize(
    ("effect_class", "attempting", "after"),
    [
        ("A", True, "pending"),
        ("B", True, "pending"),
        ("C", True, "unknown"),
        ("C", False, "pending"),
    ],
)
async def test_a_worker_that_dies_while_sending(
    db: Database, effect_class: EffectClass, attempting: bool, after: str
) -> None:
    effect_id = await want(db, KIND[effect_class], "x")
    log = EffectLog(db)
    (effect,) = await log.claim("dead", ["far"])
    if attempting:
        assert await log.attempt(effect)
    await db.execute("UPDATE effect SET lease_until = now() - interval '1 second'")
    assert await log.sweep() == 1
    assert await state(db, effect_id) == after


async def test_an_unknown_effect_holds_its_aggregate_until_a_person_speaks(
    db: Database, notifier: RedisNotifier
) -> None:
    far = Far()
    administration = StaffAdministration(db, OffsetClock())
    person = await StaffService(db).actor(
        await administration.add(
            name="A", role=Role.DIRECTOR, branch=None, all_branches=True, language="ru"
        )
    )
    assert isinstance(person, Actor)
    first = await want(db, KIND["C"], "1", order="car:1")
    second = await want(db, KIND["C"], "2", order="car:1")
    other = await want(db, KIND["C"], "3", order="car:2")
    far.answers = {"1": [OutcomeUnknown("Far", "lost")]}
    await carried(db, notifier, far, waits=1)
    assert (await state(db, first), await state(db, other)) == ("unknown", "done")
    assert await state(db, second) == "pending"
    async with db.transaction() as tx:
        assert await EffectLog(db).resolve(first, "done", by=person, tx=tx)
    async with db.transaction() as tx:
        assert not await EffectLog(db).resolve(first, "again", by=person, tx=tx), (
            "one word is enough"
        )
    await carried(db, notifier, far)
    assert far.done == ["3", "2"], "the first was never sent again"


async def test_steps_wait_for_each_other_and_fall_together(
    db: Database, notifier: RedisNotifier
) -> None:
    far = Far()
    one = await want(db, KIND["A"], "1")
    two = await want(db, KIND["A"], "2", after=one)
    three = await want(db, KIND["A"], "3", after=two)
    far.answers = {
        "1": [Unavailable("Far", "away", retry_after_s=0.05)],
        "2": [Rejected("Far", "no")],
    }
    await carried(db, notifier, far, workers=3)
    assert [await state(db, e) for e in (one, two, three)] == ["done", "dead", "dropped"]
    assert far.done == ["1"]
    assert await db.fetchval("SELECT count(*) FROM event WHERE kind = 'far.settled'") == 3, (
        "each end is told"
    )


async def test_order_is_kept_per_aggregate_under_eight_workers(
    db: Database, notifier: RedisNotifier
) -> None:
    far = Far()
    for n in range(20):
        for car in range(6):
            await want(db, KIND["A"], f"{car}:{n:02}", order=f"car:{car}")
    for key in ("0:03", "1:00", "5:19"):
        far.answers[key] = [Unavailable("Far", "away", retry_after_s=0.03)]
    await carried(db, notifier, far, workers=8)
    assert len(far.done) == len(set(far.done)) == 120
    for car in range(6):
        mine = [key for key in far.done if key.startswith(f"{car}:")]
        assert mine == sorted(mine)


async def test_a_frozen_worker_that_wakes_up_late_writes_nothing(db: Database) -> None:
    await want(db, KIND["A"], "x")
    log = EffectLog(db)
    (old,) = await log.claim("frozen", ["far"])
    assert await log.attempt(old)
    await db.execute("UPDATE effect SET lease_until = now() - interval '1 second'")
    await log.sweep()
    (new,) = await log.claim("awake", ["far"])
    assert not await log.attempt(old), "its fence is old: it may not send"
    with pytest.raises(LeaseLost):
        await log.done(old, Receipt(facts={}))
    await log.done(new, Receipt(facts={}))
