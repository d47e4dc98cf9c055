"""Changes of the subscriptions of service chats: planned, carried out, and shown on a card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from pydantic import JsonValue

from jarvis.app.write import Write
from jarvis.domains.chats.models import Purpose
from jarvis.domains.chats.service import ChatService
from jarvis.domains.news.kinds import SUBSCRIBE
from jarvis.domains.news.subscriptions import EventClass, Mode, Subscriptions
from jarvis.engine.db import Database
from jarvis.engine.effects import Effect, EffectHandler, EffectKind, Receipt
from jarvis.engine.planned import CodeChange, PlannedWrite, Subject
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Impossible, InvalidRequest, Rejected
from jarvis.messaging.markup import Markup
from jarvis.messaging.presenter import Presenter
from jarvis.messaging.view import Reader

SOURCE = "Jarvis"
EVERY_BRANCH = "all"
_WORDS = {"news": "news", "mode": "news.mode"}  # prefix of the catalogue keys of a value


class SubscriptionPresenter(Presenter):
    """Labels of event classes and delivery modes."""

    def code(self, kind: str, value: str | int, reader: Reader) -> Markup:
        if kind in _WORDS:
            return reader.say(f"{_WORDS[kind]}.{value}")
        every = kind == "branch" and value == EVERY_BRANCH
        return reader.say("company") if every else super().code(kind, value, reader)


class SubscriptionChanges(Write):
    """Plans and carries out changes of subscriptions."""

    kinds: ClassVar[Sequence[EffectKind]] = (SUBSCRIBE,)
    presenter: ClassVar[Presenter] = SubscriptionPresenter()

    def __init__(
        self, db: Database, clock: Clock, chats: ChatService, subscriptions: Subscriptions
    ) -> None:
        self._db = db
        self._clock = clock
        self._chats = chats
        self._subscriptions = subscriptions

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        return {SUBSCRIBE.name: self.carry_out}

    async def subscribe(
        self, actor: Actor, chat: Purpose, event_class: EventClass, branch: str | None, mode: Mode
    ) -> PlannedWrite:
        """Plan how a service chat receives a class of events, of one branch or of every one.

        Raises:
            Impossible: there is no such chat, or it is so already.
        """
        forum = await self._chats.company(self._db, chat)
        if forum is None or forum.lost:
            raise Impossible("no_chat")
        rows = await self._subscriptions.all(self._db)
        now = next(
            (
                r.mode
                for r in rows
                if (r.chat_id, r.event_class, r.branch) == (forum.id, event_class, branch)
            ),
            None,
        )
        if now == mode:
            raise Impossible("same")
        args: dict[str, JsonValue] = {
            "chat": str(forum.id),
            "event_class": event_class,
            "branch": branch,
            "by": str(actor.employee_id),
        }
        return PlannedWrite(
            kind=SUBSCRIBE.name,
            target=f"chat:{forum.id}",
            args={**args, "mode": mode},
            title="subscribe",
            subject=Subject(kind="chat", id=forum.id, name=f"🗒 {forum.title}"),
            shown={},
            changes=(
                CodeChange(type="news", field="news", new=event_class),
                CodeChange(type="branch", field="branch", new=branch or EVERY_BRANCH),
                CodeChange(type="mode", field="mode", old=now, new=mode),
            ),
            source=SOURCE,
            as_of=self._clock.now(),
            branch=None,
            undo={**args, "mode": now or "off"},
        )

    async def carry_out(self, effect: Effect) -> Receipt:
        """Set the subscription."""
        args = effect.args
        try:
            async with self._db.transaction() as tx:
                await self._subscriptions.set(
                    tx,
                    UUID(str(args["chat"])),
                    args["event_class"],
                    args["branch"],
                    args["mode"],
                    UUID(str(args["by"])),
                )
        except InvalidRequest as error:
            raise Rejected(SOURCE, str(error)) from None
        return Receipt(facts={"mode": args["mode"]})
