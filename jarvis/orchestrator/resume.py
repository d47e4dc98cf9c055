"""Agents whose writes were decided go on with what they have to say."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic_ai.messages import ModelMessagesTypeAdapter

from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.staff.service import StaffService
from jarvis.engine.approvals import RESUME, Approvals
from jarvis.engine.db import Database
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.messaging import outbox
from jarvis.orchestrator.request import RequestPipeline


class Resume:
    """Lets the agents of a decided card go on."""

    feature: ClassVar[str] = "cards"

    def __init__(
        self,
        db: Database,
        pipeline: RequestPipeline,
        staff: StaffService,
        conversations: ConversationService,
        approvals: Approvals,
    ) -> None:
        self._db = db
        self._pipeline = pipeline
        self._staff = staff
        self._conversations = conversations
        self._approvals = approvals

    @subscriber(RESUME, lane=DeliveryLane.PEOPLE, deadline_s=180)
    async def resumed(self, handling: Handling) -> None:
        """The agents' own words after an approval, if they have any; the card itself tells what was
        done."""
        approval = await self._approvals.read(
            self._db, UUID(str(handling.event.payload["approval_id"]))
        )
        actor = await self._staff.actor(approval.requester_id)
        if actor is None:
            await self._pipeline.left(approval, handling.event.id)
            return
        said = await self._pipeline.resume(approval, actor, handling.event.id)
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
