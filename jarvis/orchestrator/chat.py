"""Answers requests, one after another for each person in a chat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from jarvis.app.role import language_said, roles
from jarvis.domains.approvals.cards import Cards
from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.conversations.settings import RequestSettings
from jarvis.domains.conversations.trail import STATUS
from jarvis.domains.staff.service import StaffService
from jarvis.engine import effects
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Lane
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.text import MESSAGE_CHARS
from jarvis.messaging import outbox
from jarvis.messaging.catalogue import say
from jarvis.messaging.markup import Markup, escape, joined
from jarvis.orchestrator.reply import Reply, Request
from jarvis.orchestrator.request import RequestPipeline
from jarvis.orchestrator.run_store import save_run

ASKED = "request.asked"
STATUS_AFTER_S = 0.8
REQUEST_DEADLINE_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The chat and message of a request or a callback."""

    chat_id: int
    private: bool
    message_id: int

    @classmethod
    def of(cls, handling: Handling) -> Place:
        """The place of a message or a callback; a private chat has a positive id."""
        p = handling.event.payload
        chat_id = int(p["chat_id"])
        return cls(chat_id=chat_id, private=chat_id > 0, message_id=int(p["message_id"]))

    @property
    def key(self) -> str:
        return f"telegram:{self.chat_id}"


class Chat:
    """Answers requests."""

    feature: ClassVar[str] = "requests"

    def __init__(
        self,
        db: Database,
        pipeline: RequestPipeline,
        staff: StaffService,
        conversations: ConversationService,
        interactions: Interactions,
        cards: Cards,
        settings: RequestSettings,
    ) -> None:
        self._slow_after_s = settings.slow_after_s
        self._db = db
        self._pipeline = pipeline
        self._staff = staff
        self._conversations = conversations
        self._interactions = interactions
        self._cards = cards

    @subscriber(ASKED, lane=DeliveryLane.PEOPLE, deadline_s=REQUEST_DEADLINE_S)
    async def asked(self, handling: Handling) -> None:
        """Answer a request: a status message if it takes long, which the answer then replaces."""
        p = handling.event.payload
        actor = await self._staff.actor(UUID(str(p["employee_id"])))
        if actor is None:
            return
        handling.origin.actor_id, handling.origin.actor_name = actor.employee_id, actor.name
        place = Place(chat_id=p["chat_id"], private=p["private"], message_id=p["message_id"])
        text, edit_id = str(p["text"]), p["edit_id"]
        request = Request(
            event_id=handling.event.id,
            trace_id=handling.event.trace_id,
            actor=actor,
            text=text[:MESSAGE_CHARS],
            language=language_said(text, actor.language),
            place=place.key,
            private=place.private,
            forwarded=p["forwarded"],
        )
        routed: list[str] = []
        status = (
            asyncio.create_task(self._status(handling, place, request, routed))
            if edit_id is None
            else None
        )
        try:
            reply = await self._pipeline.answer(request, on_route=routed.append)
        finally:
            if status is not None:
                status.cancel()
                await asyncio.gather(status, return_exceptions=True)
        await self._publish(handling, place, actor, reply, edit_id)

    @subscriber("ask.employee", lane=DeliveryLane.PEOPLE, deadline_s=REQUEST_DEADLINE_S)
    async def command_line(self, handling: Handling) -> None:
        """Answer a request from `jarvis ask`; the answer is kept in the run's record. A card of
        writes goes into the private chat: only there somebody can confirm it."""
        p = handling.event.payload
        actor = await self._staff.actor(UUID(p["employee_id"]))
        if actor is None:
            return
        request = Request(
            event_id=handling.event.id,
            trace_id=handling.event.trace_id,
            actor=actor,
            text=str(p["text"])[:MESSAGE_CHARS],
            language=language_said(str(p["text"]), actor.language),
            place="cli",
            private=True,
        )
        reply = await self._pipeline.answer(request)
        chat_id = await self._staff.telegram_of(actor.employee_id) if reply.draft else None
        if reply.draft is not None:
            note = say("card.in_private" if chat_id else "card.no_telegram", request.language)
            reply.text = joined("\n\n", [t for t in (reply.text.rstrip(), note) if t])
        async with handling.transaction() as tx:
            await save_run(tx, self._conversations, reply)
            if reply.draft is not None and chat_id is not None:
                await self._cards.show(
                    tx,
                    handling.origin,
                    reply.draft,
                    chat_id,
                    status=None,
                    edit_id=None,
                    reply_to=None,
                )

    async def _status(
        self, handling: Handling, place: Place, request: Request, routed: list[str]
    ) -> None:
        await asyncio.sleep(STATUS_AFTER_S)
        reply_to = None if place.private else place.message_id
        async with handling.transaction() as tx:
            sent = await _status_of(tx, handling) or await outbox.send(
                tx,
                handling.origin,
                place.chat_id,
                _status_text(routed, request.language),
                key=_status_key(handling),
                lane=Lane.URGENT,
                reply_to=reply_to,
            )
        await asyncio.sleep(self._slow_after_s - STATUS_AFTER_S)
        async with handling.transaction() as tx:
            await outbox.edit(
                tx,
                handling.origin,
                place.chat_id,
                say("status.slow", request.language),
                of=sent,
                key=handling.key("slow"),
                lane=Lane.URGENT,
                reply_to=reply_to,
            )

    async def _publish(
        self, handling: Handling, place: Place, actor: Actor, reply: Reply, edit_id: int | None
    ) -> None:
        pages = outbox.split(reply.text)
        reply_to = None if place.private else place.message_id
        async with handling.transaction() as tx:
            await save_run(tx, self._conversations, reply)
            stored = await self._interactions.store(
                tx,
                outbox.stored_form(reply.buttons),
                group=f"answer:{handling.event.id}",
                who=Who(employee_id=actor.employee_id),
                life=None,
                conversation_id=reply.conversation_id,
            )
            status = await _status_of(tx, handling)
            key = handling.key("answer")
            if reply.draft is not None and not reply.text:
                await self._cards.show(
                    tx,
                    handling.origin,
                    reply.draft,
                    place.chat_id,
                    status=status,
                    edit_id=edit_id,
                    reply_to=reply_to,
                )
                return
            first, last = pages[0], len(pages) == 1
            if edit_id is not None or status is not None:
                await outbox.edit(
                    tx,
                    handling.origin,
                    place.chat_id,
                    first,
                    of=status,
                    message_id=edit_id,
                    key=key,
                    buttons=stored if last else (),
                    reply_to=reply_to,
                )
            else:
                await outbox.send(
                    tx,
                    handling.origin,
                    place.chat_id,
                    first,
                    key=key,
                    buttons=stored if last else (),
                    reply_to=reply_to,
                )
            if not last:
                await outbox.send(
                    tx, handling.origin, place.chat_id, pages[1], key=f"{key}:2", buttons=stored
                )
            if reply.draft is not None:
                await self._cards.show(
                    tx,
                    handling.origin,
                    reply.draft,
                    place.chat_id,
                    status=None,
                    edit_id=None,
                    reply_to=reply_to,
                )


async def _status_of(tx: Tx, handling: Handling) -> UUID | None:
    """The status message of this request, or the notice that was sent before it was handled."""
    keys = [_status_key(handling), handling.event.payload.get("notice")]
    return await effects.first_of(tx, [key for key in keys if key])


def _status_key(handling: Handling) -> str:
    return handling.key(STATUS)


def _status_text(names: Sequence[str], language: str) -> Markup:
    """The status text while the first of these roles works, or while one is being chosen."""
    role = roles()[names[0]] if names else None
    return say("status", language) if role is None else escape(role.status[language])
