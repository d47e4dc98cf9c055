"""The table of failures, row by row, over errors as PostgreSQL, its driver and the filesystem raise
them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
from pydantic import TypeAdapter

from jarvis.engine.db import Database, Tx, open_database
from jarvis.engine.deliveries import Deliveries, Delivery
from jarvis.engine.failures import MAX_ATTEMPTS, Unparsable
from jarvis.engine.notifier import RedisNotifier
from jarvis.engine.subscriptions import on
from jarvis.engine.worker import Handling, Worker
from jarvis.kit.errors import (
    Ambiguous,
    AuthExpired,
    Conflict,
    ContractBroken,
    InvalidRequest,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from jarvis.testing.servers import Servers
from jarvis.testing.work import accepted, worker_over

Does = Callable[[Handling], Awaitable[None]]


@pytest.fixture
async def db(servers: Servers, notifier: RedisNotifier) -> AsyncGenerator[Database]:
    """One that finds a deadlock at once."""
    name = await servers.database()
    async with servers.admin() as admin:
        await admin.execute(f"ALTER DATABASE {name} SET deadlock_timeout = '10ms'")
    async with open_database(servers.app_dsn(name), notifier=notifier, max_size=8) as database:
        yield database
    await servers.drop(name)


@dataclass(slots=True)
class Tried:
    """One delivery whose handler is told what to do, tried as often as the test says, however long
    it was put off."""

    db: Database
    worker: Worker
    event: UUID
    told: list[str] = field(default_factory=list[str])

    async def attempt(self) -> tuple[str, str | None]:
        """One attempt; what stands then."""
        assert await self.worker.handle_event(self.event)
        return await self.stands()

    async def stands(self) -> tuple[str, str | None]:
        (row,) = await Deliveries(self.db).of(self.event)
        return row["state"], row["cause"]

    async def age(self, hours: int) -> None:
        await self.db.execute(
            f"UPDATE event SET received_at = now() - interval '{hours} hours' WHERE id = $1",
            self.event,
        )


async def tried(
    db: Database, notifier: RedisNotifier, does: Does, *, deadline_s: float = 30.0
) -> Tried:
    told: list[str] = []

    async def alert(tx: Tx, delivery: Delivery, cause: str) -> None:
        told.append(cause)

    worker = await worker_over(
        db, notifier, on(does, "k", name="test.handler", deadline_s=deadline_s), alert=alert
    )
    return Tried(db, worker, await accepted(db, "k", "1"), told)


async def test_a_lost_lease_is_another_workers_business(
    db: Database, notifier: RedisNotifier
) -> None:
    async def does(handling: Handling) -> None:
        await db.execute("UPDATE delivery SET lease_until = now() - interval '1 s'")
        await case.worker.sweep()
        await Deliveries(db).claim_of("another", handling.event.id, ["test.handler"])
        async with handling.transaction() as tx:
            await tx.execute("UPDATE clock_setting SET offset_s = 99")

    case = await tried(db, notifier, does)
    assert await case.attempt() == ("claimed", None)
    assert await db.fetchval("SELECT claimed_by FROM delivery") == "another"
    assert await db.fetchval("SELECT offset_s FROM clock_setting") == 0
    assert case.told == []


async def test_a_body_that_cannot_be_read_is_parked_and_a_person_is_told(
    db: Database, notifier: RedisNotifier
) -> None:
    async def does(handling: Handling) -> None:
        raise Unparsable("no reader knows this\0")

    case = await tried(db, notifier, does)
    assert await case.attempt() == ("parked", "no reader knows this")
    assert len(case.told) == 1


def _executes(sql: str, *args: object) -> Does:
    async def does(handling: Handling) -> None:
        async with handling.transaction() as tx:
            await tx.execute(sql, *args)

    return does


def _raises(error: Exception) -> Does:
    async def does(handling: Handling) -> None:
        raise error

    return does


async def _misread(handling: Handling) -> None:
    TypeAdapter(dict[str, int]).validate_python({"n": "many"})


FINAL: dict[str, tuple[Does, str]] = {
    "a text that is no number": (
        _executes("SELECT $1::text::int", "many"),
        "InvalidTextRepresentationError",
    ),
    "a sum out of range": (
        _executes("SELECT 2147483647 + $1::int", 1),
        "NumericValueOutOfRangeError",
    ),
    "a day that is none": (
        _executes("SELECT $1::text::date", "2026-02-31"),
        "DatetimeFieldOverflowError",
    ),
    "a zero in a text": (_executes("SELECT $1::text", "a\0b"), "CharacterNotInRepertoireError"),
    "a zero in JSON": (
        _executes("""SELECT ('{"a": "\\u0000"}'::jsonb)->>'a'"""),
        "UntranslatableCharacterError",
    ),
    "an integer that the driver cannot send": (_executes("SELECT $1::int", 2**40), "DataError"),
    "a value of another type": (_executes("SELECT $1::int", "many"), "DataError"),
    "a half of a sign": (_executes("SELECT $1::text", "\ud83d"), "DataError"),
    "a model that does not validate": (_misread, "ValidationError"),
    "a broken contract": (_raises(ContractBroken("Far", "no such field")), "Far: no such field"),
    "malformed": (_raises(InvalidRequest("malformed")), "malformed"),
    "not found": (_raises(NotFound("nothing by that name")), "nothing by that name"),
    "ambiguous": (_raises(Ambiguous("two of them", ("a", "b"))), "two of them"),
    "a conflict": (_raises(Conflict("it is closed")), "it is closed"),
    "not permitted": (_raises(NotPermitted("not you")), "not you"),
}


@pytest.mark.parametrize("what", FINAL)
async def test_what_no_repeat_can_mend_is_final_at_once(
    db: Database, notifier: RedisNotifier, what: str
) -> None:
    does, cause = FINAL[what]
    case = await tried(db, notifier, does)
    state, said = await case.attempt()
    assert state == "dead"
    assert said is not None
    assert said.startswith(cause)
    assert len(case.told) == 1


@pytest.mark.parametrize(
    "error", [Unavailable("Far", "away"), OutcomeUnknown("Far", "no answer", retry_after_s=7)]
)
async def test_a_source_that_is_away_is_asked_again_for_hours(
    db: Database, notifier: RedisNotifier, error: Unavailable
) -> None:
    case = await tried(db, notifier, _raises(error))
    assert await case.attempt() == ("pending", error.reason)
    if error.retry_after_s:
        put_off = await db.fetchval("SELECT available_at - now() > interval '5 s' FROM delivery")
        assert put_off, "the source said when"
    for _ in range(MAX_ATTEMPTS - 2):
        await case.attempt()
    await case.age(hours=5)
    assert await case.attempt() == ("pending", error.reason)
    assert case.told == []
    await case.age(hours=7)
    assert await case.attempt() == ("dead", error.reason)
    assert case.told == [error.reason]


async def _cut(handling: Handling, db: Database) -> None:
    async with handling.transaction() as tx:
        me = await tx.fetchval("SELECT pg_backend_pid()")
        await asyncio.create_task(db.execute("SELECT pg_terminate_backend($1)", me))
        await tx.execute("UPDATE clock_setting SET offset_s = 99")


async def _waits_for_a_lock(handling: Handling, db: Database) -> None:
    async def impatient() -> None:
        async with handling.transaction() as tx:
            await tx.execute("SET LOCAL lock_timeout = '5ms'")
            await tx.execute("UPDATE clock_setting SET offset_s = 99")

    async with db.transaction() as other:
        await other.execute("UPDATE clock_setting SET offset_s = 0")
        await asyncio.create_task(impatient())


async def _meets_another_in_between(handling: Handling, db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await tx.fetch("SELECT * FROM clock_setting")
        await asyncio.create_task(db.execute("UPDATE clock_setting SET offset_s = 0"))
        await tx.execute("UPDATE clock_setting SET offset_s = 99")


async def _is_cancelled_by_an_administrator(handling: Handling, db: Database) -> None:
    async with handling.transaction() as tx:
        await tx.execute("SET LOCAL statement_timeout = '5ms'")
        await tx.execute("SELECT pg_sleep(60)")


PASSING: dict[str, tuple[Callable[[Handling, Database], Awaitable[None]], str]] = {
    "the connection is cut": (_cut, "InterfaceError"),
    "a lock is held": (_waits_for_a_lock, "LockNotAvailableError"),
    "a conflict of transactions": (_meets_another_in_between, "SerializationError"),
    "a statement is cancelled": (_is_cancelled_by_an_administrator, "QueryCanceledError"),
}


@pytest.mark.parametrize("what", PASSING)
async def test_a_database_in_trouble_is_asked_again_as_long_as_it_takes(
    db: Database, notifier: RedisNotifier, what: str
) -> None:
    breaks, cause = PASSING[what]
    well = asyncio.Event()

    async def does(handling: Handling) -> None:
        if not well.is_set():
            await breaks(handling, db)

    case = await tried(db, notifier, does)
    for hours in (0, 0, 30):
        await case.age(hours)
        state, said = await case.attempt()
        assert state == "pending"
        assert said is not None
        assert said.startswith(cause)
        await db.execute("UPDATE delivery SET attempts = attempts + $1", MAX_ATTEMPTS)
    well.set()
    assert await case.attempt() == ("done", None)
    assert case.told == []
    assert await db.fetchval("SELECT offset_s FROM clock_setting") == 0


async def test_two_deliveries_in_a_deadlock_are_both_done_in_the_end(
    db: Database, notifier: RedisNotifier
) -> None:
    both, begun = asyncio.Event(), list[str]()

    async def does(handling: Handling) -> None:
        mine = handling.event.payload["key"]
        async with handling.transaction() as tx:
            lock = "SELECT pg_advisory_xact_lock(hashtext($1))"
            await tx.execute(lock, mine)
            begun.append(mine)
            if len(begun) >= 2:
                both.set()
            await both.wait()
            await tx.execute(lock, "b" if mine == "a" else "a")

    worker = await worker_over(db, notifier, on(does, "k", name="test.handler"))
    events = [await accepted(db, "k", key) for key in "ab"]
    await asyncio.gather(*(worker.handle_event(event) for event in events))
    causes = [
        r["cause"] for r in await db.fetch("SELECT cause FROM delivery WHERE state = 'pending'")
    ]
    assert len(causes) == 1, "one of them is the victim"
    assert str(causes[0]).startswith("DeadlockDetectedError")
    for event in events:
        await worker.handle_event(event)
    assert await db.fetchval("SELECT count(*) FROM delivery WHERE state = 'done'") == 2


async def test_a_deadline_that_passes_twice_is_final(db: Database, notifier: RedisNotifier) -> None:
    async def does(handling: Handling) -> None:
        await asyncio.Event().wait()

    case = await tried(db, notifier, does, deadline_s=0.02)
    assert (await case.attempt())[0] == "pending"
    assert await case.attempt() == ("dead", "DeadlinePassed: test.handler took longer than 0.02 s")
    assert len(case.told) == 1


def _here(number: int) -> None:
    if number == 0:
        raise RuntimeError("here")
    if number == 1:
        raise RuntimeError("there")
    raise AuthExpired("Far", "sign in again") if number == 2 else Rejected("Far", "no")


@pytest.mark.parametrize("places", [(0, 0), (0, 1, 1), (2, 2), (3, 3), (0, 1, 2, 3, 3)])
async def test_everything_else_is_final_when_it_breaks_at_the_same_place_again(
    db: Database, notifier: RedisNotifier, places: tuple[int, ...]
) -> None:
    left = list(places)

    async def does(handling: Handling) -> None:
        _here(left.pop(0))

    case = await tried(db, notifier, does)
    states = [(await case.attempt())[0] for _ in places]
    assert states == ["pending"] * (len(places) - 1) + ["dead"]
    assert len(case.told) == 1


async def test_a_bug_is_recognised_though_the_source_was_away_in_between(
    db: Database, notifier: RedisNotifier
) -> None:
    left: list[Literal["bug", "away"]] = ["bug", "away", "bug"]

    async def does(handling: Handling) -> None:
        if left.pop(0) == "away":
            raise Unavailable("Far", "away")
        raise RuntimeError("a bug")

    case = await tried(db, notifier, does)
    assert [(await case.attempt())[0] for _ in range(3)] == ["pending", "pending", "dead"]


async def test_bugs_at_ever_new_places_come_to_an_end(
    db: Database, notifier: RedisNotifier
) -> None:
    turn = iter(range(99))

    async def does(handling: Handling) -> None:
        _here(next(turn) % 2)

    case = await tried(db, notifier, does)
    states = [(await case.attempt())[0] for _ in range(MAX_ATTEMPTS)]
    assert states == ["pending"] * (MAX_ATTEMPTS - 1) + ["dead"]


async def test_a_missing_file_is_no_database_that_is_away(
    db: Database, notifier: RedisNotifier, tmp_path: Path
) -> None:
    async def does(handling: Handling) -> None:
        (tmp_path / "no such file").read_bytes()

    case = await tried(db, notifier, does)
    assert [(await case.attempt())[0] for _ in range(2)] == ["pending", "dead"]


async def test_a_delivery_that_cannot_be_recorded_comes_back_by_its_lease(
    db: Database, notifier: RedisNotifier
) -> None:
    """The claim was lost while the handler broke: nothing is written over what the next worker
    does."""

    async def does(handling: Handling) -> None:
        await db.execute("UPDATE delivery SET lease_until = now() - interval '1 s'")
        await case.worker.sweep()
        raise InvalidRequest("no")

    case = await tried(db, notifier, does)
    assert await case.attempt() == ("pending", None)
    assert case.told == []
