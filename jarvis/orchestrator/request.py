"""One request, from its words to a rendered answer or a card: route, ask the roles side by side,
render from facts.

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
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.usage import RunUsage, UsageLimits

from agents.base import RoleAgent
from agents.blocks import Answer, Facts, Proposal, Question, Refusal, Text
from agents.router.agent import prompt_of, router
from agents.router.output import Delegation, Route
from jarvis.app.role import Place, delegates, roles
from jarvis.app.services import Services
from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.conversations.settings import RequestSettings
from jarvis.domains.staff.readers import Readers
from jarvis.engine.approval_models import Approval, Draft
from jarvis.engine.approvals import Approvals
from jarvis.engine.db import Database
from jarvis.engine.switches import Switches
from jarvis.integrations.llm.metering import Purse
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock
from jarvis.kit.ids import short_code
from jarvis.language.offline import NAME as OFFLINE
from jarvis.messaging.fact_views import suggestions
from jarvis.messaging.facts import (
    ChoiceFact,
    Fact,
    HelpFact,
    RefusalFact,
)
from jarvis.messaging.payloads import Ask, ReportProblem
from jarvis.messaging.view import Button, Reader, Rendered, Views, short
from jarvis.orchestrator.models import RoleModels
from prompts.book import PromptBook
from tools.deps import Deps, Grant, RunLedger
from tools.guide import examples_for
from tools.policy import policy_of
from tools.refusals import deny_approved, founded, refuse

_log = logging.getLogger(__name__)
QUOTE_CHARS = 200
BUTTON_ROWS = 6
UNCLEAR_EXAMPLES = 3
LIMITS = UsageLimits(request_limit=12, tool_calls_limit=20)
# Free text that claims completion without a receipt is dropped (law 4).
_CLAIM = re.compile(
    r"✅|\b(?:сделано|готово|отправлено|продлено|перенесено|отменено|создано|выполнено|записано)\b"
    r"|\bя (?:сделал|продлил|отправил|перенёс|отменил|создал)\b"
    r"|\b(?:done|sent|extended|cancelled|created|moved)\b|I(?:'ve| have) "
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
    """The rendered answer, the card of its writes, and what is to be recorded."""

    run_id: UUID
    conversation_id: UUID
    state: str
    text: str
    buttons: list[list[Button]] = field(default_factory=list[list[Button]])
    roles: list[str] = field(default_factory=list[str])
    offline: bool = False
    usage: RunUsage = field(default_factory=RunUsage)
    cost_micro_usd: int = 0
    messages: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    ledger: RunLedger | None = None
    cause: str | None = None
    draft: Draft | None = None
    history: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])

    def read_before(self, role: str) -> list[ModelMessage]:
        """What a role read and wrote in the last runs of this conversation."""
        return ModelMessagesTypeAdapter.validate_python(list(self.history.get(role, ())))


@dataclass(slots=True, kw_only=True)
class _Part:
    """The outcome of one delegation."""

    delegation: Delegation
    answer: Answer | None = None
    waits: bool = False
    cause: str | None = None
    messages: Any = None
    history: Any = None
    offline: bool = False


class RequestPipeline:
    """Runs requests."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        services: Services,
        readers: Readers,
        approvals: Approvals,
        switches: Switches,
        conversations: ConversationService,
        views: Views,
        models: RoleModels,
        prompts: PromptBook,
        settings: RequestSettings,
    ) -> None:
        self._db = db
        self._clock = clock
        self._readers = readers
        self._services = services
        self._approvals = approvals
        self._switches = switches
        self._conversations = conversations
        self._views = views
        self._models = models
        self._meter = models.meter
        self._prompts = prompts
        self._limit_s = settings.request_s

    async def answer(
        self, request: Request, *, on_route: Callable[[str], None] | None = None
    ) -> Reply:
        """Answer one request. Failures become words; only bugs are raised."""
        conversation = await self._conversations.begin(
            employee_id=request.actor.employee_id,
            place=request.place,
            event_id=request.event_id,
            text=request.text,
            language=request.language,
            trace_id=request.trace_id,
        )
        ledger = RunLedger(
            db=self._db,
            run_id=conversation.run_id,
            event_id=request.event_id,
            conversation_id=conversation.id,
            trace_id=request.trace_id,
            request=request.text,
            private=request.private,
            tainted=conversation.tainted,
            earlier=conversation.earlier,
        )
        deps = self._deps(request.actor, ledger)
        if request.forwarded:
            await ledger.taint("a forwarded message")
            ledger.quotes.append(request.text[:QUOTE_CHARS])
        reader = await self._readers.of(request.actor, request.language, request.text)
        reply = Reply(
            run_id=conversation.run_id,
            conversation_id=conversation.id,
            state="answered",
            text="",
            ledger=ledger,
            history=conversation.history,
        )
        with (
            logfire.span("orchestrator.answer", run=str(reply.run_id)),
            self._meter.opened(request.actor.employee_id) as purse,
        ):
            await self._fill(request, deps, reader, reply, on_route)
        await self._account(purse, deps, reader, reply)
        if reply.offline and (reply.text or conversation.fresh):
            mark = reader.say("offline.first") + "\n" if conversation.fresh else ""
            tail = "" if conversation.fresh else f"\n<i>{reader.say('offline.mark')}</i>"
            reply.text = f"{mark}{reply.text}{tail}"
        return reply

    async def _account(self, purse: Purse, deps: Deps, reader: Reader, reply: Reply) -> None:
        """What the models cost, and a word when a budget stopped them."""
        reply.cost_micro_usd = purse.cost_micro_usd
        if purse.spent is not None:
            await deps.run.record(deps.actor, "llm.budget", "denied", {"budget": purse.spent})
            reply.text = "\n\n".join(
                t for t in (reply.text, f"<i>{reader.say(f'budget.{purse.spent}')}</i>") if t
            )

    def _deps(self, actor: Actor, ledger: RunLedger) -> Deps:
        return Deps(
            actor=actor,
            now=self._clock.now(),
            services=self._services,
            prompts=self._prompts,
            switches=self._switches,
            run=ledger,
        )

    async def _fill(
        self,
        request: Request,
        deps: Deps,
        reader: Reader,
        reply: Reply,
        on_route: Callable[[str], None] | None,
    ) -> None:
        try:
            async with asyncio.timeout(self._limit_s):
                route = await self._route(request, deps, reply)
                if route.question is not None or route.refusal is not None or not route.delegations:
                    await self._no_route(route, deps, reader, reply)
                    return
                reply.roles = [d.role for d in route.delegations]
                if on_route is not None:
                    on_route(route.delegations[0].role)
                parts = await asyncio.gather(
                    *(self._run(d, deps, reply) for d in route.delegations)
                )
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
        prompt = prompt_of(delegates(), self._prompts)
        result = await router.run(
            request.text,
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
            arguments={"request": request.text},
        )
        return route

    async def _run(self, delegation: Delegation, deps: Deps, reply: Reply) -> _Part:
        part = _Part(delegation=delegation)
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
                timeout=self._limit_s - 5,
                conversation_id=str(reply.conversation_id),
            )
            part.messages = result.new_messages()
            if isinstance(result.output, DeferredToolRequests):
                part.waits = True
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
        except (AgentRunError, ModelAPIError, ExceptionGroup) as error:
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

    async def _no_route(self, route: Route, deps: Deps, reader: Reader, reply: Reply) -> None:
        reply.state = "refused" if route.refusal else "asked"
        key = "off_topic" if route.refusal else "unclear"
        plain = route.question is None or route.question == "unclear"
        reply.text = reader.say(key) if plain or route.refusal else _safe(route.question or "")
        options = route.options if not plain else []
        reply.buttons = [[Button(label=short(o), payload=Ask(request=o))] for o in options]
        if not options:
            examples = await self.examples(deps.actor)
            reply.buttons = suggestions(examples[:UNCLEAR_EXAMPLES], reader)

    async def _compose(
        self, request: Request, parts: Sequence[_Part], deps: Deps, reader: Reader, reply: Reply
    ) -> None:
        pieces: list[Rendered] = []
        for part in parts:
            if part.messages is not None:
                reply.messages.append((part.delegation.role, part.messages))
            reply.offline = reply.offline or part.offline
            if part.waits:
                continue
            if part.answer is None:
                cause = reader.say(part.cause or "cause.model")
                pieces.append(
                    Rendered(text=reader.say("step.failed", part=_said(part), cause=cause))
                )
                continue
            pieces += await self._blocks(part, deps, reader)
        hindrance = _hindrances(deps.run, parts)
        pieces += [self._views.render(fact, reader) for fact in hindrance]
        shown = [p for p in pieces if p.text]
        reply.text = "\n\n".join(p.text for p in shown)
        reply.buttons = [row for p in pieces for row in p.buttons][:BUTTON_ROWS]
        if any(part.waits for part in parts) and not hindrance:
            reply.draft = self._draft(request, parts, deps, reply)
            reply.state = "asked"
        elif all(part.answer is None and not part.waits for part in parts):
            reply.state = "failed"
            reply.buttons = [_retry(request, reader)]
        elif any(isinstance(fact, ChoiceFact) for fact in deps.run.facts.facts.values()):
            reply.state = "asked"
        if not reply.text and reply.draft is None:
            self._failed(request, reader, reply, "cause.source")

    def _draft(self, request: Request, parts: Sequence[_Part], deps: Deps, reply: Reply) -> Draft:
        """One card for all writes of the request, in the order of the delegations and of the
        calls."""
        run = deps.run
        order = {part.delegation.role: n for n, part in enumerate(parts)}
        planned = sorted(run.planned, key=lambda step: order.get(step.role, len(order)))
        policies = [policy_of(step.tool) for step in planned]
        return Draft(
            event_id=request.event_id,
            run_id=reply.run_id,
            conversation_id=reply.conversation_id,
            requester=request.actor,
            request=request.text,
            language=request.language,
            place=request.place,
            roles=policies[0].approvers.intersection(*(policy.approvers for policy in policies)),
            needed=2 if any(policy.approval == "two_persons" for policy in policies) else 1,
            tainted=run.tainted,
            trace_id=request.trace_id,
            quotes=list(run.quotes) if run.tainted else [],
            steps=planned,
            histories={part.delegation.role: part.history for part in parts if part.waits},
        )

    async def left(self, approval: Approval, event_id: UUID) -> None:
        """Who asked for approved writes has left the company: no role goes on for them."""
        await deny_approved(self._db, approval, event_id, "this person has left the company")

    async def resume(
        self, approval: Approval, actor: Actor, event_id: UUID
    ) -> list[tuple[str, list[ModelMessage], str]]:
        """Let each role go on from its stored history with what became of its writes.

        Returns role, messages to remember, and what it has to say beyond the card (nothing that
        claims completion).
        """
        with self._meter.opened(actor.employee_id) as purse:
            said = await self._resume(approval, actor, event_id)
        if purse.cost_micro_usd:
            sql = "UPDATE agent_run SET cost_micro_usd = cost_micro_usd + $2 WHERE id = $1"
            await self._db.execute(sql, approval.run_id, purse.cost_micro_usd)
        return said

    async def _resume(
        self, approval: Approval, actor: Actor, event_id: UUID
    ) -> list[tuple[str, list[ModelMessage], str]]:
        said: list[tuple[str, list[ModelMessage], str]] = []
        for role, stored in await self._approvals.history(self._db, approval.id):
            calls = frozenset(item.call_key for item in approval.items if item.role == role)
            grant = Grant(
                approval_id=approval.id, calls=calls, db=self._db, approvals=self._approvals
            )
            ledger = RunLedger(
                db=self._db,
                run_id=approval.run_id,
                event_id=event_id,
                conversation_id=approval.conversation_id,
                trace_id=approval.trace_id,
                request=approval.request,
                private=True,
                tainted=approval.tainted,
                grant=grant,
            )
            text = ""
            try:
                result = await _agent(role).run(
                    message_history=ModelMessagesTypeAdapter.validate_python(stored),
                    deps=self._deps(actor, ledger),
                    deferred_tool_results=DeferredToolResults(approvals=dict.fromkeys(calls, True)),
                    model=self._models(role),
                    usage_limits=LIMITS,
                    timeout=self._limit_s,
                    conversation_id=str(approval.conversation_id),
                )
                if isinstance(result.output, Answer) and not _offline(result.new_messages()):
                    texts = [
                        b.text
                        for b in result.output.blocks
                        if isinstance(b, Text | Question) and not _CLAIM.search(b.text)
                    ]
                    text = "\n".join(_safe(t) for t in texts)
            except (AgentRunError, ModelAPIError, UserError, ExceptionGroup) as error:
                _log.warning(
                    "%s could not go on after its approval: %s", role, type(error).__name__
                )
            outcome = "; ".join([await grant.outcome(key) for key in sorted(calls)])
            said.append((role, _memory(approval, outcome), text))
        return said

    async def _blocks(self, part: _Part, deps: Deps, reader: Reader) -> list[Rendered]:
        assert part.answer is not None
        pieces: list[Rendered] = []
        for block in part.answer.blocks:
            if isinstance(block, Facts):
                known = [deps.run.facts.facts[i] for i in block.ids if i in deps.run.facts.facts]
                pieces += [self._views.render(fact, reader) for fact in known]
            elif isinstance(block, Text):
                pieces += self._text(block, part, deps, reader)
            elif isinstance(block, Question):
                buttons = [[Button(label=short(o), payload=Ask(request=o))] for o in block.options]
                pieces.append(Rendered(text=f"❓ {_safe(block.text)}", buttons=buttons))
            elif isinstance(block, Proposal):
                pieces.append(
                    Rendered(
                        text="",
                        buttons=[
                            [Button(label=short(block.request), payload=Ask(request=block.request))]
                        ],
                    )
                )
            else:
                pieces.append(await self._refusal(block, part, deps, reader))
        return pieces

    def _text(self, block: Text, part: _Part, deps: Deps, reader: Reader) -> list[Rendered]:
        if part.offline and block.text == "unavailable":
            return [
                Rendered(
                    text=reader.say(
                        "step.failed", part=_said(part), cause=reader.say("cause.source")
                    )
                )
            ]
        if _CLAIM.search(block.text):
            deps.run.step(
                "dropped",
                "claim",
                began=time.monotonic(),
                role=part.delegation.role,
                outcome=block.text[:200],
            )
            return []
        return [Rendered(text=_safe(block.text))]

    async def _refusal(self, block: Refusal, part: _Part, deps: Deps, reader: Reader) -> Rendered:
        """What was refused in this run, or what the role may not do; a model's word alone is no
        refusal."""
        told = [f for f in deps.run.facts.facts.values() if isinstance(f, RefusalFact)]
        if told:
            same = [fact for fact in told if fact.tool == block.tool]
            return self._views.render((same or told)[-1], reader)
        if not founded(deps, block.tool):
            began, role = time.monotonic(), part.delegation.role
            deps.run.step("dropped", "refusal", began=began, role=role, outcome=block.tool)
            cause = reader.say("cause.unfounded")
            return Rendered(text=reader.say("step.failed", part=_said(part), cause=cause))
        key = await refuse(
            deps, block.tool, None, f"the role {deps.actor.role.value} may not use {block.tool}"
        )
        deps.run.step("refused", block.tool, began=time.monotonic(), outcome=deps.actor.role.value)
        return self._views.render(deps.run.facts.facts[key], reader)

    async def help(self, reader: Reader) -> Rendered:
        """What Jarvis can do for this person."""
        examples = await self.examples(reader.actor)
        return self._views.render(HelpFact(examples=examples), reader)

    async def examples(self, actor: Actor, place: Place = "help") -> Sequence[Mapping[str, str]]:
        """Requests that this person may send, by language."""
        return await examples_for(actor, self._clock.now(), place, self._services)


def _agent(role: str) -> RoleAgent:
    found = roles()[role]
    return found.load(found.agent)


def _retry(request: Request, reader: Reader) -> list[Button]:
    """What somebody may do about a failure: ask again, or tell us of it."""
    return [
        Button(label=reader.say("b.retry"), payload=Ask(request=request.text)),
        Button(label=reader.say("b.report"), payload=ReportProblem()),
    ]


def _closed(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """A run whose writes wait, as memory: every call has an answer, so that later requests can
    follow it."""
    last = messages[-1] if messages else None
    calls = (
        [p for p in last.parts if isinstance(p, ToolCallPart)]
        if isinstance(last, ModelResponse)
        else []
    )
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


def _memory(approval: Approval, outcome: str) -> list[ModelMessage]:
    """The decision as later requests remember it."""
    return [
        ModelRequest(
            parts=[
                UserPromptPart(
                    content=f"(the card was approved by {approval.decided_by}: {outcome})"
                )
            ]
        ),
        ModelResponse(parts=[TextPart(content="noted")], model_name=OFFLINE),
    ]


def _hindrances(run: RunLedger, parts: Sequence[_Part]) -> list[Fact]:
    """What must be settled before a card: a choice, something unknown, an obstacle, found by a role
    whose writes wait."""
    if not any(part.waits for part in parts):
        return []
    shown = {
        i
        for part in parts
        if part.answer is not None
        for b in part.answer.blocks
        if isinstance(b, Facts)
        for i in b.ids
    }
    return [fact for key, fact in run.facts.facts.items() if fact.hinders and key not in shown]


def _offline(messages: Sequence[Any]) -> bool:
    return any(isinstance(m, ModelResponse) and m.model_name == OFFLINE for m in messages)


def _said(part: _Part) -> str:
    """What a part was asked, to stand inside a sentence."""
    return _safe(part.delegation.request.rstrip(" .?!…"))


def _safe(text: str) -> str:
    """Plain text of a model as Telegram's HTML, without signs that only code may write."""
    return (
        text.replace("✅", "")
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .strip()
    )
