"""The whole matrix of rights, role by role and tool by tool, as the guard enforces it at the
call."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from pydantic_ai import Agent, FunctionToolset
from pydantic_ai.exceptions import UnexpectedModelBehavior
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel

from agents.base import role_agent
from agents.router.agent import router
from jarvis.app.build import App
from jarvis.domains.staff.administration import StaffAdministration
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Database
from jarvis.engine.switches import Switches
from jarvis.kit.actor import Role
from jarvis.testing.core import rentprog_sandbox, running_core
from jarvis.testing.servers import Servers
from prompts.book import PromptBook
from tools.decorators import new_toolset
from tools.deps import Deps, RunLedger
from tools.policy import LABEL, matrix
from tools.refusals import deny, refuse
from tools.toolset import guard

UNLABELLED = "never_labelled"


def _calling(tool: str) -> FunctionModel:
    """A model that calls a tool whether it sees it or not, and repeats what came back."""

    def script(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        last = messages[-1]
        results = (
            [p for p in last.parts if isinstance(p, ToolReturnPart)]
            if isinstance(last, ModelRequest)
            else []
        )
        if results:
            return ModelResponse(
                parts=[TextPart(f"{results[-1].outcome}: {results[-1].model_response_str()}")]
            )
        return ModelResponse(parts=[ToolCallPart(tool, {})])

    return FunctionModel(script)


def _toolset() -> FunctionToolset[Deps]:
    toolset = FunctionToolset[Deps](id="matrix")

    def one(name: str) -> None:
        async def act() -> str:
            """Act."""
            return f"acted by {name}"

        policy = matrix().get(name)
        toolset.add_function(act, name=name, metadata=None if policy is None else {LABEL: policy})

    for name in (*matrix(), UNLABELLED):
        one(name)
    return toolset


async def _deps(core: App, db: Database, role: Role) -> Deps:
    employee = await core.get(StaffAdministration).add(
        name=f"{role.value} {uuid4()}",
        role=role,
        branch="batumi",
        all_branches=False,
        language="ru",
    )
    actor = await core.get(StaffService).actor(employee)
    assert actor is not None
    run: Any = uuid4()
    event = (
        await core.journal.accept(source="t", kind="t", dedup_key=str(run), payload={})
    ).event_id
    ledger = RunLedger(
        db=db,
        run_id=run,
        event_id=event,
        conversation_id=run,
        trace_id="t",
        request="x",
        private=True,
    )
    return Deps(
        actor=actor,
        now=core.clock.now(),
        services=core.services,
        prompts=PromptBook(),
        switches=core.get(Switches),
        run=ledger,
    )


async def test_every_role_may_call_exactly_its_tools(servers: Servers) -> None:
    agent = Agent(None, deps_type=Deps, toolsets=guard("test", _toolset()), retries=0)
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox) as core:
        for role in Role:
            deps = await _deps(core, core.db, role)
            for tool in (*matrix(), UNLABELLED):
                deps.run.tool_calls = 0  # each call is a request of its own
                allowed = tool != UNLABELLED and role in matrix()[tool].roles
                try:
                    said = (await agent.run("go", deps=deps, model=_calling(tool))).output
                # a tool that is not shown cannot be called: the run ends
                except Exception as error:
                    said = f"{type(error).__name__}: {error}"
                assert ("acted by" in said) is allowed, (role, tool, said)


@pytest.mark.parametrize(
    "change", ["UPDATE employee SET role = 'mechanic'", "UPDATE employee SET dismissed_at = now()"]
)
async def test_a_right_lost_between_seeing_and_calling_is_lost(
    servers: Servers, change: str
) -> None:
    agent = Agent(None, deps_type=Deps, toolsets=guard("test", _toolset()))
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox) as core:
        deps = await _deps(core, core.db, Role.ACCOUNTANT)
        assert "acted by" in (await agent.run("go", deps=deps, model=_calling("list_debts"))).output
        await core.db.execute(change)
        said = (await agent.run("go", deps=deps, model=_calling("list_debts"))).output
        assert said.startswith("failed: ")
        assert "Not allowed" in said
        denied = await core.db.fetchval(
            "SELECT count(*) FROM audit_entry WHERE action = 'tool.list_debts' AND outcome = "
            "'denied'"
        )
        assert denied == 1


def _insisting(tool: str, arguments: str | dict[str, Any]) -> FunctionModel:
    """A model that calls a tool until its run is ended."""

    def script(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        return ModelResponse(parts=[ToolCallPart(tool, arguments)])

    return FunctionModel(script)


@pytest.mark.parametrize(
    ("tool", "arguments", "action", "reason"),
    [
        (
            "list_debts",
            {"branch": "batumi", "client": "\0", "odd": float("nan")},
            "tool.list_debts",
            "the role mechanic may not use list_debts",
        ),
        ("find_booking", {"car": "235"}, "tool.find_booking", "this agent has no such tool"),
        ("drop_everything", "{not json", "tool.unknown", "there is no such tool"),
        ("x" * 500 + "\n", "", "tool.unknown", "there is no such tool"),
    ],
)
async def test_every_call_of_a_tool_that_was_not_offered_is_on_record(
    servers: Servers, tool: str, arguments: str | dict[str, Any], action: str, reason: str
) -> None:
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox) as core:
        for agent in (role_agent("guide", new_toolset("empty")), router):
            deps = await _deps(core, core.db, Role.MECHANIC)
            with pytest.raises(UnexpectedModelBehavior):
                await agent.run("go", deps=deps, model=_insisting(tool, arguments))
            rows = await core.db.fetch(
                """SELECT a.action, a.actor_employee_id, p.body FROM audit_entry a
                     JOIN audit_payload p ON p.audit_entry_id = a.id
                    WHERE a.outcome = 'denied' AND a.event_id = $1""",
                deps.run.event_id,
            )
            calls = [step for step in deps.run.steps if step.kind == "refused"]
            assert len(rows) == len(calls) == 3, "each call, also the one that ended the run"
            for row in rows:
                details = json.loads(row["body"])["details"]
                assert row["action"] == action
                assert row["actor_employee_id"] == deps.actor.employee_id
                assert details["tool"] == tool.strip()[:60]
                assert details["reason"] == reason
                assert re.fullmatch(r"[0-9a-f]{64}", details["arguments"])


async def test_a_refusal_block_about_a_refused_call_is_no_second_refusal(servers: Servers) -> None:
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox) as core:
        deps = await _deps(core, core.db, Role.MECHANIC)
        await deny(deps, "list_debts", {"branch": "batumi"}, "hidden")
        for tool in ("list_debts", "who_changed"):
            await refuse(deps, tool, None, "a block of the answer")
        assert [
            row["action"]
            for row in await core.db.fetch(
                "SELECT action FROM audit_entry WHERE outcome = 'denied' ORDER BY at, id"
            )
        ] == ["tool.list_debts", "tool.who_changed"]
