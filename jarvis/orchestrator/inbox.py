"""The inbox: the only subscriber of people's messages, callbacks and commands. It decides what
handles each, and handles at once what is quick.

A request is published as an event of its own (`request.asked`), so that callbacks, commands and
answers to forms never wait for a request in progress.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from jarvis.app.role import language_said
from jarvis.domains.conversations.trail import STATUS, run_of_message
from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Lane
from jarvis.engine.interactions import Interactions
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.telegram.kinds import target
from jarvis.kit.actor import Actor
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import Callbacks, Commands, callback_within
from jarvis.messaging.catalogue import say
from jarvis.messaging.focus import Focus
from jarvis.messaging.markup import Markup, lines
from jarvis.messaging.payloads import Ask
from jarvis.orchestrator.chat import ASKED, Place
from jarvis.orchestrator.commands import HELP

_ADDRESS = re.compile(r"^\s*(?:@\w+|jarvis|джарвис|ჯარვის\w*)[\s,:]*", re.I)


class Inbox:
    """Dispatches what people send. A message goes to the handlers of its file, to a command, to a
    feature that has the focus (an open form, an open card), else it is a request."""

    feature: ClassVar[str] = "inbox"

    def __init__(
        self,
        db: Database,
        staff: StaffService,
        interactions: Interactions,
        callbacks: Callbacks,
        commands: Commands,
        focus: Focus,
    ) -> None:
        self._db = db
        self._staff = staff
        self._interactions = interactions
        self._callbacks = callbacks
        self._commands = commands
        self._focus = focus

    @subscriber("message.employee", lane=DeliveryLane.PEOPLE)
    async def message(self, handling: Handling) -> None:
        """Handle a message. In groups only messages addressed to Jarvis are read, and files where
        they are moderated."""
        p = handling.event.payload
        # immediate answers do not queue behind answers to requests
        handling.origin.lane = Lane.URGENT
        if p.get("media"):
            await self._focus.handle_file(handling)
        place = Place.of(handling)
        if not place.private and not (
            p["mentioned"] or await self._to_me(place.chat_id, p.get("reply_to"))
        ):
            return
        text = str(p["text"])
        actor = await self._staff.actor_of_telegram(p["sender_id"])
        if actor is None:
            await self._stranger(handling, place, p["sender_id"], text)
            return
        handling.origin.actor_id, handling.origin.actor_name = actor.employee_id, actor.name
        if p.get("media") and not text.strip():
            return  # a file alone
        words = _ADDRESS.sub("", text).strip() if not place.private else text.strip()
        if words.startswith("/"):
            await self._command(handling, actor, words)
        elif not await self._focus.handle_text(handling, actor, words) and words:
            async with handling.transaction() as tx:
                await self._ask(
                    tx, handling, place, actor, words, forwarded=bool(p.get("forwarded"))
                )

    async def _ask(
        self,
        tx: Tx,
        handling: Handling,
        place: Place,
        actor: Actor,
        text: str,
        *,
        forwarded: bool = False,
        edit_id: int | None = None,
    ) -> None:
        """Publish a request; those of one person in one chat are answered one after another."""
        await handling.publish(
            tx,
            kind=ASKED,
            name="request",
            ordering_key=f"request:{place.key}:{actor.employee_id}",
            payload={
                "chat_id": place.chat_id,
                "private": place.private,
                "message_id": place.message_id,
                "employee_id": str(actor.employee_id),
                "text": text,
                "forwarded": forwarded,
                "edit_id": edit_id,
                "notice": handling.key(STATUS),
            },
        )

    async def _command(self, handling: Handling, actor: Actor, text: str) -> None:
        """Run a command; an unknown one gets the help."""
        name, rest = [*text[1:].split(maxsplit=1), "", ""][:2]
        name = name.partition("@")[0].casefold()
        known = name if name in self._commands else HELP
        await self._commands.call(handling, actor, known, rest.strip())

    @subscriber("callback.button", lane=DeliveryLane.PEOPLE)
    async def press(self, handling: Handling) -> None:
        """Handle a callback of a stored button: once, for those it is meant for; its owner decides
        what it does."""
        p = handling.event.payload
        handling.origin.lane = Lane.URGENT
        actor = await self._staff.actor_of_telegram(p["sender_id"])
        if actor is None:
            async with handling.transaction() as tx:
                await audit.record(
                    tx,
                    action="button.press",
                    actor_name="stranger",
                    subject=f"telegram:{p['sender_id']}",
                    outcome="not_allowed",
                    event_id=handling.event.id,
                )
            return
        handling.origin.actor_id, handling.origin.actor_name = actor.employee_id, actor.name
        token = str(p["token"])
        seen = await self._interactions.look(token, actor)
        payload = self._callbacks.read(seen.kind, seen.choice)
        async with handling.transaction() as tx:
            used = await self._interactions.use(
                tx,
                token,
                actor,
                handling.event.id,
                closes_group=payload is not None and not payload.lasting,
            )
            if used.state != "ok":
                await self._without_effect(tx, handling, actor, used.state)
                return
            if payload is None:
                await self._outdated(tx, handling, actor, used.kind)
                return
            if await self._callbacks.call_within(tx, handling, actor, payload):
                return
        await self._callbacks.call(handling, actor, payload)

    @callback_within(Ask)
    async def chosen(self, tx: Tx, handling: Handling, actor: Actor, payload: Ask) -> None:
        """Publish the button's text as the person's next request."""
        place = Place.of(handling)
        asked = await self._asked(tx, place)
        await self._ask(
            tx,
            handling,
            place,
            actor,
            payload.request,
            edit_id=place.message_id if asked else None,
        )

    async def _asked(self, tx: Tx, place: Place) -> bool:
        """Whether the message is a clarifying question, which the answer replaces; the answer to a
        suggestion is a new message."""
        run = await run_of_message(tx, place.chat_id, place.message_id)
        return run is not None and run["state"] == "asked"

    async def _without_effect(self, tx: Tx, handling: Handling, actor: Actor, state: str) -> None:
        """Record a callback without effect; a message whose buttons have expired says so and loses
        them."""
        await audit.record(
            tx,
            action="button.press",
            actor_id=actor.employee_id,
            actor_name=actor.name,
            outcome=state,
            event_id=handling.event.id,
        )
        chat_id, message_id = (
            handling.event.payload["chat_id"],
            handling.event.payload["message_id"],
        )
        text = await outbox.shown(tx, chat_id, message_id) if state == "expired" else None
        if text is not None:
            text = lines([text, say("press.lapsed", actor.language)])
            await outbox.edit(
                tx,
                handling.origin,
                chat_id,
                text,
                message_id=message_id,
                key=f"lapsed:{chat_id}:{message_id}",
            )

    async def _outdated(self, tx: Tx, handling: Handling, actor: Actor, kind: str) -> None:
        """Reply that a button is out of date, and record it: nobody owns its kind any more, or its
        payload no longer parses."""
        await audit.record(
            tx,
            action="button.press",
            actor_id=actor.employee_id,
            actor_name=actor.name,
            subject=kind,
            outcome="outdated",
            event_id=handling.event.id,
        )
        text = say("press.old", actor.language)
        await self._answer(tx, handling, Place.of(handling), text, "outdated")

    async def _answer(
        self, tx: Tx, handling: Handling, place: Place, text: Markup, name: str
    ) -> None:
        reply_to = None if place.private else place.message_id
        await outbox.send(
            tx,
            handling.origin,
            place.chat_id,
            text,
            key=handling.key(name),
            reply_to=reply_to,
        )

    async def _stranger(self, handling: Handling, place: Place, user_id: int, text: str) -> None:
        """Refuse a stranger once, with an audit entry, unless a feature handles the message, as
        invitations handle their links."""
        if await self._focus.handle_stranger(handling, user_id, text):
            return
        async with handling.transaction() as tx:
            await audit.record(
                tx,
                action="message.stranger",
                actor_name="stranger",
                outcome="refused",
                subject=f"telegram:{user_id}",
                event_id=handling.event.id,
            )
            if place.private:
                refusal = say("stranger", language_said(text, "ru"))
                await outbox.send(
                    tx, handling.origin, place.chat_id, refusal, key=f"stranger:{user_id}"
                )

    async def _to_me(self, chat_id: int, reply_to: Any) -> bool:
        """Whether the message that is replied to is ours."""
        if reply_to is None:
            return False
        return bool(
            await self._db.fetchval(
                """SELECT true FROM effect WHERE target = $1 AND state = 'done'
                    AND (receipt->>'message_id')::bigint = $2 LIMIT 1""",
                target(chat_id),
                int(reply_to),
            )
        )
