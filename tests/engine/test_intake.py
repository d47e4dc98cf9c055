"""Inputs of one moment share a commit, and nothing else: each is stored once, in its order, and
answered for itself."""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

import asyncpg
import pytest

from jarvis.engine.db import Database, open_database
from jarvis.engine.intake import GROUP, Intake
from jarvis.engine.journal import Accepted, Input, Journal
from jarvis.kit.errors import Unavailable
from jarvis.kit.faults import armed
from jarvis.testing.core import until
from jarvis.testing.relay import relay
from jarvis.testing.servers import Servers


def one(body: str, key: str | None = "k", kind: str = "v.car.update") -> Input:
    return Input(source="v:b", kind=kind, body=body.encode(), ordering_key=key)


async def answers(intake: Intake, inputs: Sequence[Input]) -> list[Accepted | BaseException]:
    return await asyncio.gather(*(intake.submit(i) for i in inputs), return_exceptions=True)


async def bodies(db: Database, *, kind: str = "v.car.update") -> list[str]:
    return [
        r["body"].decode()
        for r in await db.fetch("SELECT body FROM event WHERE kind = $1 ORDER BY seq", kind)
    ]


@asynccontextmanager
async def key_locked(db: Database, key: str) -> AsyncGenerator[None]:
    """As long as another process of ours stores an input of this ordering key."""
    async with db.transaction() as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", key)
        yield


async def waits(db: Database) -> None:
    """Until a group of this database waits for a lock."""

    async def waiting() -> bool:
        return bool(
            await db.fetchval(
                """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                      AND database = (SELECT oid FROM pg_database
                        WHERE datname = current_database())"""
            )
        )

    await until(waiting)


async def test_inputs_of_one_moment_share_a_commit_and_each_has_its_deliveries(
    db: Database,
) -> None:
    found = await answers(Intake(Journal(db)), [one(f"b{n}", f"k{n % 7}") for n in range(50)])
    assert all(isinstance(a, Accepted) and a.fresh for a in found)
    assert await db.fetchval("SELECT count(DISTINCT xmin::text) FROM event") == 1, "one transaction"
    assert await bodies(db) == [f"b{n}" for n in range(50)], "in the order of their arrival"
    ids = [a.event_id for a in found if isinstance(a, Accepted)]
    rows = await db.fetch(
        """SELECT e.id, d.subscriber, d.event_seq = e.seq AND d.ordering_key = e.ordering_key
            AND d.sender = 'v:b' AS like_it
             FROM event e JOIN delivery d ON d.event_id = e.id ORDER BY e.seq"""
    )
    assert [(r["id"], r["subscriber"], r["like_it"]) for r in rows] == [
        (i, "unrouted", True) for i in ids
    ]


async def test_whoever_comes_as_the_last_group_ends_is_stored_too(db: Database) -> None:
    intake = Intake(Journal(db))
    for n in range(5):
        await intake.submit(one(f"b{n}"))
    assert await bodies(db) == [f"b{n}" for n in range(5)]


async def test_subscribers_of_each_kind_hear_of_their_own_in_one_group(
    servers: Servers, db: Database
) -> None:
    name = await db.fetchval("SELECT current_database()")
    async with open_database(servers.owner_dsn(name), max_size=1) as owner:
        await owner.execute(
            """INSERT INTO event_subscription (kind, subscriber, lane, pool)
               VALUES ('a.x.update', 'one', 0, 'work'), ('a.x.update', 'two', 2, 'gpu'),
                 ('b.x.update', 'one', 1, 'work')"""
        )
    rung: list[str] = []

    class Listening:
        async def notify(self, names: Sequence[str]) -> None:
            rung.extend(names)

    db.notifier = Listening()
    await answers(
        Intake(Journal(db)), [one(str(n), kind=f"{'abc'[n % 3]}.x.update") for n in range(6)]
    )
    rows = await db.fetch(
        "SELECT e.kind, d.subscriber, d.lane, d.pool FROM event e JOIN delivery d ON d.event_id = "
        "e.id ORDER BY e.seq, 2"
    )
    once = [
        ("a.x.update", "one", 0, "work"),
        ("a.x.update", "two", 2, "gpu"),
        ("b.x.update", "one", 1, "work"),
        ("c.x.update", "unrouted", 1, "work"),
    ]
    assert [tuple(r.values()) for r in rows] == once + once
    assert rung == ["events:0", "events:1", "events:2"], "each lane once a group"


async def test_an_input_that_the_database_refuses_fails_alone(db: Database) -> None:
    inputs = [one(f"b{n}", "bad\0" if n == 17 else f"k{n % 5}") for n in range(50)]
    found = await answers(Intake(Journal(db)), inputs)
    assert isinstance(found[17], asyncpg.DataError)
    assert all(isinstance(a, Accepted) for n, a in enumerate(found) if n != 17)
    assert await bodies(db) == [f"b{n}" for n in range(50) if n != 17]


async def test_what_the_driver_cannot_encode_is_no_database_that_is_away(db: Database) -> None:
    found = await answers(Intake(Journal(db)), [one("a"), one("b", "\ud800"), one("c")])
    assert isinstance(found[1], ValueError | asyncpg.DataError)
    assert not isinstance(found[1], Unavailable)
    assert await bodies(db) == ["a", "c"]


async def test_equal_bodies_are_duplicates_of_the_first_in_a_group_and_after_it(
    db: Database,
) -> None:
    intake = Intake(Journal(db))
    found = await answers(intake, [one("x"), one("y"), one("x"), one("x")])
    again = await intake.submit(one("x"))
    assert [isinstance(a, Accepted) and a.fresh for a in found] == [True, True, False, False]
    assert not again.fresh
    rows = await db.fetch("SELECT * FROM event WHERE body = 'x' ORDER BY seq")
    assert [r["duplicate_of_event_id"] for r in rows] == [None, *[rows[0]["id"]] * 3]
    told = await db.fetch(
        "SELECT payload, sender FROM event WHERE kind = 'v.car.duplicate' AND source = 'jarvis'"
    )
    assert [(r["payload"], r["sender"]) for r in told] == [
        ({"original_event_id": str(rows[0]["id"])}, "v:b")
    ] * 3
    heard = await db.fetch(
        "SELECT e.kind, e.body FROM delivery d JOIN event e ON e.id = d.event_id WHERE e.kind <> "
        "'v.car.duplicate'"
    )
    assert [r["body"] for r in heard] == [b"x", b"y"], "nobody handles a copy"
    other = await answers(
        intake,
        [
            one("x", kind="v.client.update"),
            Input(source="w", kind="v.car.update", body=b"x", ordering_key="k"),
        ],
    )
    assert all(isinstance(a, Accepted) and a.fresh for a in other), (
        "another kind or source says another thing"
    )
    await db.execute("UPDATE event SET received_at = received_at - interval '20 minutes'")
    assert (await intake.submit(one("x"))).fresh, "the same text is a new fact after the window"


async def test_nothing_is_answered_before_its_commit(db: Database) -> None:
    intake = Intake(Journal(db))
    async with key_locked(db, "k"):
        asked = asyncio.create_task(intake.submit(one("a")))
        await waits(db)
        assert not asked.done()
        assert await bodies(db) == []
    await asked
    assert await bodies(db) == ["a"]


async def test_a_key_that_waits_holds_up_no_other_and_keeps_its_order(db: Database) -> None:
    intake = Intake(Journal(db))
    async with key_locked(db, "held"):
        first = asyncio.create_task(intake.submit(one("1", "held")))
        await waits(db)
        behind = [asyncio.create_task(intake.submit(one(f"{n}", "held"))) for n in range(2, 6)]
        others = [
            asyncio.create_task(intake.submit(one(f"o{n}", f"other{n % 50}")))
            for n in range(GROUP + 20)
        ]
        behind += [asyncio.create_task(intake.submit(one(f"{n}", "held"))) for n in range(6, 9)]
        await asyncio.gather(*others)
        assert not first.done()
        assert not any(task.done() for task in behind)
    await asyncio.gather(first, *behind)
    assert [b for b in await bodies(db) if b.isdigit()] == [str(n) for n in range(1, 9)]


async def test_too_many_are_refused_and_counted_and_the_rest_is_stored(db: Database) -> None:
    intake = Intake(Journal(db), queue=3)
    async with key_locked(db, "k"):
        first = asyncio.create_task(intake.submit(one("a")))
        await waits(db)
        found = asyncio.gather(
            *(intake.submit(one(f"b{n}")) for n in range(5)), return_exceptions=True
        )
        await asyncio.sleep(0)
    await first
    assert [type(a) for a in await found] == [
        Accepted,
        Accepted,
        Accepted,
        Unavailable,
        Unavailable,
    ]
    assert await bodies(db) == ["a", "b0", "b1", "b2"]

    async def counted() -> bool:
        return (
            await db.fetchval(
                "SELECT deliveries FROM refused_delivery WHERE source = 'v:b' AND reason = 'queue "
                "full'"
            )
            == 2
        )

    await until(counted)


async def test_a_caller_that_goes_away_harms_nobody(db: Database) -> None:
    intake = Intake(Journal(db))
    async with key_locked(db, "k"):
        asked = [asyncio.create_task(intake.submit(one(f"b{n}"))) for n in range(5)]
        await waits(db)
        late = [asyncio.create_task(intake.submit(one(f"c{n}"))) for n in range(3)]
        await asyncio.sleep(0)
        for task in (asked[1], late[1]):
            task.cancel()
    found = await asyncio.gather(*asked, *late, return_exceptions=True)
    assert [isinstance(a, Accepted) for a in found] == [
        True,
        False,
        True,
        True,
        True,
        True,
        False,
        True,
    ]
    assert await bodies(db) == ["b0", "b1", "b2", "b3", "b4", "c0", "c1", "c2"]


async def test_closing_stores_what_waits_and_takes_nothing_more(db: Database) -> None:
    intake = Intake(Journal(db))
    async with key_locked(db, "k"):
        first = asyncio.create_task(intake.submit(one("a")))
        await waits(db)
        rest = [asyncio.create_task(intake.submit(one(f"b{n}"))) for n in range(3)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(intake.close())
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await intake.submit(one("too late"))
    await closing
    assert all(task.done() for task in (first, *rest))
    assert await bodies(db) == ["a", "b0", "b1", "b2"]


async def test_a_database_that_is_away_is_no_fault_of_the_input(
    servers: Servers, db: Database
) -> None:
    name = await db.fetchval("SELECT current_database()")
    async with (
        relay(servers.postgres.port) as line,
        open_database(line.through(servers.app_dsn(name))) as through,
    ):
        intake = Intake(Journal(through))
        await intake.submit(one("before"))
        await line.cut()
        found = await answers(intake, [one(f"b{n}") for n in range(6)])
        assert all(isinstance(a, Unavailable) and a.retry_after_s for a in found)
        assert await bodies(db) == ["before"], "nothing half"
        await line.mend()
        assert (await intake.submit(one("after"))).fresh
        assert await bodies(db) == ["before", "after"]

        async def counted() -> bool:
            return (
                await db.fetchval(
                    "SELECT deliveries FROM refused_delivery WHERE reason = 'database away'"
                )
                == 6
            )

        await until(counted)


async def test_a_line_that_breaks_after_the_commit_leaves_a_row_that_the_repetition_finds(
    db: Database,
) -> None:
    intake = Intake(Journal(db))
    with armed("intake.committed:1:cut"):
        first = await answers(intake, [one("a"), one("b")])
    assert all(isinstance(a, Unavailable) for a in first)
    assert await bodies(db) == ["a", "b"]
    assert [
        isinstance(a, Accepted) and a.fresh for a in await answers(intake, [one("a"), one("b")])
    ] == [False, False]


class Told(NamedTuple):
    asked_s: float
    answered_s: float
    event_id: UUID


@pytest.mark.slow
async def test_two_processes_over_one_set_of_keys(servers: Servers, db: Database) -> None:
    """`INTAKE_S=60 pytest tests/engine/test_intake.py -k two_processes` for longer."""
    name = await db.fetchval("SELECT current_database()")
    keys, until_s = (
        [f"key{n}" for n in range(12)],
        time.monotonic() + float(os.environ.get("INTAKE_S", "3")),
    )
    told: dict[str, list[Told]] = defaultdict(list)
    order: dict[tuple[int, str], list[UUID]] = defaultdict(list)

    async def send(intake: Intake, process: int, caller: int) -> None:
        n = 0
        while time.monotonic() < until_s:
            chosen = [
                keys[(caller * 5 + n * 7 + i * (1 + process * 4)) % len(keys)] for i in range(4)
            ]
            n += 1
            asked_s = time.monotonic()
            found = await asyncio.gather(
                *(
                    intake.submit(one(f"{process}.{caller}.{n}.{i}", k))
                    for i, k in enumerate(chosen)
                )
            )
            for key, accepted in zip(chosen, found, strict=True):
                assert accepted.fresh
                told[key].append(Told(asked_s, time.monotonic(), accepted.event_id))
                order[process * 100 + caller, key].append(accepted.event_id)

    async with (
        open_database(servers.app_dsn(name)) as one_db,
        open_database(servers.app_dsn(name)) as other_db,
    ):
        intakes = [Intake(Journal(one_db)), Intake(Journal(other_db))]
        await asyncio.gather(
            *(send(intake, p, c) for p, intake in enumerate(intakes) for c in range(24))
        )
        for intake in intakes:
            await intake.close()
    rows = await db.fetch("SELECT id, seq, body FROM event ORDER BY seq")
    seq = {r["id"]: r["seq"] for r in rows}
    assert len({r["body"] for r in rows}) == len(rows) == sum(map(len, told.values())), (
        "each exactly once"
    )
    assert await db.fetchval("SELECT count(*) FROM delivery") == len(rows)
    for ids in order.values():
        assert [seq[i] for i in ids] == sorted(seq[i] for i in ids), (
            "what a caller sent later is later"
        )
    for of_key in told.values():
        done, before = sorted(of_key, key=lambda t: t.answered_s), 0
        for one_told in sorted(of_key, key=lambda t: t.asked_s):
            while done and done[0].answered_s < one_told.asked_s:
                before = max(before, seq[done.pop(0).event_id])
            assert seq[one_told.event_id] > before, (
                "what was answered before another was sent comes before it"
            )
    assert (
        await db.fetchval(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        == 0
    )
