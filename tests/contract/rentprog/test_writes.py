"""Writes over MCP and over the public API, on real sockets; RentProg's ledger says what was really
done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest

from jarvis.engine.db import Database
from jarvis.engine.effects import Effect, Lane
from jarvis.integrations.rentprog import kinds
from jarvis.integrations.rentprog.effects import RentProgEffects
from jarvis.integrations.rentprog.port import RentProg, connect
from jarvis.integrations.rentprog.sandbox import RentProgSandbox
from jarvis.integrations.rentprog.sandbox.operations import INJECTED
from jarvis.kit.errors import IntegrationError, NotFound, OutcomeUnknown, Rejected, Unavailable
from jarvis.testing.core import NOW, rentprog_sandbox, rentprog_settings

EXTENSION: dict[str, Any] = {"booking_id": 80001, "end_date": "15-03-2026 12:00", "price": 100}


@pytest.fixture
async def sandbox() -> AsyncGenerator[RentProgSandbox]:
    async with rentprog_sandbox() as running:
        yield running


@asynccontextmanager
async def client(sandbox: RentProgSandbox, db: Database, **extra: Any) -> AsyncGenerator[RentProg]:
    async with connect(rentprog_settings(sandbox, **extra), db) as rentprog:
        yield rentprog


def effect(kind: str, args: dict[str, Any], attempt: int = 1) -> Effect:
    return Effect(
        id=uuid4(),
        kind=kind,
        target="t",
        idempotency_key="k",
        args=args,
        attempt=attempt,
        fence=1,
        lane=Lane.NORMAL,
        trace_id="0" * 32,
        requested_at=NOW,
        effect_class="A",
    )


def write(key: str, token: str | None = None, **arguments: Any) -> dict[str, Any]:
    return {
        "tool": "extend_booking",
        "arguments": EXTENSION | arguments,
        "company": 101,
        "key": key,
        "token": token,
    }


async def test_a_preview_writes_nothing_and_its_token_writes_once(
    sandbox: RentProgSandbox, db: Database
) -> None:
    async with client(sandbox, db) as rentprog:
        preview = await rentprog.mcp.write(
            "extend_booking", EXTENSION, company=101, key="key-12345"
        )
        assert preview.status == "previewed"
        assert preview.changes["total"] == [400.0, 500.0]
        assert not sandbox.ledger.entries()
        carry = RentProgEffects(rentprog).write
        for _ in range(3):
            receipt = await carry(
                effect("rentprog.extend_booking", write("key-12345", preview.preview_token))
            )
            assert receipt.facts["entity"] == 80001
        assert [e["kind"] for e in sandbox.ledger.entries()] == ["extend_booking"], (
            "three calls under one key are one write"
        )
        with pytest.raises(Rejected, match="another operation"):
            await carry(
                effect(
                    "rentprog.extend_booking", write("key-12345", preview.preview_token, price=1)
                )
            )


async def test_without_a_preview_the_handler_makes_one_and_goes_on(
    sandbox: RentProgSandbox, db: Database
) -> None:
    async with client(sandbox, db) as rentprog:
        await RentProgEffects(rentprog).write(
            effect("rentprog.extend_booking", write("key-undo-1"))
        )
    assert len(sandbox.ledger.entries()) == 1


@pytest.mark.parametrize("level", ["direct", "approve", "read"])
async def test_every_level_of_the_key(sandbox: RentProgSandbox, db: Database, level: Any) -> None:
    sandbox.operations.levels["crm"] = level
    async with client(sandbox, db) as rentprog:
        assert await rentprog.level("extend_booking") == level
        carried = RentProgEffects(rentprog).write(
            effect("rentprog.extend_booking", write("key-level"))
        )
        if level == "direct":
            await carried
        else:
            with pytest.raises(IntegrationError) as error:
                await carried
            assert isinstance(error.value, Unavailable) is (level == "approve"), (
                "an approval in RentProg is waited for"
            )
    assert len(sandbox.ledger.entries()) == (0 if level == "read" else 1)


@pytest.mark.parametrize(
    ("fault", "args", "error"),
    [
        ("stale", {}, Rejected),
        ("fail", {}, Rejected),
        ("outcome_unknown", {}, OutcomeUnknown),
        ("pending", {}, Unavailable),
        ("down", {}, Unavailable),
        ("rate_limit", {}, Unavailable),
        ("garble", {}, IntegrationError),
    ],
)
async def test_every_refusal_has_one_meaning(
    sandbox: RentProgSandbox, db: Database, fault: str, args: dict[str, Any], error: type[Exception]
) -> None:
    async with client(sandbox, db) as rentprog:
        preview = await rentprog.mcp.write(
            "extend_booking", EXTENSION, company=101, key="key-fault"
        )
        sandbox.faults.start(fault, args)
        with pytest.raises(error):
            await RentProgEffects(rentprog).write(
                effect("rentprog.extend_booking", write("key-fault", preview.preview_token))
            )


async def test_an_accepted_write_is_asked_for_until_it_is_done(
    sandbox: RentProgSandbox, db: Database
) -> None:
    sandbox.faults.start("accept", {"polls": 2})
    async with client(sandbox, db) as rentprog:
        await RentProgEffects(rentprog).write(effect("rentprog.extend_booking", write("key-slow1")))
    assert len(sandbox.ledger.entries()) == 1


async def test_a_lost_answer_is_asked_for_again_under_the_same_key(
    sandbox: RentProgSandbox, db: Database
) -> None:
    async with client(sandbox, db, timeout_s=0.5) as rentprog:
        sandbox.faults.start("lose_answer", {"times": 1, "seconds": 2})
        carry, arguments = RentProgEffects(rentprog).write, write("key-lost1")
        with pytest.raises(Unavailable):
            await carry(effect("rentprog.extend_booking", arguments))
        await carry(effect("rentprog.extend_booking", arguments, attempt=2))
    assert len(sandbox.ledger.entries()) == 1


async def test_an_outcome_that_rentprog_lost_after_the_work_is_found_under_its_key(
    sandbox: RentProgSandbox, db: Database
) -> None:
    sandbox.operations.levels["crm"] = "direct"
    sandbox.faults.start("outcome_unknown", {"times": 1, "done": 1})
    async with client(sandbox, db) as rentprog:
        carry = RentProgEffects(rentprog).write
        with pytest.raises(OutcomeUnknown):
            await carry(effect("rentprog.extend_booking", write("key-unkn1")))
        await carry(effect("rentprog.extend_booking", write("key-unkn1"), attempt=2))
    assert len(sandbox.ledger.entries()) == 1


async def test_words_inside_a_result_reach_nobody(sandbox: RentProgSandbox, db: Database) -> None:
    sandbox.faults.start("inject", {})
    async with client(sandbox, db) as rentprog:
        receipt = await RentProgEffects(rentprog).write(
            effect("rentprog.extend_booking", write("key-words"))
        )
    assert INJECTED not in str(receipt.facts)
    assert set(receipt.facts) <= {"operation", "entity", "number"}


async def test_the_public_api_reads_back_before_it_repeats(
    sandbox: RentProgSandbox, db: Database
) -> None:
    args = {"branch": "tbilisi", "booking_id": 80001, "fields": {"end_date": "15-03-2026 12:00"}}
    async with client(sandbox, db, timeout_s=0.5) as rentprog:
        carry = RentProgEffects(rentprog).public_update
        sandbox.faults.start("lose_answer", {"times": 1, "seconds": 2})
        with pytest.raises(Unavailable):
            await carry(effect(kinds.PUBLIC_UPDATE_BOOKING.name, args))
        assert (await carry(effect(kinds.PUBLIC_UPDATE_BOOKING.name, args, attempt=2))).facts[
            "read_back"
        ]
        assert len(sandbox.ledger.entries()) == 1
        with pytest.raises(NotFound):
            await carry(effect(kinds.PUBLIC_UPDATE_BOOKING.name, args | {"booking_id": 1}))
        with pytest.raises(Rejected, match="after the start"):
            await carry(
                effect(
                    kinds.PUBLIC_UPDATE_BOOKING.name,
                    args | {"fields": {"end_date": "01-01-2026 12:00"}},
                )
            )


async def test_a_booking_created_twice_over_the_public_api_is_one(
    sandbox: RentProgSandbox, db: Database
) -> None:
    fields = {
        "car_id": 90038,
        "start_date": "20-04-2026 10:00",
        "end_date": "22-04-2026 10:00",
        "days": 2,
        "phone": "8 (910) 555-10-20",
        "name": "Олег",
        "lastname": "Рудин",
    }
    args = {"branch": "tbilisi", "fields": fields, "search": "Рудин"}
    async with client(sandbox, db, timeout_s=0.5) as rentprog:
        carry = RentProgEffects(rentprog).public_create
        sandbox.faults.start("lose_answer", {"times": 1, "seconds": 2})
        with pytest.raises(Unavailable):
            await carry(effect(kinds.PUBLIC_CREATE_BOOKING.name, args))
        found = await carry(effect(kinds.PUBLIC_CREATE_BOOKING.name, args, attempt=2))
    assert found.facts["read_back"]
    assert len(sandbox.ledger.entries()) == 1
    assert sandbox.data.bookings[found.facts["entity"]]["client_id"] == 70001, (
        "the client of that phone, not a second one"
    )


async def test_sixty_calls_a_minute_and_then_a_wait(sandbox: RentProgSandbox, db: Database) -> None:
    sandbox.quotas["mcp"].per_minute = 60
    async with client(sandbox, db) as rentprog:
        outcomes = await asyncio.gather(
            *(rentprog.mcp.whoami() for _ in range(61)), return_exceptions=True
        )
    refused = [o for o in outcomes if isinstance(o, Unavailable)]
    assert len(refused) == 1
    assert refused[0].retry_after_s is not None


async def test_our_own_share_stays_below_rentprogs(sandbox: RentProgSandbox, db: Database) -> None:
    async with client(sandbox, db, mcp_per_minute=4, patience_s=0.1) as rentprog:
        outcomes = await asyncio.gather(
            *(rentprog.mcp.whoami() for _ in range(6)), return_exceptions=True
        )
    assert sum(isinstance(o, Unavailable) for o in outcomes) >= 3
