"""Rules for what people do in Telegram: they write, they press buttons."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic_ai.messages import ModelMessagesTypeAdapter

from jarvis.domains.bookings.changes import Changes
from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit
from jarvis.engine.approval_models import Approval
from jarvis.engine.approvals import Approvals
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Lane
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.switches import Switches
from jarvis.engine.worker import Handler, Handling
from jarvis.integrations.llm.parser import language_of
from jarvis.integrations.telegram.kinds import target
from jarvis.kit.actor import Actor, Language
from jarvis.kit.clock import Clock
from jarvis.kit.ids import short_code
from jarvis.orchestrator import outbox, settings_menu
from jarvis.orchestrator.brain import Brain, Reply, Request
from jarvis.orchestrator.cards import Cards
from jarvis.orchestrator.invites import Invites
from jarvis.orchestrator.record import save_run
from jarvis.orchestrator.render.acting import stopped
from jarvis.orchestrator.render.base import Button, next_page
from jarvis.orchestrator.render.moments import clock
from jarvis.orchestrator.render.people import suggestions
from jarvis.orchestrator.render.words import say
from jarvis.orchestrator.routes import Unrouted
from jarvis.orchestrator.trail import run_of_message

STATUS_AFTER_S = 0.8
SLOW_AFTER_S = 20.0
LASTING = (
    "car",
    "set",
    "setup",
    "form",
    "report_of",
    "member",
    "task",
    "absence",
    "subscribe",
)  # kinds of buttons that work as often as they are pressed
Heard = Callable[[Handling, Actor, str], Awaitable[bool]]  # whether another room takes what was written as its answer
Said = Callable[[Handling, Actor, str], Awaitable[None]]  # another room's answer to a command, or to a press
# What somebody types under a card: never a confirmation.
_YES = re.compile(
    r"^\W*(?:да|давай|ок|окей|го|добро|плюс|подтверждаю|согласен|согласна|yes|yep|ok|okay|go|sure|ok do it|do it|კი|ჰო|კარგი)\W*$",
    re.I,
)
_ADDRESS = re.compile(r"^\s*(?:@\w+|jarvis|джарвис|ჯარვის\w*)[\s,:]*", re.I)


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
    """Handlers of `message.employee`, `ask.employee` and `callback.button`."""

    def __init__(
        self, db: Database, brain: Brain, staff: StaffService, conversations: ConversationService,
        interactions: Interactions, approvals: Approvals, switches: Switches, changes: Changes, unrouted: Unrouted,
        clock: Clock, *, presses: Mapping[str, Said] | None = None, commands: Mapping[str, Said] | None = None,
        heard: Heard | None = None, slow_after_s: float = SLOW_AFTER_S,
    ) -> None:  # fmt: skip
        self._slow_after_s = slow_after_s
        self._db = db
        self._brain = brain
        self._staff = staff
        self._conversations = conversations
        self._interactions = interactions
        self._switches = switches
        self._unrouted = unrouted
        self._presses = presses or {}
        self._commands = commands or {}
        self._heard = heard
        self._cards = Cards(db, clock, staff, changes, approvals, interactions, reader_of=brain.reader, resume=self._resume)
        self._invites = Invites(staff, interactions, self._welcome)

    @property
    def cards(self) -> Cards:
        """The approval cards, for rooms whose news changes them."""
        return self._cards

    @property
    def routes(self) -> Mapping[str, Sequence[Handler]]:
        return {
            "message.employee": (self.message,),
            "ask.employee": (self.command_line,),
            "callback.button": (self.press,),
            **self._cards.routes,
        }

    async def message(self, handling: Handling) -> None:
        """Somebody wrote. In groups only what is addressed to Jarvis is heard."""
        p = handling.event.payload
        place = Place(chat_id=p["chat_id"], private=p["private"], message_id=p["message_id"])
        if not place.private and not (p["mentioned"] or await self._to_me(place.chat_id, p.get("reply_to"))):
            return
        text = str(p["text"])
        actor = await self._staff.actor_of_telegram(p["sender_id"])
        if actor is None:
            await self._stranger(handling, place, p["sender_id"], text)
            return
        handling.origin.actor_id, handling.origin.actor_name = actor.employee_id, actor.name
        if p.get("media") and not text.strip():
            return  # a file alone is for the room of material
        words = _ADDRESS.sub("", text).strip() if not place.private else text.strip()
        if words.startswith("/"):
            await self._command(handling, place, actor, words)
        elif place.private and self._heard is not None and await self._heard(handling, actor, words):
            return
        elif _YES.match(words) and (waits := await self._cards.typed(actor, place.key)) is not None:
            await self._say(handling, place, say("card.typed", actor.language, t=clock(waits.expires_at)))
        elif words:
            await self.ask(handling, place, actor, words, forwarded=bool(p.get("forwarded")))

    async def ask(
        self, handling: Handling, place: Place, actor: Actor, text: str, *, forwarded: bool = False,
        edit_id: int | None = None, language: Language | None = None,
    ) -> None:  # fmt: skip
        """Answer a request: a status if it takes long, then the answer in its place."""
        request = Request(
            event_id=handling.event.id, trace_id=handling.event.trace_id, actor=actor, text=text[:4000],
            language=language or language_of(text, actor.language), place=place.key, private=place.private, forwarded=forwarded,
        )  # fmt: skip
        roles: list[str] = []
        status = asyncio.create_task(self._status(handling, place, request, roles)) if edit_id is None else None
        try:
            reply = await self._brain.answer(request, on_route=roles.append)
        finally:
            if status is not None:
                status.cancel()
                await asyncio.gather(status, return_exceptions=True)
        await self._publish(handling, place, actor, reply, edit_id)

    async def command_line(self, handling: Handling) -> None:
        """A request from `jarvis ask`: the answer stays in the run's record."""
        p = handling.event.payload
        actor = await self._staff.actor(UUID(p["employee_id"]))
        if actor is None:
            return
        request = Request(
            event_id=handling.event.id, trace_id=handling.event.trace_id, actor=actor, text=str(p["text"])[:4000],
            language=language_of(str(p["text"]), actor.language), place="cli", private=True,
        )  # fmt: skip
        reply = await self._brain.answer(request)
        async with handling.transaction() as tx:
            await save_run(tx, self._conversations, reply)

    async def _resume(self, handling: Handling, approval: Approval) -> None:
        """The agents' own words after an approval, if they have any; the card itself tells what was done."""
        actor = await self._staff.actor(approval.requester_id)
        if actor is None:
            return
        said = await self._brain.resume(approval, actor, handling.event.id)
        async with handling.transaction() as tx:
            for role, messages, text in said:
                rows = ModelMessagesTypeAdapter.dump_python(messages, mode="json")
                await self._conversations.remember(tx, approval.conversation_id, approval.run_id, role, rows)
                chat = approval.place.partition(":")[2]
                if text and chat:
                    await outbox.send(tx, handling.origin, int(chat), text, key=f"resume:{approval.id}:{role}")

    async def _status(self, handling: Handling, place: Place, request: Request, roles: list[str]) -> None:
        await asyncio.sleep(STATUS_AFTER_S)
        key = f"status.{roles[0]}" if roles else "status"
        reply_to = None if place.private else place.message_id
        async with handling.transaction() as tx:
            sent = await outbox.send(
                tx, handling.origin, place.chat_id, say(key, request.language), key=_status_key(handling),
                lane=Lane.URGENT, reply_to=reply_to,
            )  # fmt: skip
        await asyncio.sleep(self._slow_after_s - STATUS_AFTER_S)
        async with handling.transaction() as tx:
            await outbox.edit(
                tx, handling.origin, place.chat_id, say("status.slow", request.language), of=sent,
                key=f"{handling.event.id}:slow", lane=Lane.URGENT, reply_to=reply_to,
            )  # fmt: skip

    async def _publish(self, handling: Handling, place: Place, actor: Actor, reply: Reply, edit_id: int | None) -> None:
        pages = outbox.split(reply.text)
        reply_to = None if place.private else place.message_id
        async with handling.transaction() as tx:
            await save_run(tx, self._conversations, reply)
            stored = await self._interactions.store(
                tx, outbox.stored_form(reply.buttons), group=f"answer:{handling.event.id}", who=Who(employee_id=actor.employee_id),
                life=None, conversation_id=reply.conversation_id,
            )  # fmt: skip
            status = await tx.fetchval("SELECT id FROM effect WHERE idempotency_key = $1", _status_key(handling))
            key = f"{handling.event.id}:answer"
            if reply.draft is not None and not reply.text:
                await self._cards.show(
                    tx, handling.origin, reply.draft, place.chat_id, status=status, edit_id=edit_id, reply_to=reply_to
                )
                return
            first, last = pages[0], len(pages) == 1
            if edit_id is not None or status is not None:
                await outbox.edit(
                    tx, handling.origin, place.chat_id, first, of=status, message_id=edit_id, key=key,
                    buttons=stored if last else (), reply_to=reply_to,
                )  # fmt: skip
            else:
                await outbox.send(
                    tx, handling.origin, place.chat_id, first, key=key, buttons=stored if last else (), reply_to=reply_to
                )
            if not last:
                await outbox.send(tx, handling.origin, place.chat_id, pages[1], key=f"{key}:2", buttons=stored)
            if reply.draft is not None:
                await self._cards.show(tx, handling.origin, reply.draft, place.chat_id, status=None, edit_id=None, reply_to=reply_to)

    async def press(self, handling: Handling) -> None:
        """A stored button: once, by whom it is for. Its choice is a request, or a decision."""
        p = handling.event.payload
        actor = await self._staff.actor_of_telegram(p["sender_id"])
        if actor is None:
            async with handling.transaction() as tx:
                await audit.record(tx, action="button.press", actor_name="stranger", subject=f"telegram:{p['sender_id']}",
                                   outcome="not_allowed", event_id=handling.event.id)  # fmt: skip
            return
        handling.origin.actor_id, handling.origin.actor_name = actor.employee_id, actor.name
        seen = await self._interactions.look(str(p["token"]), actor)
        if seen.kind == "approve" and seen.state == "ok":
            await self._cards.before_decision(handling, seen.choice)
        async with handling.transaction() as tx:
            pressed = await self._interactions.use(
                tx, str(p["token"]), actor, handling.event.id, settles=seen.kind not in ("approve", "undo", "unknown", *LASTING)
            )
            if pressed.state != "ok":
                await self._not_pressed(tx, handling, actor, pressed.state)
                return
        kind, choice = pressed.kind, pressed.choice
        place = Place(chat_id=p["chat_id"], private=p["chat_id"] > 0, message_id=p["message_id"])
        if kind == "ask" and choice:
            await self._asked_by_button(handling, place, actor, choice)
        elif kind == "settings":
            await settings_menu.change(self._staff, actor, choice)
            await self._settings(handling, place, actor, edit_id=place.message_id)
        elif kind == "invite":
            await self._invites.decided(handling, place.chat_id, place.message_id, actor, choice)
        elif kind == "route":
            await self._unrouted.decided(handling, place.chat_id, place.message_id, actor, choice)
        elif kind == "report":
            await self._report(handling, place, actor, None)
        elif kind == "page":
            await self._page(handling, place, actor, choice)
        else:
            await self._acted(handling, place, actor, kind, choice)

    async def _not_pressed(self, tx: Tx, handling: Handling, actor: Actor, state: str) -> None:
        """A press that means nothing goes on record; a message whose buttons outlived their time says so and loses them."""
        await audit.record(tx, action="button.press", actor_id=actor.employee_id, actor_name=actor.name, outcome=state,
                           event_id=handling.event.id)  # fmt: skip
        chat_id, message_id = handling.event.payload["chat_id"], handling.event.payload["message_id"]
        text = await outbox.shown(tx, chat_id, message_id) if state == "expired" else None
        if text is not None:
            text = f"{text}\n{say('press.lapsed', actor.language)}"
            await outbox.edit(tx, handling.origin, chat_id, text, message_id=message_id, key=f"lapsed:{chat_id}:{message_id}")

    async def _acted(self, handling: Handling, place: Place, actor: Actor, kind: str, choice: str) -> None:
        """A decision over a card, an undo, a word over an unknown outcome."""
        if kind == "approve":
            await self._cards.decided(handling, place.chat_id, actor, choice)
        elif kind == "undo":
            await self._cards.undone(handling, actor, choice)
        elif kind == "unknown":
            await self._cards.resolved(handling, actor, choice)
        elif kind == "open":
            await self._cards.opened(handling, place.chat_id, actor, choice)
        elif kind in self._presses:
            await self._presses[kind](handling, actor, choice)

    async def _asked_by_button(self, handling: Handling, place: Place, actor: Actor, choice: str) -> None:
        """A clarifying choice is answered in place of its question; a suggestion gets a message of its own."""
        run = await run_of_message(self._db, place.chat_id, place.message_id)
        asked = run is not None and run["state"] == "asked"
        await self.ask(handling, place, actor, choice, edit_id=place.message_id if asked else None)

    # commands

    async def _command(self, handling: Handling, place: Place, actor: Actor, text: str) -> None:
        name, _, rest = text[1:].partition(" ")
        name = name.partition("@")[0].casefold()
        reader = await self._brain.reader(actor, actor.language)
        if name == "start":
            await self._welcome(handling, place.chat_id, actor)
        elif name in ("new", "forget"):
            await self._conversations.close(actor.employee_id, place.key, forget=name == "forget")
            await self._say(handling, place, reader.say("forgotten" if name == "forget" else "new"))
        elif name == "settings":
            await self._settings(handling, place, actor)
        elif name == "report":
            await self._report(handling, place, actor, rest or None)
        elif name in self._commands:
            await self._commands[name](handling, actor, rest.strip())
        elif name == "inbox":
            await self._cards.inbox(handling, place.chat_id, actor)
        else:
            page = self._brain.help(reader)
            notices = [f"⛔ {stopped(s, reader)}" for s in await self._switches.thrown() if s.scope != "effect"]
            await self._say(handling, place, "\n".join([*notices, page.text]), page.buttons, actor)

    async def _welcome(self, handling: Handling, chat_id: int, actor: Actor) -> None:
        reader = await self._brain.reader(actor, actor.language)
        where = reader.branch(actor.home_branch) if actor.home_branch else reader.say("company")
        text = reader.say("welcome", name=actor.name.split()[0], role=reader.say(f"role.{actor.role.value}"), branch=where)
        place = Place(chat_id=chat_id, private=True, message_id=0)
        await self._say(handling, place, text, suggestions(("pickups", "free", "where"), reader), actor)

    async def _page(self, handling: Handling, place: Place, actor: Actor, stored: str) -> None:
        """The rest of a list, in a message of its own."""
        page = next_page(stored, await self._brain.reader(actor, actor.language))
        await self._say(handling, place, page.text, page.buttons, actor)

    async def _settings(self, handling: Handling, place: Place, actor: Actor, *, edit_id: int | None = None) -> None:
        fresh = await self._staff.actor(actor.employee_id) or actor
        text, rows = await settings_menu.page(self._staff, fresh)
        async with handling.transaction() as tx:
            stored = await self._interactions.store(
                tx, rows, group=f"settings:{handling.event.id}", who=Who(employee_id=actor.employee_id), life=None
            )
            if edit_id is None:
                await outbox.send(tx, handling.origin, place.chat_id, text, buttons=stored)
            else:
                await outbox.edit(tx, handling.origin, place.chat_id, text, message_id=edit_id, buttons=stored)

    async def _report(self, handling: Handling, place: Place, actor: Actor, text: str | None) -> None:
        trace = await self._conversations.report_problem(actor.employee_id, place.key, text)
        key = "report.none" if trace is None else "report.done"
        await self._say(handling, place, say(key, actor.language, code=short_code(trace or "")))

    async def _say(
        self, handling: Handling, place: Place, text: str, buttons: Sequence[Sequence[Button]] = (), actor: Actor | None = None
    ) -> None:
        async with handling.transaction() as tx:
            stored = await self._interactions.store(
                tx, outbox.stored_form(buttons), group=f"say:{handling.event.id}",
                who=Who(employee_id=actor.employee_id if actor else None), life=None,
            )  # fmt: skip
            await outbox.send(tx, handling.origin, place.chat_id, text, buttons=stored,
                              reply_to=None if place.private else place.message_id)  # fmt: skip

    # strangers and invitations

    async def _stranger(self, handling: Handling, place: Place, user_id: int, text: str) -> None:
        """One polite refusal a person and an audit row; an invitation's link is the only thing that is heard."""
        token = text.partition(" ")[2].strip() if text.startswith("/start ") else ""
        if token:
            await self._invites.claimed(handling, place.chat_id, user_id, token)
            return
        async with handling.transaction() as tx:
            await audit.record(tx, action="message.stranger", actor_name="stranger", outcome="refused",
                               subject=f"telegram:{user_id}", event_id=handling.event.id)  # fmt: skip
            if place.private:
                refusal = say("stranger", language_of(text, "ru"))
                await outbox.send(tx, handling.origin, place.chat_id, refusal, key=f"stranger:{user_id}")

    async def _to_me(self, chat_id: int, reply_to: Any) -> bool:
        """Whether a message answers one of ours."""
        if reply_to is None:
            return False
        return bool(
            await self._db.fetchval(
                """SELECT true FROM effect WHERE target = $1 AND state = 'done'
                    AND (receipt->>'message_id')::bigint = $2 LIMIT 1""",
                target(chat_id),
                int(reply_to),
            )  # fmt: skip
        )


def _status_key(handling: Handling) -> str:
    return f"{handling.event.id}:status"
