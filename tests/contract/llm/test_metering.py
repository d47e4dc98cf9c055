"""Budgets and breakers before providers, over their real protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from pydantic_ai import Agent, models

from agents.offline import offline_model
from agents.router.output import Route
from jarvis.app.role import roles
from jarvis.engine.budgets import Budgets
from jarvis.engine.db import Database
from jarvis.integrations.llm.chain import build_chain
from jarvis.integrations.llm.metering import REQUEST_CALLS, Meter, RequestSpending
from jarvis.integrations.llm.sandbox import LlmSandbox
from jarvis.integrations.llm.sandbox.server import ScriptedAnswer
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.kit.clock import OffsetClock
from jarvis.language.offline import NAME

agent = Agent(None, output_type=Route, name="metered")


def to_fleet(body: Mapping[str, Any]) -> ScriptedAnswer:
    tool = body["tools"][0]
    name = tool["function"]["name"] if "function" in tool else tool["name"]
    return ScriptedAnswer(
        calls=[(name, {"delegations": [{"role": "fleet", "request": "x", "reason": "model"}]})]
    )


def metered(
    db: Database, sandbox: LlmSandbox, *, deadline_s: float = 0.5, **limits: Any
) -> tuple[Meter, Any]:
    llm = LlmSettings(
        chain=("openai:gpt-4o",),
        openai_api_key=SecretStr("k"),
        openai_base_url=sandbox.openai_url,
        deadline_s=deadline_s,
        **limits,
    )
    meter = Meter(Budgets(db, OffsetClock()), llm)
    return meter, build_chain(llm, offline_model(roles()["router"], OffsetClock()), meter)


async def ask(
    meter: Meter, chain: Any, employee: UUID | None = None, times: int = 1
) -> tuple[RequestSpending, list[str]]:
    """The spending of one request of several model calls at once, and who answered them."""
    with models.override_allow_model_requests(True), meter.opened(employee) as spending:
        found = await asyncio.gather(
            *(agent.run("кто нам должен?", model=chain) for _ in range(times))
        )
    return spending, [str(result.response.model_name) for result in found]


async def account(db: Database, name: str) -> Mapping[str, Any]:
    row = await db.fetchrow(
        "SELECT calls, cost_micro_usd, busy_ms FROM budget WHERE account = $1", name
    )
    return dict(row) if row is not None else {}


async def test_a_call_is_reserved_before_and_settled_after_it(db: Database) -> None:
    employee = uuid4()
    async with LlmSandbox(to_fleet).running() as sandbox:
        meter, chain = metered(db, sandbox)
        sandbox.faults.start("hang", {"seconds": 0.2})
        running = asyncio.create_task(ask(meter, chain, employee))
        while not sandbox.requests:
            await asyncio.sleep(0.01)
        held = await account(db, f"employee:{employee}")
        spending, answered = await running
    settled = await account(db, f"employee:{employee}")
    assert answered == ["gpt-4o"]
    assert held["calls"] == settled["calls"] == 1
    assert held["busy_ms"] == 500
    assert held["cost_micro_usd"] > 4000 * 10, "the dearest answer at ten dollars a million tokens"
    assert 200 <= settled["busy_ms"] < 500
    assert settled["cost_micro_usd"] == spending.cost_micro_usd == 75, (
        "10 tokens in at 2.50, 5 out at 10.00 a million"
    )
    assert await account(db, "house") == settled


@pytest.mark.parametrize(
    ("limits", "whose"),
    [
        ({"employee_day_calls": 2}, "employee"),
        ({"house_day_calls": 2}, "house"),
        ({"request_usd": 0.1}, "request"),
        ({"employee_day_usd": 0.1}, "employee"),
        ({"house_day_min": 7.2 / 60}, "house"),
    ],
)
async def test_a_budget_is_never_overdrawn_by_calls_at_once(
    db: Database, limits: dict[str, Any], whose: str
) -> None:
    async with LlmSandbox(to_fleet).running() as sandbox:
        # long enough for a call to arrive on a busy machine
        meter, chain = metered(db, sandbox, deadline_s=3.0, **limits)
        sandbox.faults.start("hang", {"seconds": 0.2})
        spending, answered = await ask(meter, chain, uuid4(), times=6)
    assert len(sandbox.requests) == 2, "two reservations fit"
    assert sorted(answered) == sorted(["gpt-4o"] * 2 + [NAME] * 4)
    assert spending.spent == whose


async def test_one_request_makes_at_most_twelve_calls_of_providers(db: Database) -> None:
    async with LlmSandbox(to_fleet).running() as sandbox:
        # none is late on a busy machine: late ones would open the breaker
        meter, chain = metered(db, sandbox, deadline_s=30.0)
        spending, _ = await ask(meter, chain, uuid4(), times=REQUEST_CALLS + 3)
    assert len(sandbox.requests) == REQUEST_CALLS
    assert spending.spent == "request"


async def test_one_employee_does_not_spend_what_another_may(db: Database) -> None:
    async with LlmSandbox(to_fleet).running() as sandbox:
        meter, chain = metered(db, sandbox, employee_day_calls=1)
        first, second = uuid4(), uuid4()
        assert (await ask(meter, chain, first))[1] == ["gpt-4o"]
        assert (await ask(meter, chain, first))[1] == [NAME]
        assert (await ask(meter, chain, second))[1] == ["gpt-4o"]


async def test_what_a_provider_refused_costs_nothing_and_silence_keeps_its_reservation(
    db: Database,
) -> None:
    async with LlmSandbox(to_fleet).running() as sandbox:
        meter, chain = metered(db, sandbox)
        sandbox.faults.start("refuse", {})
        assert (await ask(meter, chain))[0].cost_micro_usd == 0
        sandbox.faults.stop()
        sandbox.faults.start("hang", {"seconds": 5})
        spending, answered = await ask(meter, chain)
        assert answered == [NAME]
        assert spending.cost_micro_usd > 40_000
        assert (await account(db, "house"))["cost_micro_usd"] == spending.cost_micro_usd


@pytest.mark.parametrize("fault", ["refuse", "hang", "garble"])
async def test_a_provider_that_keeps_failing_is_left_alone(db: Database, fault: str) -> None:
    async with LlmSandbox(to_fleet).running() as sandbox:
        meter, chain = metered(db, sandbox)
        sandbox.faults.start(fault, {"seconds": 5})
        for _ in range(7):
            assert (await ask(meter, chain))[1] == [NAME]
    assert len(sandbox.requests) == 5, "after five failures in a row nobody waits for it"


async def test_a_quota_does_not_open_the_breaker(db: Database) -> None:
    async with LlmSandbox(to_fleet).running() as sandbox:
        meter, chain = metered(db, sandbox)
        sandbox.faults.start("rate_limit", {})
        for _ in range(7):
            await ask(meter, chain)
    assert len(sandbox.requests) == 7
