"""Handles one request, from its text to a rendered answer or a card: route, run the roles
concurrently, compose.

It takes 60 s at most; each step that failed is named in the answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import logfire

from agents.router.output import Route
from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.conversations.settings import RequestSettings
from jarvis.domains.staff.readers import Readers
from jarvis.engine.db import Database
from jarvis.integrations.llm.metering import RequestSpending
from jarvis.messaging.fact_views import suggestions
from jarvis.messaging.markup import Markup, html
from jarvis.messaging.view import Reader
from jarvis.orchestrator.compose import Composer, asking
from jarvis.orchestrator.reply import Reply, Request, safe
from jarvis.orchestrator.role_runs import FAILURES, RoleRuns
from tools.claim_words import claims_of
from tools.deps import Deps, RunLedger
from tools.guide import examples_for

_log = logging.getLogger(__name__)
QUOTE_CHARS = 200
UNCLEAR_EXAMPLES = 3


class RequestPipeline:
    """Answers requests."""

    def __init__(
        self,
        db: Database,
        readers: Readers,
        conversations: ConversationService,
        runs: RoleRuns,
        composer: Composer,
        settings: RequestSettings,
    ) -> None:
        self._db = db
        self._readers = readers
        self._conversations = conversations
        self._runs = runs
        self._composer = composer
        self._limit_s = settings.request_s

    async def answer(
        self, request: Request, *, on_route: Callable[[str], None] | None = None
    ) -> Reply:
        """Answer one request. Failures become text; only bugs are raised."""
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
        deps = self._runs.deps(request.actor, ledger)
        if request.forwarded:
            await ledger.taint("a forwarded message")
            ledger.quotes.append(request.text[:QUOTE_CHARS])
        reader = await self._readers.of(request.actor, request.language, request.text)
        reply = Reply(
            run_id=conversation.run_id,
            conversation_id=conversation.id,
            state="answered",
            text=Markup(),
            ledger=ledger,
            history=conversation.history,
        )
        with (
            logfire.span("orchestrator.answer", run=str(reply.run_id)),
            self._runs.meter.opened(request.actor.employee_id) as spending,
        ):
            await self._fill(request, deps, reader, reply, on_route)
        await _account(spending, deps, reader, reply)
        if reply.offline and (reply.text or conversation.fresh):
            reply.text = (
                html("{}\n{}", reader.say("offline.first"), reply.text)
                if conversation.fresh
                else html("{}\n<i>{}</i>", reply.text, reader.say("offline.mark"))
            )
        return reply

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
                route = await self._runs.route(request.text, deps, reply)
                if route.question is not None or route.refusal is not None or not route.delegations:
                    await _no_route(route, deps, reader, reply)
                    return
                reply.roles = [d.role for d in route.delegations]
                if on_route is not None:
                    on_route(route.delegations[0].role)
                parts = await asyncio.gather(
                    *(self._runs.run(d, deps, reply) for d in route.delegations)
                )
        except TimeoutError:
            reply.failed(request, reader, "cause.time")
            return
        except FAILURES as error:
            _log.warning("the router failed: %s", type(error).__name__)
            reply.failed(request, reader, "cause.model")
            return
        await self._composer.compose(request, parts, deps, reader, reply)


async def _account(spending: RequestSpending, deps: Deps, reader: Reader, reply: Reply) -> None:
    """Record what the models cost, and add a notice when a budget stopped them."""
    reply.cost_micro_usd = spending.cost_micro_usd
    if spending.spent is not None:
        await deps.run.record(deps.actor, "llm.budget", "denied", {"budget": spending.spent})
        notice = html("<i>{}</i>", reader.say(f"budget.{spending.spent}"))
        reply.text = html("{}\n\n{}", reply.text, notice) if reply.text else notice


async def _no_route(route: Route, deps: Deps, reader: Reader, reply: Reply) -> None:
    """Ask back, or say that no role does this, with examples of what can be asked instead."""
    reply.state = "refused" if route.refusal else "asked"
    key = "off_topic" if route.refusal else "unclear"
    said = route.question or "unclear"
    plain = said == "unclear" or bool(claims_of(said))  # nothing was done or refused yet
    reply.text = reader.say(key) if plain or route.refusal else safe(said)
    reply.buttons = asking(route.options if not plain else [])
    if not reply.buttons:
        examples = await examples_for(deps.actor, deps.now, "help", deps.services)
        reply.buttons = suggestions(examples[:UNCLEAR_EXAMPLES], reader)
