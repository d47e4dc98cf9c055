"""The public API and MCP over real sockets: tokens, lists, quotas, and the four failure walks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from jarvis.engine.db import Database
from jarvis.integrations.rentprog.port import RentProg, connect
from jarvis.integrations.rentprog.sandbox import RentProgSandbox
from jarvis.kit.errors import AuthExpired, ContractBroken, NotFound, Unavailable
from jarvis.testing.core import rentprog_sandbox, rentprog_settings


@pytest.fixture
async def sandbox() -> AsyncGenerator[RentProgSandbox]:
    async with rentprog_sandbox() as running:
        yield running


@asynccontextmanager
async def client(sandbox: RentProgSandbox, db: Database, **extra: Any) -> AsyncGenerator[RentProg]:
    async with connect(rentprog_settings(sandbox, **extra), db) as rentprog:
        yield rentprog


@pytest.mark.parametrize("envelope", ["bare", "data", "jsonapi"])
async def test_lists_are_read_in_every_envelope(
    sandbox: RentProgSandbox, db: Database, envelope: Any
) -> None:
    sandbox.envelope = envelope
    async with client(sandbox, db) as rentprog:
        rows = [row async for page in rentprog.api.bookings("tbilisi") for row in page.rows]
        cars = [row async for page in rentprog.api.cars("batumi") for row in page.rows]
    assert len(rows) == sum(b["company_id"] == 101 for b in sandbox.data.bookings.values()) > 20
    assert len(cars) == sum(c["company_id"] == 102 for c in sandbox.data.cars.values())


async def test_an_unknown_envelope_is_never_read_as_empty(
    sandbox: RentProgSandbox, db: Database
) -> None:
    from jarvis.integrations.rentprog.models import unwrap

    with pytest.raises(ContractBroken):
        unwrap({"surprise": []}, "cars")


async def test_a_token_is_fetched_once_for_many_calls_and_renewed_when_refused(
    sandbox: RentProgSandbox, db: Database
) -> None:
    async with client(sandbox, db) as rentprog:
        await asyncio.gather(*(rentprog.api.car("tbilisi", 90001) for _ in range(10)))
        assert len(sandbox.tokens_given) == 1
        sandbox.faults.start("expire_token", {"times": 1})
        await rentprog.api.car("tbilisi", 90001)
        assert len(sandbox.tokens_given) == 2


async def test_a_short_token_is_renewed_by_its_exp(sandbox: RentProgSandbox, db: Database) -> None:
    sandbox.token_life_s = 11.0
    async with client(sandbox, db) as rentprog:
        await rentprog.api.car("tbilisi", 90001)
        await asyncio.sleep(1.2)
        await rentprog.api.car("tbilisi", 90001)
    assert len(sandbox.tokens_given) == 2, "ten seconds before exp the token counts as old"


async def test_a_wrong_company_token_says_so(sandbox: RentProgSandbox, db: Database) -> None:
    settings = rentprog_settings(sandbox, company_tokens={"tbilisi": "wrong"})
    async with connect(settings, db) as rentprog:
        with pytest.raises(AuthExpired):
            await rentprog.api.car("tbilisi", 90001)


async def test_another_branch_is_asked_when_one_does_not_know_the_id(
    sandbox: RentProgSandbox, db: Database
) -> None:
    async with client(sandbox, db) as rentprog:
        with pytest.raises(NotFound):
            await rentprog.api.car("batumi", 90001)
        car = await rentprog.car(90001, hint="batumi")
        assert car.code == "Malibu 235"
        with pytest.raises(NotFound):
            await rentprog.car(1, hint=None)


@pytest.mark.parametrize(
    ("fault", "args", "error"),
    [
        ("slow", {"seconds": 3}, Unavailable),
        ("refuse", {}, Unavailable),
        ("garble", {}, Unavailable),
        ("rate_limit", {"seconds": 30}, Unavailable),
    ],
)
async def test_every_failure_has_one_meaning_and_ends(
    sandbox: RentProgSandbox, db: Database, fault: str, args: dict[str, Any], error: type[Exception]
) -> None:
    async with client(sandbox, db, timeout_s=0.3) as rentprog:
        await rentprog.api.car("tbilisi", 90001)
        sandbox.faults.start(fault, args)
        with pytest.raises(error):
            await rentprog.api.car("tbilisi", 90001)
        with pytest.raises(error):
            await rentprog.mcp.whoami()
        sandbox.faults.stop()
        assert (await rentprog.api.car("tbilisi", 90001)).id == 90001
        assert (await rentprog.mcp.whoami())["user"]["name"] == "Jarvis"


@pytest.mark.parametrize("say_when", [True, False])
async def test_a_used_up_quota_is_an_honest_unavailable(
    sandbox: RentProgSandbox, db: Database, say_when: bool
) -> None:
    sandbox.quotas["get"].per_minute, sandbox.quotas["get"].say_when = 2, say_when
    async with client(sandbox, db) as rentprog:
        for _ in range(2):
            await rentprog.api.car("tbilisi", 90001)
        if say_when:
            sandbox.faults.start("rate_limit", {"seconds": 7, "times": 1})
        with pytest.raises(Unavailable) as caught:
            await rentprog.api.car("tbilisi", 90001)
    assert caught.value.retry_after_s == (7 if say_when else 60)


async def test_two_clients_share_one_branch_limit(sandbox: RentProgSandbox, db: Database) -> None:
    limits = {"get_per_minute": 4, "background_share": 0.5, "patience_s": 0.0}
    async with client(sandbox, db, **limits) as one, client(sandbox, db, **limits) as two:
        await one.api.car("tbilisi", 90001)
        await two.api.car("tbilisi", 90001)
        for rentprog in (one, two):
            with pytest.raises(Unavailable, match="our own share"):
                await rentprog.api.car("tbilisi", 90001)
        await two.api.car("batumi", 90005)


async def test_mcp_read_tools_answer_in_typed_records(
    sandbox: RentProgSandbox, db: Database
) -> None:
    async with client(sandbox, db) as rentprog:
        owed = await rentprog.receivables("batumi")
        assert {line.kind for line in owed} == {"debt", "due"}
        history = await rentprog.booking_history("tbilisi", 80001)
        assert history[0].field == "created"
        assert (await rentprog.payments("tbilisi", 80001))[0].sum > 0
        reference = await rentprog.mcp.company_reference()
        assert {b["id"] for b in reference["branches"]} == {101, 102, 103, 104}
        with pytest.raises(NotFound):
            await rentprog.booking_history("tbilisi", 1)


async def test_a_dead_server_is_left_alone_for_a_while(
    sandbox: RentProgSandbox, db: Database
) -> None:
    async with client(sandbox, db, pause_s=10.0) as rentprog:
        sandbox.faults.start("refuse", {})
        for _ in range(2):
            with pytest.raises(Unavailable):
                await rentprog.api.car("tbilisi", 90001)
        sandbox.faults.stop()
        with pytest.raises(Unavailable, match="not asked") as left:
            await rentprog.api.car("tbilisi", 90001)
        assert left.value.retry_after_s is not None
        assert await rentprog.mcp.whoami(), "the other server answers on"
