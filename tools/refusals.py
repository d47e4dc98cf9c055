"""Refusals, each recorded in the audit: of a role or a branch at the call, of tools that a model
names though they were not offered to it, and of approved calls whose tool the person has lost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_ai import RunContext
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart, ToolReturnPart
from pydantic_ai.models import ModelRequestContext

from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit
from jarvis.engine.approval_models import Approval
from jarvis.engine.db import Database
from jarvis.kit.canon import digest
from jarvis.kit.text import line, storable
from jarvis.messaging.facts import RefusalFact
from tools.deps import Deps
from tools.policy import matrix, policy_of

NAME_CHARS = 60
NO_TOOL = ("unknown_tool", "unavailable_tool")


async def deny(deps: Deps, tool: str, arguments: Mapping[str, Any], reason: str) -> None:
    """Record one refused call in the audit: who, which tool, why, and the digest of the
    arguments."""
    deps.run.denied.add(tool)
    await _record(deps, tool, {"reason": reason, "arguments": digest(storable(arguments))})


async def refuse(deps: Deps, tool: str, branch: str | None, reason: str) -> str:
    """Add a refusal as a fact that code renders; returns the fact's id. It is recorded in the audit
    unless a refused call of this tool in this run is there already."""
    foreign = branch if branch is not None and not deps.actor.may_see(branch) else None
    ask = await deps.get(StaffService).heads(foreign or deps.actor.home_branch)
    fact = deps.run.facts.add(RefusalFact(tool=tool, branch=foreign, ask=tuple(ask)))
    if tool not in deps.run.denied:
        await _record(deps, tool, {"reason": reason})
    return fact


def refused_by_role(deps: Deps, tool: str) -> bool:
    """Whether a refusal because of the role is true: the tool exists, and is for other roles."""
    return tool in matrix() and deps.actor.role not in policy_of(tool).roles


async def deny_approved(db: Database, approval: Approval, event_id: UUID, reason: str) -> None:
    """Record every call of an approval in the audit as refused to its requester."""
    for item in {item.call_key: item for item in approval.items}.values():
        await audit.record(
            db,
            action=f"tool.{item.tool}",
            actor_id=approval.requester_id,
            actor_name=approval.requester_name,
            outcome="denied",
            event_id=event_id,
            trace_id=approval.trace_id,
            details={"tool": item.tool, "reason": reason, "arguments": item.arguments_digest},
        )


async def _record(deps: Deps, tool: str, details: Mapping[str, str]) -> None:
    # the audit keeps an action for good, and a name that a model invented may contain anything
    action = f"tool.{tool if tool in matrix() else 'unknown'}"
    await deps.run.record(deps.actor, action, "denied", {"tool": tool, **details})


@dataclass
class RefusalRecord(AbstractCapability[Deps]):
    """Records every call of a tool that the model was not offered in the audit.

    pydantic-ai answers such a call itself, without calling a toolset; this capability sees each
    response of the model before it is processed, also the one that ends the run. In a run that is
    resumed after an approval it also sees the answer to a call whose tool was taken away meanwhile.
    """

    async def before_model_request(
        self, ctx: RunContext[Deps], request_context: ModelRequestContext
    ) -> ModelRequestContext:
        """Record approved calls whose tool was missing."""
        messages, grant = request_context.messages, ctx.deps.run.grant
        if grant is not None:
            keys = {p.tool_call_id for p in _without_tool(messages[-1])} & grant.calls
            for message in messages:
                for call in message.tool_calls if isinstance(message, ModelResponse) else ():
                    if call.tool_call_id in keys:
                        await self._refused(call, ctx.deps)
        return request_context

    async def after_model_request(
        self,
        ctx: RunContext[Deps],
        *,
        request_context: ModelRequestContext,
        response: ModelResponse,
    ) -> ModelResponse:
        """Compare the calls of a response with what its request offered."""
        offered = request_context.model_request_parameters
        names = {tool.name for tool in (*offered.function_tools, *offered.output_tools)}
        for part in response.parts:
            if isinstance(part, ToolCallPart) and part.tool_name not in names:
                await self._refused(part, ctx.deps)
        return response

    async def _refused(self, call: ToolCallPart, deps: Deps) -> None:
        began, tool = time.monotonic(), line(call.tool_name, NAME_CHARS)
        if tool not in matrix():
            reason = "there is no such tool"
        elif deps.actor.role in policy_of(tool).roles:
            reason = "this agent has no such tool"
        else:
            reason = f"the role {deps.actor.role.value} may not use {tool}"
        await deny(deps, tool, call.args_as_dict(), reason)
        deps.run.step("refused", tool, began=began, outcome=reason)


def _without_tool(message: ModelMessage) -> list[ToolReturnPart]:
    """The answers to calls for which there was no tool."""
    returns = [part for part in message.parts if isinstance(part, ToolReturnPart)]
    return [part for part in returns if part.retry is not None and part.retry.cause in NO_TOOL]
