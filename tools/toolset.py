"""The guard around every toolset: rights at listing and at the call, steps, taint, and our errors
as text for the model."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from pydantic_ai import ApprovalRequired, ModelRetry, RunContext, ToolFailed
from pydantic_ai.toolsets import AbstractToolset, CombinedToolset, ToolsetTool, WrapperToolset
from pydantic_core import to_jsonable_python

from jarvis.domains.staff.service import StaffService
from jarvis.engine.approval_models import Step
from jarvis.engine.freshness import Limited
from jarvis.engine.planned import PlannedWrite
from jarvis.engine.switches import Switch, Switches
from jarvis.kit.errors import (
    ExpectedError,
    Impossible,
    IntegrationError,
    InvalidRequest,
    LimitReached,
    NotPermitted,
    Rejected,
    Unavailable,
)
from jarvis.messaging.facts import ProblemFact, SwitchedOffFact
from tools import choices
from tools.deps import Deps
from tools.policy import ToolPolicy, labelled
from tools.refusals import deny, refuse

MAX_TOOL_CALLS = 20


def guard(role: str, *toolsets: AbstractToolset[Deps]) -> list[AbstractToolset[Deps]]:
    """Return these toolsets behind the guard of an agent's role."""
    return [Guarded(CombinedToolset(list(toolsets)), role)]


@dataclass
class Guarded(WrapperToolset[Deps]):
    """The only enforcement point of the policies of tools.

    A write tool only plans: its plan waits on a card. In a run that is resumed after the decision,
    the call must be the approved one, argument by argument; its write has been requested by then,
    and the call returns its outcome.
    """

    role: str

    async def get_tools(self, ctx: RunContext[Deps]) -> dict[str, ToolsetTool[Deps]]:
        tools, read = await super().get_tools(ctx), dict[str, choices.Values]()
        return {
            name: replace(tool, tool_def=await choices.offered(tool.tool_def, ctx.deps, read))
            for name, tool in tools.items()
            if ctx.deps.actor.role in labelled(tool.tool_def.metadata).roles
        }

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[Deps], tool: ToolsetTool[Deps]
    ) -> Any:
        run, began = ctx.deps.run, time.monotonic()
        policy = labelled(tool.tool_def.metadata)
        run.tool_calls += 1
        if run.tool_calls > MAX_TOOL_CALLS:
            raise ToolFailed("The request has used all its tool calls; answer with what is known.")
        try:
            await _check(name, policy, ctx.deps)
            choices.check(tool.tool_def, tool_args)
            result = await self._call(name, tool_args, ctx, tool, policy)
        except ApprovalRequired:
            run.step("tool", name, began=began, arguments=tool_args, outcome="waits for approval")
            raise
        except NotPermitted as error:
            await deny(ctx.deps, name, to_jsonable_python(tool_args), str(error))
            await refuse(ctx.deps, name, _branch_said(tool_args), str(error))
            run.step("refused", name, began=began, arguments=tool_args, outcome=str(error))
            raise ToolFailed(
                f"Not allowed: {error}. Answer with a refusal block for {name}."
            ) from error
        except InvalidRequest as error:
            run.step("error", name, began=began, arguments=tool_args, outcome=str(error))
            raise ModelRetry(str(error)) from error
        except (ExpectedError, Rejected) as error:
            run.step("error", name, began=began, arguments=tool_args, outcome=str(error))
            raise ToolFailed(str(error)) from error
        except Unavailable as error:
            run.unanswered.add(name)
            run.step("error", name, began=began, arguments=tool_args, outcome=error.reason)
            raise ToolFailed(_unavailable(error)) from error
        except IntegrationError as error:
            run.unanswered.add(name)
            run.step("error", name, began=began, arguments=tool_args, outcome=error.reason)
            raise ToolFailed(f"{error.system} needs our repair; say so and stop.") from error
        except asyncio.CancelledError:
            run.unanswered.add(name)
            run.step(
                "error", name, began=began, arguments=tool_args, outcome="cut off by its deadline"
            )
            raise
        if policy.untrusted:
            await run.taint(f"read by {name}")
        run.step("tool", name, began=began, arguments=tool_args, outcome=str(result)[:400])
        return result

    async def _call(
        self,
        name: str,
        tool_args: dict[str, Any],
        ctx: RunContext[Deps],
        tool: ToolsetTool[Deps],
        policy: ToolPolicy,
    ) -> Any:
        write = policy.effect == "write"
        if (
            stop := await ctx.deps.switches.stops(
                agent=self.role, tool=name, branch=None, write=write
            )
        ) is not None:
            return await self._stopped(name, stop, ctx.deps)
        try:
            if not write or policy.approval == "never":
                return await super().call_tool(name, tool_args, ctx, tool)
            return await self._write(name, tool_args, ctx, tool)
        except Impossible as error:
            facts = ctx.deps.run.facts
            fact = facts.add(ProblemFact(tool=name, reason=error.reason, values=error.values))
            return f"[{fact}] It cannot be: {error}. Show this fact."

    async def _write(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[Deps], tool: ToolsetTool[Deps]
    ) -> Any:
        run, key = ctx.deps.run, ctx.tool_call_id or ""
        arguments = to_jsonable_python(tool_args)
        if ctx.tool_call_approved:
            if run.grant is None or not await run.grant.covers(key, arguments):
                raise NotPermitted("the approval is not for these arguments")
            return await run.grant.outcome(key)
        try:
            planned = await super().call_tool(name, tool_args, ctx, tool)
        except LimitReached as error:
            run.unanswered.add(name)
            limited = Limited.by(error, ctx.deps.now)
            reason = "limited.own" if limited.own else "limited"
            fact = run.facts.add(
                ProblemFact(
                    tool=name,
                    reason=reason,
                    values={"system": error.system, "until": limited.until},
                )
            )
            return f"[{fact}] It cannot be now: {error}. Show this fact."
        if isinstance(planned, str):  # a question or an obstacle: nothing to approve
            return planned
        writes = cast(list[PlannedWrite], planned)
        for plan in writes:
            if (stop := await _stop_of(plan, ctx.deps.switches)) is not None:
                return await self._stopped(name, stop, ctx.deps)
        run.planned += [
            Step(role=self.role, tool=name, call_key=key, arguments=arguments, write=plan)
            for plan in writes
        ]
        raise ApprovalRequired(metadata={"writes": len(writes)})

    async def _stopped(self, name: str, stop: Switch, deps: Deps) -> str:
        await deps.run.record(
            deps.actor, f"tool.{name}", "switched off", {"switch": f"{stop.scope}:{stop.name}"}
        )
        fact = deps.run.facts.add(SwitchedOffFact(tool=name, switch=stop))
        return f"[{fact}] Switched off by an administrator: show this fact."


def _branch_said(arguments: Mapping[str, Any]) -> str | None:
    branch = arguments.get("branch")
    return branch if isinstance(branch, str) else None


async def _check(name: str, policy: ToolPolicy, deps: Deps) -> None:
    actor = await deps.get(StaffService).actor(deps.actor.employee_id)
    if actor is None:
        raise NotPermitted("this person has left the company")
    if actor.role not in policy.roles:
        raise NotPermitted(f"the role {actor.role.value} may not use {name}")


def _unavailable(error: Unavailable) -> str:
    if not isinstance(error, LimitReached):
        return f"{error.system} is not answering; say so and suggest trying later."
    whose = "This person's share of" if error.own else "Our share of"
    return (
        f"{whose} {error.system}'s limit is used up for {error.wait_s:.0f} s; say so and "
        f"suggest trying then."
    )


async def _stop_of(plan: PlannedWrite, switches: Switches) -> Switch | None:
    """The switch that forbids this write in its branch."""
    if await switches.effect_mode(plan.kind, plan.branch) == "off":
        return Switch(scope="effect", name=plan.kind, mode="off")
    return await switches.stops(agent=None, tool=None, branch=plan.branch, write=True)
