"""Runs roles: for one delegation, and resumed from a stored history once a card was decided. Model
calls ≤ 12 and tool calls ≤ 20 per request; failures become causes, only bugs are raised.

Model calls ≤ 12 and tool calls ≤ 20 a request; what fails becomes a cause, only bugs are raised.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

from pydantic_ai import DeferredToolRequests, DeferredToolResults
from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    RunTimedOut,
    UsageLimitExceeded,
    UserError,
)
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    ToolReturnPart,
)
from pydantic_ai.usage import UsageLimits

from agents.base import RoleAgent
from agents.blocks import Answer
from agents.router.agent import prompt_of, router
from agents.router.output import Delegation, Route
from jarvis.app.role import delegates, roles
from jarvis.app.services import Services
from jarvis.domains.conversations.settings import RequestSettings
from jarvis.engine.switches import Switches
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock
from jarvis.language.offline import NAME as OFFLINE
from jarvis.orchestrator.models import RoleModels
from jarvis.orchestrator.reply import Part, Reply
from prompts.book import PromptBook
from tools.deps import Deps, RunLedger

_log = logging.getLogger(__name__)
LIMITS = UsageLimits(request_limit=12, tool_calls_limit=20)
FAILURES = (AgentRunError, ModelAPIError, ExceptionGroup)
"""What a run of an agent ends with when its model or its tools fail."""
COMPOSE_S = 5.0
"""So much of a request's time is left for its answer when a role's run is cut off."""


class RoleRuns:
    """Runs agents, each with the model of its role."""

    def __init__(
        self,
        clock: Clock,
        services: Services,
        switches: Switches,
        models: RoleModels,
        prompts: PromptBook,
        settings: RequestSettings,
    ) -> None:
        self._clock = clock
        self._services = services
        self._switches = switches
        self._models = models
        self._prompts = prompts
        self._limit_s = settings.request_s
        self.meter = models.meter

    def deps(self, actor: Actor, ledger: RunLedger) -> Deps:
        """Make the dependencies of a run's tools, as of now."""
        return Deps(
            actor=actor,
            now=self._clock.now(),
            services=self._services,
            prompts=self._prompts,
            switches=self._switches,
            run=ledger,
        )

    async def route(self, text: str, deps: Deps, reply: Reply) -> Route:
        """Route a request: which role gets which part."""
        began = time.monotonic()
        prompt = prompt_of(delegates(), self._prompts)
        result = await router.run(
            text,
            deps=deps,
            model=self._models("router"),
            usage=reply.usage,
            usage_limits=LIMITS,
            message_history=reply.read_before("router"),
            conversation_id=str(reply.conversation_id),
        )
        reply.messages.append(("router", result.new_messages()))
        reply.offline = _offline(result.new_messages())
        route = result.output
        chosen = ", ".join(d.role for d in route.delegations) or route.refusal or "question"
        deps.run.step(
            "route",
            "router",
            began=began,
            outcome=chosen,
            prompt=(prompt.version, prompt.hash),
            arguments={"request": text},
        )
        return route

    async def run(self, delegation: Delegation, deps: Deps, reply: Reply) -> Part:
        """Run one role on its part of a request."""
        part = Part(delegation=delegation)
        began = time.monotonic()
        prompt = self._prompts.prompt(delegation.role)
        try:
            result = await _agent(delegation.role).run(
                delegation.request,
                deps=deps,
                model=self._models(delegation.role),
                usage=reply.usage,
                usage_limits=LIMITS,
                message_history=reply.read_before(delegation.role),
                timeout=self._limit_s - COMPOSE_S,
                conversation_id=str(reply.conversation_id),
            )
            part.messages = result.new_messages()
            if isinstance(result.output, DeferredToolRequests):
                part.awaits_approval = True
                part.history = ModelMessagesTypeAdapter.dump_python(
                    result.all_messages(), mode="json"
                )
                part.messages = _closed(part.messages)
            else:
                part.answer = result.output
            part.offline = _offline(part.messages)
        except UsageLimitExceeded:
            part.cause = "cause.steps"
        except RunTimedOut:
            part.cause = "cause.time"
        except FAILURES as error:
            _log.warning("%s failed: %s", delegation.role, type(error).__name__)
            part.cause = "cause.model"
        outcome = part.cause or (
            "waits for approval"
            if part.answer is None
            else ", ".join(b.kind for b in part.answer.blocks)
        )
        deps.run.step(
            "model",
            delegation.role,
            began=began,
            role=delegation.role,
            outcome=outcome,
            arguments={"request": delegation.request},
            prompt=(prompt.version, prompt.hash),
        )
        return part

    async def resume(
        self, role: str, stored: object, approved: frozenset[str], deps: Deps
    ) -> Answer | None:
        """Resume a role after the writes of its stored history were approved; None for the offline
        model, which has no text of its own, and when the run fails."""
        try:
            result = await _agent(role).run(
                message_history=ModelMessagesTypeAdapter.validate_python(stored),
                deps=deps,
                deferred_tool_results=DeferredToolResults(approvals=dict.fromkeys(approved, True)),
                model=self._models(role),
                usage_limits=LIMITS,
                timeout=self._limit_s,
                conversation_id=str(deps.run.conversation_id),
            )
        except (UserError, *FAILURES) as error:
            _log.warning("%s could not go on after its approval: %s", role, type(error).__name__)
            return None
        if isinstance(result.output, DeferredToolRequests) or _offline(result.new_messages()):
            return None
        return result.output


def _agent(role: str) -> RoleAgent:
    found = roles()[role]
    return found.load(found.agent)


def _offline(messages: Sequence[Any]) -> bool:
    return any(isinstance(m, ModelResponse) and m.model_name == OFFLINE for m in messages)


def _closed(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """The messages of a run with waiting writes, for memory: every call gets an answer, so that
    later requests can continue from it."""
    last = messages[-1] if messages else None
    calls = last.tool_calls if isinstance(last, ModelResponse) else []
    returned = {
        p.tool_call_id
        for m in messages
        if isinstance(m, ModelRequest)
        for p in m.parts
        if isinstance(p, ToolReturnPart)
    }
    waiting = [
        ToolReturnPart(
            tool_name=c.tool_name,
            content="waits on a card for a person's word; nothing has been changed",
            tool_call_id=c.tool_call_id,
        )
        for c in calls
        if c.tool_call_id not in returned
    ]
    return [*messages, ModelRequest(parts=waiting)] if waiting else list(messages)
