"""One request, from its words to a rendered answer: route, ask the roles side by side, render from facts.

Model calls ≤ 12, tool calls ≤ 20 and 60 s a request; what failed is told step by step.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import logfire
from pydantic_ai import Agent
from pydantic_ai.exceptions import AgentRunError, ModelAPIError, RunTimedOut, UsageLimitExceeded
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelResponse
from pydantic_ai.models import Model
from pydantic_ai.usage import RunUsage, UsageLimits

from agents.blocks import Answer, Facts, Proposal, Question, Refusal, Text
from agents.bookings.agent import bookings
from agents.clients.agent import clients
from agents.fleet.agent import fleet
from agents.guide.agent import guide
from agents.router.agent import router
from agents.router.output import Delegation, Route
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.clients.service import ClientService
from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.knowledge.service import KnowledgeService
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Database
from jarvis.integrations.llm.offline import NAME as OFFLINE
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock
from jarvis.kit.ids import short_code
from jarvis.orchestrator.render.base import Button, Reader, Rendered, short
from jarvis.orchestrator.render.facts import render
from jarvis.orchestrator.render.people import suggestions
from prompts.book import PromptBook
from tools.deps import Deps, RunLedger
from tools.facts import ChoiceFact, HelpFact
from tools.guide import examples_for
from tools.toolset import refuse

_log = logging.getLogger(__name__)
REQUEST_S = 55.0
BUTTON_ROWS = 6
LIMITS = UsageLimits(request_limit=12, tool_calls_limit=20)
ROLES: Mapping[str, Agent[Deps, Answer]] = {"fleet": fleet, "bookings": bookings, "clients": clients, "guide": guide}
Models = Callable[[str], Model]
# Free text that claims completion without a receipt is dropped (law 4).
_CLAIM = re.compile(
    r"✅|\b(?:сделано|готово|отправлено|продлено|перенесено|отменено|создано|выполнено|записано)\b"
    r"|\bя (?:сделал|продлил|отправил|перенёс|отменил|создал)\b|\b(?:done|sent|extended|cancelled|created|moved)\b|I(?:'ve| have) "
    r"|შესრულდა|გაიგზავნა|გახანგრძლივდა",
    re.I,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks. `place` names the chat for memory; `private` is false in groups."""

    event_id: UUID
    trace_id: str
    actor: Actor
    text: str
    language: str
    place: str
    private: bool
    forwarded: bool = False


@dataclass(slots=True, kw_only=True)
class Reply:
    """The rendered answer and what is to be recorded of it."""

    run_id: UUID
    conversation_id: UUID
    state: str
    text: str
    buttons: list[list[Button]] = field(default_factory=list[list[Button]])
    roles: list[str] = field(default_factory=list[str])
    offline: bool = False
    usage: RunUsage = field(default_factory=RunUsage)
    messages: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    ledger: RunLedger | None = None
    cause: str | None = None
    history: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])

    def read_before(self, role: str) -> list[ModelMessage]:
        """What a role read and wrote in the last runs of this conversation."""
        return ModelMessagesTypeAdapter.validate_python(list(self.history.get(role, ())))


@dataclass(slots=True, kw_only=True)
class _Part:
    """The outcome of one delegation."""

    delegation: Delegation
    answer: Answer | None = None
    cause: str | None = None
    messages: Any = None
    offline: bool = False


class Brain:
    """Runs requests."""

    def __init__(
        self, *, db: Database, clock: Clock, staff: StaffService, fleet: FleetService, bookings: BookingService,
        clients: ClientService, knowledge: KnowledgeService, conversations: ConversationService, models: Models,
        prompts: PromptBook | None = None, limit_s: float = REQUEST_S,
    ) -> None:  # fmt: skip
        self._db = db
        self._clock = clock
        self._staff = staff
        self._fleet = fleet
        self._bookings = bookings
        self._clients = clients
        self._knowledge = knowledge
        self._conversations = conversations
        self._models = models
        self._prompts = prompts or PromptBook()
        self._limit_s = limit_s

    async def reader(self, actor: Actor, language: str, request: str = "") -> Reader:
        """For whom things are rendered."""
        branches = {b.code: b.names for b in await self._staff.branches()}
        return Reader(actor=actor, now=self._clock.now(), language=language, branches=branches, request=request)

    async def answer(self, request: Request, *, on_route: Callable[[str], None] | None = None) -> Reply:
        """Answer one request. Failures become words; only bugs are raised."""
        conversation = await self._conversations.begin(
            employee_id=request.actor.employee_id, place=request.place, event_id=request.event_id, text=request.text,
            language=request.language, trace_id=request.trace_id,
        )  # fmt: skip
        ledger = RunLedger(
            db=self._db, run_id=conversation.run_id, event_id=request.event_id, conversation_id=conversation.id,
            trace_id=request.trace_id, request=request.text, private=request.private, tainted=conversation.tainted,
            earlier=conversation.earlier,
        )  # fmt: skip
        deps = Deps(
            actor=request.actor, now=self._clock.now(), staff=self._staff, fleet=self._fleet, bookings=self._bookings,
            clients=self._clients, knowledge=self._knowledge, prompts=self._prompts, run=ledger,
        )  # fmt: skip
        if request.forwarded:
            await ledger.taint("a forwarded message")
        reader = await self.reader(request.actor, request.language, request.text)
        reply = Reply(
            run_id=conversation.run_id, conversation_id=conversation.id, state="answered", text="", ledger=ledger,
            history=conversation.history,
        )  # fmt: skip
        with logfire.span("orchestrator.answer", run=str(reply.run_id)):
            await self._fill(request, deps, reader, reply, on_route)
        if reply.offline:
            mark = reader.say("offline.first") + "\n" if conversation.fresh else ""
            tail = "" if conversation.fresh else f"\n<i>{reader.say('offline.mark')}</i>"
            reply.text = f"{mark}{reply.text}{tail}"
        return reply

    async def _fill(self, request: Request, deps: Deps, reader: Reader, reply: Reply, on_route: Callable[[str], None] | None) -> None:
        try:
            async with asyncio.timeout(self._limit_s):
                route = await self._route(request, deps, reply)
                if route.question is not None or route.refusal is not None or not route.delegations:
                    self._no_route(route, deps, reader, reply)
                    return
                reply.roles = [d.role for d in route.delegations]
                if on_route is not None:
                    on_route(route.delegations[0].role)
                parts = await asyncio.gather(*(self._run(d, deps, reply) for d in route.delegations))
        except TimeoutError:
            self._failed(request, reader, reply, "cause.time")
            return
        except (AgentRunError, ModelAPIError, ExceptionGroup) as error:
            _log.warning("the router failed: %s", type(error).__name__)
            self._failed(request, reader, reply, "cause.model")
            return
        await self._compose(request, parts, deps, reader, reply)

    def _failed(self, request: Request, reader: Reader, reply: Reply, cause: str) -> None:
        reply.state, reply.cause = "failed", cause
        reply.text = reader.say("error", cause=reader.say(cause), code=short_code(request.trace_id))
        reply.buttons = [_retry(request, reader)]

    async def _route(self, request: Request, deps: Deps, reply: Reply) -> Route:
        began = time.monotonic()
        prompt = self._prompts.prompt("router")
        result = await router.run(
            request.text, deps=deps, model=self._models("router"), usage=reply.usage, usage_limits=LIMITS,
            message_history=reply.read_before("router"), conversation_id=str(reply.conversation_id),
        )  # fmt: skip
        reply.messages.append(("router", result.new_messages()))
        reply.offline = _offline(result.new_messages())
        route = result.output
        chosen = ", ".join(d.role for d in route.delegations) or route.refusal or "question"
        deps.run.step("route", "router", began=began, outcome=chosen, prompt=(prompt.version, prompt.hash),
                      arguments={"request": request.text})  # fmt: skip
        return route

    async def _run(self, delegation: Delegation, deps: Deps, reply: Reply) -> _Part:
        part = _Part(delegation=delegation)
        began = time.monotonic()
        prompt = self._prompts.prompt(delegation.role)
        try:
            result = await ROLES[delegation.role].run(
                delegation.request, deps=deps, model=self._models(delegation.role), usage=reply.usage, usage_limits=LIMITS,
                message_history=reply.read_before(delegation.role), timeout=self._limit_s - 5,
                conversation_id=str(reply.conversation_id),
            )  # fmt: skip
            part.answer, part.messages = result.output, result.new_messages()
            part.offline = _offline(part.messages)
        except UsageLimitExceeded:
            part.cause = "cause.time"
        except RunTimedOut:
            part.cause = "cause.time"
        except (AgentRunError, ModelAPIError, ExceptionGroup) as error:
            _log.warning("%s failed: %s", delegation.role, type(error).__name__)
            part.cause = "cause.model"
        outcome = part.cause if part.answer is None else ", ".join(b.kind for b in part.answer.blocks)
        deps.run.step("model", delegation.role, began=began, role=delegation.role, outcome=outcome,
                      arguments={"request": delegation.request}, prompt=(prompt.version, prompt.hash))  # fmt: skip
        return part

    def _no_route(self, route: Route, deps: Deps, reader: Reader, reply: Reply) -> None:
        reply.state = "refused" if route.refusal else "asked"
        key = "off_topic" if route.refusal else "unclear"
        plain = route.question is None or route.question == "unclear"
        reply.text = reader.say(key) if plain or route.refusal else _safe(route.question or "")
        options = route.options if not plain else []
        reply.buttons = [[Button(label=short(o), request=o)] for o in options] or suggestions(
            examples_for(deps.actor.role)[:3], reader
        )

    async def _compose(self, request: Request, parts: Sequence[_Part], deps: Deps, reader: Reader, reply: Reply) -> None:
        pieces: list[Rendered] = []
        for part in parts:
            if part.messages is not None:
                reply.messages.append((part.delegation.role, part.messages))
            reply.offline = reply.offline or part.offline
            if part.answer is None:
                cause = reader.say(part.cause or "cause.model")
                pieces.append(Rendered(text=reader.say("step.failed", part=_safe(part.delegation.request), cause=cause)))
                continue
            pieces += await self._blocks(part, deps, reader)
        shown = [p for p in pieces if p.text]
        reply.text = "\n\n".join(p.text for p in shown)
        reply.buttons = [row for p in pieces for row in p.buttons][:BUTTON_ROWS]
        if all(part.answer is None for part in parts):
            reply.state = "failed"
            reply.buttons = [_retry(request, reader)]
        elif any(isinstance(fact, ChoiceFact) for fact in deps.run.facts.facts.values()):
            reply.state = "asked"
        if not reply.text:
            self._failed(request, reader, reply, "cause.source")

    async def _blocks(self, part: _Part, deps: Deps, reader: Reader) -> list[Rendered]:
        assert part.answer is not None
        pieces: list[Rendered] = []
        for block in part.answer.blocks:
            if isinstance(block, Facts):
                known = [deps.run.facts.facts[i] for i in block.ids if i in deps.run.facts.facts]
                pieces += [render(fact, reader) for fact in known]
            elif isinstance(block, Text):
                pieces += self._text(block, part, deps, reader)
            elif isinstance(block, Question):
                buttons = [[Button(label=short(o), request=o)] for o in block.options]
                pieces.append(Rendered(text=f"❓ {_safe(block.text)}", buttons=buttons))
            elif isinstance(block, Proposal):
                pieces.append(Rendered(text="", buttons=[[Button(label=short(block.request), request=block.request)]]))
            else:
                pieces.append(await self._refusal(block, deps, reader))
        return pieces

    def _text(self, block: Text, part: _Part, deps: Deps, reader: Reader) -> list[Rendered]:
        if part.offline and block.text == "unavailable":
            return [Rendered(text=reader.say("step.failed", part=_safe(part.delegation.request), cause=reader.say("cause.source")))]
        if _CLAIM.search(block.text):
            deps.run.step("dropped", "claim", began=time.monotonic(), role=part.delegation.role, outcome=block.text[:200])
            return []
        return [Rendered(text=_safe(block.text))]

    async def _refusal(self, block: Refusal, deps: Deps, reader: Reader) -> Rendered:
        told = [f for f in deps.run.facts.facts.values() if type(f).__name__ == "RefusalFact"]
        if told:
            return render(told[-1], reader)
        key = await refuse(deps, block.tool, None, f"the role {deps.actor.role.value} may not use {block.tool}")
        deps.run.step("refused", block.tool, began=time.monotonic(), outcome=deps.actor.role.value)
        return render(deps.run.facts.facts[key], reader)

    def help(self, reader: Reader) -> Rendered:
        """What Jarvis can do for this person."""
        return render(HelpFact(examples=examples_for(reader.actor.role)), reader)


def _retry(request: Request, reader: Reader) -> list[Button]:
    """What somebody may do about a failure: ask again, or tell us of it."""
    return [
        Button(label=reader.say("b.retry"), request=request.text),
        Button(label=reader.say("b.report"), kind="report"),
    ]


def _offline(messages: Sequence[Any]) -> bool:
    return any(isinstance(m, ModelResponse) and m.model_name == OFFLINE for m in messages)


def _safe(text: str) -> str:
    """Plain text of a model as Telegram's HTML, without signs that only code may write."""
    return text.replace("✅", "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").strip()
