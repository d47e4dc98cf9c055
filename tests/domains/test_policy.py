"""The whole matrix of rights, role by role and tool by tool, as the guard enforces it at the
call."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from pydantic_ai import Agent, FunctionToolset
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel

from jarvis.app.build import App
from jarvis.domains.bookings.changes import Changes
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.clients.service import ClientService
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.knowledge.service import KnowledgeService
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Database
from jarvis.engine.switches import Switches
from jarvis.kit.actor import Role
from jarvis.testing.core import rentprog_sandbox, running_core
from jarvis.testing.servers import Servers
from prompts.book import PromptBook
from tools.deps import Deps, RunLedger
from tools.policy import POLICY
from tools.toolset import guard

ALL = (
    "employee branch_head department_head director sales marketing accountant mechanic admin "
    "prompt_engineer"
)
STAFF = "employee branch_head department_head director sales accountant admin"
HEADS = "branch_head department_head director"
ACTORS = f"employee {HEADS}"
MATRIX = {
    "find_car": ALL,
    "car_card": ALL,
    "list_cars": ALL,
    "check_availability": ALL,
    "search_knowledge": ALL,
    "about_jarvis": ALL,
    "find_booking": f"{STAFF} mechanic",
    "booking_card": f"{STAFF} mechanic",
    "list_bookings": f"{STAFF} mechanic",
    "check_conflicts": STAFF,
    "who_changed": STAFF,
    "client_card": STAFF,
    "list_debts": "employee branch_head department_head director accountant admin",
    "extend_booking": f"{ACTORS} sales",
    "change_booking": f"{ACTORS} sales",
    "create_booking": f"{ACTORS} sales",
    "note_booking": f"{ACTORS} sales mechanic",
    "cancel_booking": ACTORS,
    "move_car": f"{ACTORS} mechanic",
    "set_car_state": f"{ACTORS} mechanic",
    "checklist_status": f"{STAFF} mechanic",
    "start_checklist": f"{STAFF} mechanic",
    "open_topic": f"{STAFF} mechanic",
    "find_media": ALL,
    "post_to_topic": f"{ACTORS} mechanic sales",
    "subscribe_chat": f"{HEADS} admin",
    "grant_role": f"{HEADS} admin",
    "hire_employee": f"{HEADS} admin",
    "add_branch": "director admin",
}


def test_the_table_is_what_the_company_agreed_to() -> None:
    assert {tool: {role.value for role in policy.roles} for tool, policy in POLICY.items()} == {
        tool: set(roles.split()) for tool, roles in MATRIX.items()
    }
    heads = {*HEADS.split()}
    assert {
        tool: {role.value for role in policy.approvers}
        for tool, policy in POLICY.items()
        if policy.effect == "write"
    } == {
        "extend_booking": {*ACTORS.split()},
        "change_booking": {*ACTORS.split()},
        "create_booking": {*ACTORS.split()},
        "note_booking": {*ACTORS.split()},
        "cancel_booking": heads,
        "move_car": heads,
        "set_car_state": heads,
        "post_to_topic": {*ACTORS.split()},
        "subscribe_chat": {"admin"},
        "grant_role": {"admin"},
        "hire_employee": {"admin"},
        "add_branch": {"admin"},
        "open_topic": set(),
        "start_checklist": set(),
    }
    assert {tool for tool, policy in POLICY.items() if policy.scope == "branch"} == {
        "find_booking",
        "booking_card",
        "list_bookings",
        "check_conflicts",
        "list_debts",
        "who_changed",
        "client_card",
        "extend_booking",
        "change_booking",
        "note_booking",
        "cancel_booking",
        "create_booking",
        "move_car",
        "set_car_state",
        "checklist_status",
        "find_media",
        "open_topic",
        "start_checklist",
    }


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

        toolset.add_function(act, name=name)

    for name in (*POLICY, "never_labelled"):
        one(name)
    return toolset


NO_ROOMS: Any = None  # no tool here looks into them


async def _deps(core: App, db: Database, role: Role) -> Deps:
    employee = await core.get(StaffService).add(
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
        staff=core.get(StaffService),
        fleet=core.get(FleetService),
        bookings=core.get(BookingService),
        changes=core.get(Changes),
        clients=core.get(ClientService),
        knowledge=core.get(KnowledgeService),
        rooms=NO_ROOMS,
        prompts=PromptBook(),
        switches=core.get(Switches),
        run=ledger,
    )


async def test_every_role_may_call_exactly_its_tools(servers: Servers) -> None:
    agent = Agent(None, deps_type=Deps, toolsets=guard("test", _toolset()), retries=0)
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox) as core:
        for role in Role:
            deps = await _deps(core, core.db, role)
            for tool in (*POLICY, "never_labelled"):
                deps.run.tool_calls = 0  # each call is a request of its own
                allowed = role.value in MATRIX.get(tool, "").split()
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
