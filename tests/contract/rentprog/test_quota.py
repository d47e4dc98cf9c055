"""RentProg's quota, shared out: a loop or a flood of one leaves the others theirs, and orders find
room. On real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from jarvis.engine import effects
from jarvis.engine.behalf import Behalf, on_behalf
from jarvis.engine.db import Database
from jarvis.engine.dispatcher import Dispatcher
from jarvis.engine.effects import Origin
from jarvis.engine.notifier import RedisNotifier
from jarvis.integrations.rentprog import kinds
from jarvis.integrations.rentprog.effects import RentProgEffects
from jarvis.integrations.rentprog.port import RentProg, connect
from jarvis.integrations.rentprog.sandbox import RentProgSandbox
from jarvis.kit.errors import LimitReached, NotFound, Unavailable
from jarvis.testing.core import rentprog_sandbox, rentprog_settings, until

NINO, LASHA = Behalf(kind="person", who="telegram:1"), Behalf(kind="person", who="telegram:2")
HOOK, TURN = (
    Behalf(kind="background", who="rentprog:tbilisi"),
    Behalf(kind="background", who="rentprog:tbilisi", put_off=True),
)
JOB = Behalf(kind="background", who="rentprog.load", waits=True)
ORDER = Behalf(kind="order", who="rentprog:booking:1")


@pytest.fixture
async def sandbox() -> AsyncGenerator[RentProgSandbox]:
    async with rentprog_sandbox() as running:
        yield running


@pytest.fixture
async def rentprog(sandbox: RentProgSandbox, db: Database) -> AsyncGenerator[RentProg]:
    """As in life: 40 reads a minute of a branch."""
    async with connect(
        rentprog_settings(
            sandbox, get_per_minute=40, mcp_per_minute=50, person_patience_s=0.0, person_share=0.25
        ),
        db,
    ) as opened:
        with on_behalf(ORDER):
            await opened.api.ping("tbilisi")
        yield opened


async def _loop(rentprog: RentProg, whose: Behalf, times: int) -> tuple[int, list[LimitReached]]:
    """So many different reads: how many went through, and what became of the others."""
    with on_behalf(whose):
        done = await asyncio.gather(
            *(rentprog.api.car("tbilisi", n) for n in range(1, times + 1)), return_exceptions=True
        )
    refused = [found for found in done if isinstance(found, LimitReached)]
    return times - len(refused), refused


def _asked(sandbox: RentProgSandbox) -> int:
    return len(sandbox.calls("tbilisi:get"))


async def test_one_who_loops_is_refused_while_another_and_an_order_go_through(
    sandbox: RentProgSandbox, rentprog: RentProg
) -> None:
    through, refused = await _loop(rentprog, NINO, 40)
    assert through == _asked(sandbox) == 10, "a quarter of forty"
    assert all(0 < error.wait_s <= 60 and error.own for error in refused)
    with on_behalf(LASHA):
        assert (await rentprog.api.car("tbilisi", 90001)).id == 90001
    with on_behalf(ORDER):
        assert (await rentprog.api.booking("tbilisi", 80001)).id == 80001


async def test_what_one_account_refuses_takes_nothing_from_another(
    rentprog: RentProg, db: Database
) -> None:
    await _loop(rentprog, NINO, 10)
    before = await db.fetch("SELECT name, taken FROM rate_window ORDER BY name")
    _, refused = await _loop(rentprog, NINO, 30)
    assert len(refused) == 30
    assert await db.fetch("SELECT name, taken FROM rate_window ORDER BY name") == before


@pytest.mark.parametrize("people_first", [True, False])
async def test_all_people_and_the_background_together_leave_orders_theirs(
    sandbox: RentProgSandbox, rentprog: RentProg, people_first: bool
) -> None:
    crowd = [Behalf(kind="person", who=f"telegram:{n}") for n in range(5)]
    callers = [*((one, 10) for one in crowd), (HOOK, 40)]
    through = [
        await _loop(rentprog, *one) for one in (callers if people_first else reversed(callers))
    ]
    counts = [count for count, _ in through]
    if people_first:
        assert sum(counts[:-1]) == 24, "three fifths of forty"
        assert not any(error.own for error in through[-1][1])
    else:
        assert counts[0] == 12, "three tenths of forty"
    assert sum(counts) == 32, "a fifth is left alone"
    orders, _ = await _loop(rentprog, ORDER, 20)
    assert orders == 8
    assert _asked(sandbox) == 40


async def test_work_that_is_put_back_gets_one_turn_after_another(rentprog: RentProg) -> None:
    through, refused = await _loop(rentprog, HOOK, 40)
    assert through == 12, "three tenths of forty"
    waits = sorted(error.wait_s for error in refused)
    apart = [later - sooner for sooner, later in pairwise(waits)]
    assert min(apart) > 4.9, "five seconds a turn: twelve a minute"
    assert waits[-1] > 27 * 4.9


async def test_who_comes_anew_stands_behind_those_who_have_a_turn(
    rentprog: RentProg, db: Database
) -> None:
    _, refused = await _loop(rentprog, HOOK, 15)
    await db.execute("UPDATE rate_window SET taken = '{}'")  # the minute passes
    new, behind = await _loop(rentprog, HOOK, 1)
    assert new == 0
    assert behind[0].wait_s > max(error.wait_s for error in refused)
    assert (await _loop(rentprog, TURN, 1))[0] == 1


async def test_no_turn_is_further_away_than_its_reason_lasts(rentprog: RentProg) -> None:
    _, refused = await _loop(rentprog, HOOK, 250)
    waits = [error.wait_s for error in refused]
    assert max(waits) < 700
    assert len({round(wait) for wait in waits}) > 150, (
        "nor do they all come back in the same second"
    )


async def test_a_flood_of_rereads_leaves_an_order_its_reading_back(
    sandbox: RentProgSandbox, db: Database, notifier: RedisNotifier
) -> None:
    async with connect(
        rentprog_settings(sandbox, get_per_minute=10, timeout_s=0.5, patience_s=0.0), db
    ) as rentprog:
        for whose in (HOOK, JOB, NINO, LASHA):
            await _loop(rentprog, whose, 20)
        before = _asked(sandbox)
        sandbox.faults.start("lose_answer", {"times": 1, "seconds": 2})
        args: dict[str, Any] = {
            "branch": "tbilisi",
            "booking_id": 80001,
            "fields": {"description": "у выхода"},
        }
        async with db.transaction() as tx:
            await effects.request(
                tx,
                Origin(event_id=None, trace_id="0" * 32),
                kind=kinds.PUBLIC_UPDATE_BOOKING,
                target="t",
                args=args,
                key=str(uuid4()),
            )
        handlers = RentProgEffects(rentprog).handlers
        carrying = asyncio.create_task(
            Dispatcher(
                db,
                notifier,
                name="d",
                system="rentprog",
                handlers=handlers,
                limits=lambda _effect: (),
            ).run()
        )

        async def done() -> bool:
            return await db.fetchval("SELECT state FROM effect") == "done"

        await until(done)
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
    assert (await db.fetchval("SELECT receipt FROM effect"))["read_back"]
    assert _asked(sandbox) == before + 1
    assert len(sandbox.ledger.entries()) == 1


async def test_a_search_that_a_limit_cut_off_goes_on_where_it_stood(
    sandbox: RentProgSandbox, db: Database
) -> None:
    async with connect(
        rentprog_settings(sandbox, get_per_minute=10, reread_share=0.1), db
    ) as rentprog:
        with on_behalf(TURN):
            await rentprog.api.car("batumi", 90005)
            with pytest.raises(LimitReached):
                await rentprog.booking(1, hint="tbilisi")
            await db.execute(
                "UPDATE rate_window SET taken = '{}' WHERE name NOT LIKE 'rentprog:tbilisi:get%'"
            )
            with pytest.raises(NotFound):
                await rentprog.booking(1, hint="tbilisi")
    assert _asked(sandbox) == 1, "tbilisi has answered before"


async def test_a_quota_that_rentprog_counts_is_a_limit_too_and_is_not_asked_again(
    sandbox: RentProgSandbox, rentprog: RentProg
) -> None:
    sandbox.quotas["get"].per_minute = 1
    with on_behalf(NINO):
        await rentprog.api.car("tbilisi", 90001)
    # five failures in a row would open the breaker
    through, refused = await _loop(rentprog, NINO, 8)
    assert through == 0
    assert not any(error.own for error in refused)
    assert _asked(sandbox) == 1
    sandbox.quotas["get"].per_minute = 120
    with on_behalf(LASHA):
        assert (await rentprog.api.car("tbilisi", 90001)).id == 90001


async def test_an_hour_of_mcp_has_its_limit_as_well(sandbox: RentProgSandbox, db: Database) -> None:
    async with connect(rentprog_settings(sandbox, mcp_per_hour=3), db) as rentprog:
        with on_behalf(ORDER):
            for _ in range(3):
                await rentprog.mcp.whoami()
            with pytest.raises(LimitReached) as caught:
                await rentprog.mcp.whoami()
    assert caught.value.wait_s > 3000
    assert isinstance(caught.value, Unavailable)
