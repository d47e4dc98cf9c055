"""Composes an answer of the roles' results: code renders facts and refusals, a model's text is
shown only where it claims nothing, and all writes that need approval go on one card."""

from __future__ import annotations

import time
from collections.abc import Sequence

from agents.blocks import Block, Facts, Proposal, Question, Refusal, Text
from agents.grammar import asked, read
from jarvis.engine.approval_models import Draft
from jarvis.engine.approvals import Approvals
from jarvis.messaging.facts import ChoiceFact, Fact, RefusalFact
from jarvis.messaging.markup import Markup, html, joined
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Button, Reader, Rendered, Views, short
from jarvis.orchestrator.reply import Part, Reply, Request, retry, safe
from tools.claims import source_unavailable, unsupported_claim
from tools.deps import Deps, RunLedger
from tools.policy import policy_of
from tools.refusals import refuse, refused_by_role

BUTTON_ROWS = 6


class Composer:
    """Composes replies."""

    def __init__(self, views: Views, approvals: Approvals) -> None:
        self._views = views
        self._approvals = approvals

    async def compose(
        self, request: Request, parts: Sequence[Part], deps: Deps, reader: Reader, reply: Reply
    ) -> None:
        """Fill a reply with the results of its parts."""
        pieces: list[Rendered] = []
        for part in parts:
            if part.messages is not None:
                reply.messages.append((part.delegation.role, part.messages))
            reply.offline = reply.offline or part.offline
            if part.awaits_approval:
                continue
            if part.answer is None:
                pieces.append(_failed(part, part.cause or "cause.model", reader))
                continue
            for block in part.answer.blocks:
                pieces += await self._block(block, part, deps, reader)
        blocking = _blocking_facts(deps.run, parts)
        pieces += [self._views.render(fact, reader) for fact in blocking]
        reply.text = joined("\n\n", [p.text for p in pieces if p.text])
        reply.buttons = [row for p in pieces for row in p.buttons][:BUTTON_ROWS]
        if any(part.awaits_approval for part in parts) and not blocking:
            reply.draft = _draft(request, parts, deps, reply)
            reply.state = "asked"
        elif all(part.answer is None and not part.awaits_approval for part in parts):
            reply.state = "failed"
            reply.buttons = [retry(request, reader)]
        elif any(isinstance(fact, ChoiceFact) for fact in deps.run.facts.facts.values()):
            reply.state = "asked"
        if not reply.text and reply.draft is None:
            dropped = any(step.kind == "dropped" for step in deps.run.steps)
            unsaid = "cause.claim.done" if dropped else "cause.none"
            reply.failed(
                request, reader, "cause.source" if source_unavailable(deps.run) else unsaid
            )

    async def _block(
        self, block: Block, part: Part, deps: Deps, reader: Reader
    ) -> Sequence[Rendered]:
        if isinstance(block, Facts):
            known = [deps.run.facts.facts[i] for i in block.ids if i in deps.run.facts.facts]
            return [self._views.render(fact, reader) for fact in known]
        if isinstance(block, Text | Question):
            return await self._text(block, part, deps, reader)
        if isinstance(block, Proposal):
            return [Rendered(text=Markup(), buttons=asking([block.request]))]
        return [await self._refusal(block, part, deps, reader)]

    async def _text(
        self, block: Text | Question, part: Part, deps: Deps, reader: Reader
    ) -> Sequence[Rendered]:
        if part.offline and block.text == "unavailable":
            return [
                _failed(
                    part, "cause.source" if source_unavailable(deps.run) else "cause.none", reader
                )
            ]
        role = part.delegation.role
        claim = await unsupported_claim(block.text, role, deps, self._approvals)
        if claim == "refused":
            meant = asked(read(part.delegation.request, deps.now), role)
            tool = meant.intent.tool if meant is not None else None
            return [await self._refusal(Refusal(tool=tool or ""), part, deps, reader)]
        if claim is not None:
            return [] if claim == "done" else [_failed(part, f"cause.claim.{claim}", reader)]
        if isinstance(block, Text):
            return [Rendered(text=safe(block.text))]
        return [Rendered(text=html("❓ {}", safe(block.text)), buttons=asking(block.options))]

    async def _refusal(self, block: Refusal, part: Part, deps: Deps, reader: Reader) -> Rendered:
        """Render what was refused in this run, or what the role may not do; a refusal that only a
        model claims is not shown."""
        refusals = [f for f in deps.run.facts.facts.values() if isinstance(f, RefusalFact)]
        if same := [fact for fact in refusals if fact.tool == block.tool]:
            return self._views.render(same[-1], reader)
        if not refused_by_role(deps, block.tool):
            began, role = time.monotonic(), part.delegation.role
            deps.run.step("dropped", "claim.refused", began=began, role=role, outcome=block.tool)
            if refusals:
                return self._views.render(refusals[-1], reader)
            return _failed(part, "cause.claim.refused", reader)
        key = await refuse(
            deps, block.tool, None, f"the role {deps.actor.role.value} may not use {block.tool}"
        )
        deps.run.step("refused", block.tool, began=time.monotonic(), outcome=deps.actor.role.value)
        return self._views.render(deps.run.facts.facts[key], reader)


def asking(requests: Sequence[str]) -> list[list[Button]]:
    """Buttons that send these requests, one a row."""
    return [[Button(label=short(each), payload=Ask(request=each))] for each in requests]


def _failed(part: Part, cause: str, reader: Reader) -> Rendered:
    return Rendered(text=reader.say("step.failed", part=part.said, cause=reader.say(cause)))


def _draft(request: Request, parts: Sequence[Part], deps: Deps, reply: Reply) -> Draft:
    """Return one card for all writes of the request, in the order of the delegations and of the
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
        histories={part.delegation.role: part.history for part in parts if part.awaits_approval},
    )


def _blocking_facts(run: RunLedger, parts: Sequence[Part]) -> list[Fact]:
    """Return facts that must be resolved before a card is shown (a choice, something unknown, an
    obstacle), found by a role with planned writes."""
    if not any(part.awaits_approval for part in parts):
        return []
    shown = {
        i
        for part in parts
        if part.answer is not None
        for b in part.answer.blocks
        if isinstance(b, Facts)
        for i in b.ids
    }
    return [fact for key, fact in run.facts.facts.items() if fact.blocks_card and key not in shown]
