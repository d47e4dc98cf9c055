"""Refusals, each on record: of a role or a branch at the call, and of tools that a model names
though they were not offered to it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import ModelResponse, ToolCallPart
from pydantic_ai.models import ModelRequestContext

from jarvis.domains.staff.service import StaffService
from jarvis.kit.canon import digest
from jarvis.kit.text import line, storable
from jarvis.messaging.facts import RefusalFact
from tools.deps import Deps
from tools.policy import matrix, policy_of

NAME_CHARS = 60


async def deny(deps: Deps, tool: str, arguments: Mapping[str, Any], reason: str) -> None:
    """Put one refused call on record: who, which tool, why, and the digest of the arguments."""
    deps.run.denied.add(tool)
    await _record(deps, tool, {"reason": reason, "arguments": digest(storable(arguments))})


async def refuse(deps: Deps, tool: str, branch: str | None, reason: str) -> str:
    """Keep a refusal as a fact that code will word; returns the fact's id. It goes on record unless
    a refused call of this tool in this run is there already."""
    foreign = branch if branch is not None and not deps.actor.may_see(branch) else None
    ask = await deps.get(StaffService).heads(foreign or deps.actor.home_branch)
    fact = deps.run.facts.add(RefusalFact(tool=tool, branch=foreign, ask=tuple(ask)))
    if tool not in deps.run.denied:
        await _record(deps, tool, {"reason": reason})
    return fact


async def _record(deps: Deps, tool: str, details: Mapping[str, str]) -> None:
    # an action stays in the audit for good, and a name that a model made up may hold anything
    action = f"tool.{tool if tool in matrix() else 'unknown'}"
    await deps.run.record(deps.actor, action, "denied", {"tool": tool, **details})


@dataclass
class RefusalRecord(AbstractCapability[Deps]):
    """Puts every call of a tool that the model was not offered on record.

    pydantic-ai answers such a call itself and no toolset hears of it; a response of the model
    passes here before anything is made of it, also the one that ends the run.
    """

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
