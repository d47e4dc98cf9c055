"""Resumes the runs of agents after their writes were decided."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    TextPart,
    UserPromptPart,
)

from agents.blocks import Question, Text
from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.staff.service import StaffService
from jarvis.engine.approval_models import Approval
from jarvis.engine.approvals import RESUME, Approvals
from jarvis.engine.db import Database
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.language.offline import NAME as OFFLINE
from jarvis.messaging import outbox
from jarvis.messaging.markup import Markup, lines
from jarvis.orchestrator.reply import safe
from jarvis.orchestrator.role_runs import RoleRuns
from tools.claims import unsupported_claim
from tools.deps import Grant, RunLedger
from tools.refusals import deny_approved


class Resume:
    """Resumes the agents of a decided card."""

    feature: ClassVar[str] = "cards"

    def __init__(
        self,
        db: Database,
        runs: RoleRuns,
        staff: StaffService,
        conversations: ConversationService,
        approvals: Approvals,
    ) -> None:
        self._db = db
        self._runs = runs
        self._staff = staff
        self._conversations = conversations
        self._approvals = approvals

    @subscriber(RESUME, lane=DeliveryLane.PEOPLE, deadline_s=180)
    async def resumed(self, handling: Handling) -> None:
        """Send the agents' own text after an approval, if they have any; the card itself shows what
        was done."""
        event_id = handling.event.id
        approval = await self._approvals.read(
            self._db, UUID(str(handling.event.payload["approval_id"]))
        )
        actor = await self._staff.actor(approval.requester_id)
        if actor is None:
            left = "this person has left the company"
            await deny_approved(self._db, approval, event_id, left)
            return
        with self._runs.meter.opened(actor.employee_id) as spending:
            said = [
                await self._resume_role(approval, actor, event_id, role, stored)
                for role, stored in await self._approvals.history(self._db, approval.id)
            ]
        if spending.cost_micro_usd:
            sql = "UPDATE agent_run SET cost_micro_usd = cost_micro_usd + $2 WHERE id = $1"
            await self._db.execute(sql, approval.run_id, spending.cost_micro_usd)
        async with handling.transaction() as tx:
            for role, messages, text in said:
                rows = ModelMessagesTypeAdapter.dump_python(messages, mode="json")
                await self._conversations.remember(
                    tx, approval.conversation_id, approval.run_id, role, rows
                )
                chat = approval.place.partition(":")[2]
                if text and chat:
                    await outbox.send(
                        tx, handling.origin, int(chat), text, key=handling.key(f"resume:{role}")
                    )

    async def _resume_role(
        self, approval: Approval, actor: Actor, event_id: UUID, role: str, stored: object
    ) -> tuple[str, list[ModelMessage], Markup]:
        """Resume one role with the outcome of its writes; returns the messages to store, and its
        text."""
        calls = frozenset(item.call_key for item in approval.items if item.role == role)
        grant = Grant(approval_id=approval.id, calls=calls, db=self._db, approvals=self._approvals)
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
        deps = self._runs.deps(actor, ledger)
        answer = await self._runs.resume(role, stored, calls, deps)
        texts = [
            block.text
            for block in (answer.blocks if answer is not None else ())
            if isinstance(block, Text | Question)
            and await unsupported_claim(block.text, role, deps, self._approvals) is None
        ]
        outcome = "; ".join([await grant.outcome(key) for key in sorted(calls)])
        return role, _memory(approval, outcome), lines([safe(text) for text in texts])


def _memory(approval: Approval, outcome: str) -> list[ModelMessage]:
    """The decision as a message that later requests remember."""
    decision = f"(the card was approved by {approval.decided_by}: {outcome})"
    return [
        ModelRequest(parts=[UserPromptPart(content=decision)]),
        ModelResponse(parts=[TextPart(content="noted")], model_name=OFFLINE),
    ]
