"""Requests: what people ask for is answered, one after another for a person in a chat; and the
commands about Jarvis itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from pydantic_ai.messages import ModelMessagesTypeAdapter

from jarvis.app.role import roles
from jarvis.domains.bookings.changes import Changes
from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.staff import settings
from jarvis.domains.staff.invites import Invites
from jarvis.domains.staff.service import StaffService
from jarvis.engine.approval_models import Approval
from jarvis.engine.approvals import Approvals
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Lane
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.switches import Switches
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock
from jarvis.kit.ids import short_code
from jarvis.kit.text import MESSAGE_CHARS
from jarvis.language.entities import language_of
from jarvis.messaging import outbox
from jarvis.messaging.catalogue import say
from jarvis.messaging.fact_views import stopped, suggestions
from jarvis.messaging.view import Button, next_page
from jarvis.orchestrator.cards import Cards
from jarvis.orchestrator.request import Brain, Reply, Request
from jarvis.orchestrator.run_store import save_run
from jarvis.orchestrator.settings import RequestSettings
from jarvis.orchestrator.trail import STATUS
from jarvis.orchestrator.unrouted import Unrouted

ASKED = "request.asked"
STATUS_AFTER_S = 0.8
REQUEST_DEADLINE_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was said."""

    chat_id: int
    private: bool
    message_id: int

    @property
    def key(self) -> str:
        return f"telegram:{self.chat_id}"


class Chat:
    """Answers requests, and carries out the commands and presses that no other feature has."""

    feature: ClassVar[str] = "requests"

    def __init__(
        self,
        db: Database,
        brain: Brain,
        staff: StaffService,
        conversations: ConversationService,
        interactions: Interactions,
        approvals: Approvals,
        switches: Switches,
        changes: Changes,
        unrouted: Unrouted,
        clock: Clock,
        settings: RequestSettings,
    ) -> None:
        self._slow_after_s = settings.slow_after_s
        self._db = db
        self._brain = brain
        self._staff = staff
        self._conversations = conversations
        self._interactions = interactions
        self._switches = switches
        self._unrouted = unrouted
        self._cards = Cards(
            db,
            clock,
            staff,
            changes,
            approvals,
            interactions,
            reader_of=brain.reader,
            resume=self._resume,
        )
        self._invites = Invites(staff, interactions, self._welcome)

    @property
    def cards(self) -> Cards:
        """The approval cards, for features whose news changes them."""
        return self._cards

    @property
    def invites(self) -> Invites:
        """The invitations, whose links strangers bring."""
        return self._invites

    @subscriber(ASKED, lane=DeliveryLane.PEOPLE, deadline_s=REQUEST_DEADLINE_S)
    async def asked(self, handling: Handling) -> None:
        """Answer a request: a status if it takes long, then the answer in its place."""
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
            language=language_of(text, actor.language),
            place=place.key,
            private=place.private,
            forwarded=p["forwarded"],
        )
        roles: list[str] = []
        status = (
            asyncio.create_task(self._status(handling, place, request, roles))
            if edit_id is None
            else None
        )
        try:
            reply = await self._brain.answer(request, on_route=roles.append)
        finally:
            if status is not None:
                status.cancel()
                await asyncio.gather(status, return_exceptions=True)
        await self._publish(handling, place, actor, reply, edit_id)

    @subscriber("ask.employee", lane=DeliveryLane.PEOPLE, deadline_s=REQUEST_DEADLINE_S)
    async def command_line(self, handling: Handling) -> None:
        """A request from `jarvis ask`: the answer stays in the run's record."""
        p = handling.event.payload
        actor = await self._staff.actor(UUID(p["employee_id"]))
        if actor is None:
            return
        request = Request(
            event_id=handling.event.id,
            trace_id=handling.event.trace_id,
            actor=actor,
            text=str(p["text"])[:MESSAGE_CHARS],
            language=language_of(str(p["text"]), actor.language),
            place="cli",
            private=True,
        )
        reply = await self._brain.answer(request)
        async with handling.transaction() as tx:
            await save_run(tx, self._conversations, reply)

    async def _resume(self, handling: Handling, approval: Approval) -> None:
        """The agents' own words after an approval, if they have any; the card itself tells what was
        done."""
        actor = await self._staff.actor(approval.requester_id)
        if actor is None:
            await self._brain.left(approval, handling.event.id)
            return
        said = await self._brain.resume(approval, actor, handling.event.id)
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

    async def _status(
        self, handling: Handling, place: Place, request: Request, roles: list[str]
    ) -> None:
        await asyncio.sleep(STATUS_AFTER_S)
        reply_to = None if place.private else place.message_id
        async with handling.transaction() as tx:
            sent = await _status_of(tx, handling) or await outbox.send(
                tx,
                handling.origin,
                place.chat_id,
                _looking(roles, request.language),
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

    async def pressed(
        self, handling: Handling, place: Place, actor: Actor, kind: str, choice: str
    ) -> None:
        """A button of a card, of the settings, of an invitation, of a list."""
        if kind == "approve":
            await self._cards.decided(handling, place.chat_id, actor, choice)
        elif kind == "undo":
            await self._cards.undone(handling, actor, choice)
        elif kind == "unknown":
            await self._cards.resolved(handling, actor, choice)
        elif kind == "open":
            await self._cards.opened(handling, place.chat_id, actor, choice)
        elif kind == "settings":
            await settings.change(self._staff, actor, choice)
            await self._settings(handling, place, actor, edit_id=place.message_id)
        elif kind == "invite":
            await self._invites.decided(handling, place.chat_id, place.message_id, actor, choice)
        elif kind == "route":
            await self._unrouted.decided(handling, place.chat_id, place.message_id, actor, choice)
        elif kind == "report":
            await self._report(handling, place, actor, None)
        elif kind == "page":
            await self._page(handling, place, actor, choice)

    # commands

    async def command(
        self, handling: Handling, place: Place, actor: Actor, name: str, rest: str
    ) -> None:
        """A command about Jarvis itself; the help for one that nobody knows."""
        reader = await self._brain.reader(actor, actor.language)
        if name == "start":
            await self._welcome(handling, place.chat_id, actor)
        elif name in ("new", "forget"):
            await self._conversations.close(actor.employee_id, place.key, forget=name == "forget")
            await self.say(handling, place, reader.say("forgotten" if name == "forget" else "new"))
        elif name == "settings":
            await self._settings(handling, place, actor)
        elif name == "report":
            await self._report(handling, place, actor, rest or None)
        elif name == "inbox":
            await self._cards.inbox(handling, place.chat_id, actor)
        else:
            page = await self._brain.help(reader)
            notices = [
                f"⛔ {stopped(s, reader)}"
                for s in await self._switches.thrown()
                if s.scope != "effect"
            ]
            await self.say(handling, place, "\n".join([*notices, page.text]), page.buttons, actor)

    async def _welcome(self, handling: Handling, chat_id: int, actor: Actor) -> None:
        reader = await self._brain.reader(actor, actor.language)
        where = reader.branch(actor.home_branch) if actor.home_branch else reader.say("company")
        text = reader.say(
            "welcome",
            name=actor.name.split()[0],
            role=reader.say(f"role.{actor.role.value}"),
            branch=where,
        )
        place = Place(chat_id=chat_id, private=True, message_id=0)
        examples = await self._brain.examples(actor, "welcome")
        await self.say(handling, place, text, suggestions(examples, reader), actor)

    async def _page(self, handling: Handling, place: Place, actor: Actor, stored: str) -> None:
        """The rest of a list, in a message of its own."""
        page = next_page(stored, await self._brain.reader(actor, actor.language))
        await self.say(handling, place, page.text, page.buttons, actor)

    async def _settings(
        self, handling: Handling, place: Place, actor: Actor, *, edit_id: int | None = None
    ) -> None:
        fresh = await self._staff.actor(actor.employee_id) or actor
        text, rows = await settings.page(self._staff, fresh)
        async with handling.transaction() as tx:
            stored = await self._interactions.store(
                tx,
                rows,
                group=f"settings:{handling.event.id}",
                who=Who(employee_id=actor.employee_id),
                life=None,
            )
            if edit_id is None:
                await outbox.send(
                    tx,
                    handling.origin,
                    place.chat_id,
                    text,
                    buttons=stored,
                    key=handling.key("settings"),
                )
            else:
                await outbox.edit(
                    tx,
                    handling.origin,
                    place.chat_id,
                    text,
                    message_id=edit_id,
                    buttons=stored,
                    key=handling.key("settings"),
                )

    async def _report(
        self, handling: Handling, place: Place, actor: Actor, text: str | None
    ) -> None:
        trace = await self._conversations.report_problem(actor.employee_id, place.key, text)
        key = "report.none" if trace is None else "report.done"
        await self.say(handling, place, say(key, actor.language, code=short_code(trace or "")))

    async def say(
        self,
        handling: Handling,
        place: Place,
        text: str,
        buttons: Sequence[Sequence[Button]] = (),
        actor: Actor | None = None,
    ) -> None:
        """One message that answers what was said."""
        async with handling.transaction() as tx:
            stored = await self._interactions.store(
                tx,
                outbox.stored_form(buttons),
                group=f"say:{handling.event.id}",
                who=Who(employee_id=actor.employee_id if actor else None),
                life=None,
            )
            await outbox.send(
                tx,
                handling.origin,
                place.chat_id,
                text,
                buttons=stored,
                key=handling.key("said"),
                reply_to=None if place.private else place.message_id,
            )


async def _status_of(tx: Tx, handling: Handling) -> UUID | None:
    """The message that says what is being done; or the one that was sent while nobody had looked at
    the words yet."""
    keys = [_status_key(handling), handling.event.payload.get("notice")]
    return await tx.fetchval(
        "SELECT id FROM effect WHERE idempotency_key = ANY($1) ORDER BY seq LIMIT 1",
        [k for k in keys if k],
    )


def _status_key(handling: Handling) -> str:
    return handling.key(STATUS)


def _looking(names: Sequence[str], language: str) -> str:
    """What is said while the first of these roles works, or while one is being chosen."""
    role = roles()[names[0]] if names else None
    return say("status", language) if role is None else role.status[language]
