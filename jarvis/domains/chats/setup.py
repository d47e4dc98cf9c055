"""Registration of groups by an administrator. A bot cannot create groups: it is added to one and
asks what the group is for.

Before a group is registered the bot reads it from Telegram: topics must be on, its rights granted,
and in the archive members must not be allowed to write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast
from uuid import UUID

from jarvis.domains.chats import view as render
from jarvis.domains.chats.models import OWN, SERVICE, Purpose
from jarvis.domains.chats.payloads import LeaveChatUnused, RegisterChat
from jarvis.domains.chats.places import Place, own_places, places, registered_groups
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topics import LOOKED as FORUM_LOOKED
from jarvis.domains.chats.topics import NEEDED, REGISTERED
from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit, effects
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Completed, Lane
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.telegram.kinds import CHAT_LOST, LOOK, target
from jarvis.kit.actor import Actor, Role
from jarvis.kit.errors import Conflict
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback, command
from jarvis.messaging.catalogue import label, say
from jarvis.messaging.markup import Markup
from jarvis.messaging.view import Button

LOOKED = "chat.looked"
_ADMINS = Who(roles=frozenset({Role.ADMIN}))


class Setup:
    """Asks administrators what a new group is for, verifies the group, and registers it."""

    feature: ClassVar[str] = "setup"

    def __init__(
        self,
        db: Database,
        staff: StaffService,
        chats: ChatService,
        interactions: Interactions,
    ) -> None:
        self._db = db
        self._staff = staff
        self._chats = chats
        self._interactions = interactions

    @subscriber("chat.joined", lane=DeliveryLane.PEOPLE)
    async def joined(self, handling: Handling) -> None:
        """Check a group that the bot was added to; ask what it is for if it is not registered."""
        chat_id = int(handling.event.payload["chat_id"])
        forum = await self._chats.forum(self._db, chat_id)
        async with handling.transaction() as tx:
            if forum is not None:
                await self._look(
                    tx, handling, chat_id, FORUM_LOOKED, {"topics": [], "messages": []}
                )
            else:
                await self._look(
                    tx, handling, chat_id, LOOKED, {"added_by": handling.event.payload.get("by")}
                )

    @callback(RegisterChat)
    async def chosen(self, handling: Handling, actor: Actor, payload: RegisterChat) -> None:
        """Read the group from Telegram after an administrator chose a purpose or asked to check
        again."""
        p = handling.event.payload
        card = {"chat": p["chat_id"], "message": p["message_id"], "by": str(actor.employee_id)}
        async with handling.transaction() as tx:
            await self._look(
                tx,
                handling,
                payload.chat_id,
                LOOKED,
                {"purpose": payload.purpose, "key": payload.key, "card": card},
            )

    @callback(LeaveChatUnused)
    async def unused(self, handling: Handling, actor: Actor, payload: LeaveChatUnused) -> None:
        """Record that the company does not use the group."""
        p, chat_id = handling.event.payload, payload.chat_id
        async with handling.transaction() as tx:
            await audit.record(
                tx,
                action="chat.register",
                actor_id=actor.employee_id,
                actor_name=actor.name,
                subject=str(chat_id),
                outcome="not used",
                event_id=handling.event.id,
            )
            title = await self._chats.title_of(tx, chat_id) or str(chat_id)
            await outbox.edit(
                tx,
                handling.origin,
                p["chat_id"],
                say("setup.unused", actor.language, chat=title),
                message_id=p["message_id"],
                key=handling.key("setup"),
            )

    async def _look(
        self, tx: Tx, handling: Handling, chat_id: int, completed_kind: str, args: Mapping[str, Any]
    ) -> None:
        await effects.request(
            tx,
            handling.origin,
            kind=LOOK,
            target=target(chat_id),
            settled_kind=completed_kind,
            lane=Lane.URGENT,
            args={"chat_id": chat_id, **args},
            key=handling.key(f"look:{chat_id}"),
        )

    @subscriber(LOOKED, lane=DeliveryLane.PEOPLE)
    async def looked(self, handling: Handling) -> None:
        """Continue with what Telegram said of a group: ask for its purpose, register it, or list
        what is missing."""
        ended = Completed.of(handling.event)
        if not ended.done and ended.cause != CHAT_LOST:
            return
        async with handling.transaction() as tx:
            if ended.done:
                await self._chats.set_title(
                    tx, int(ended.args["chat_id"]), str(ended.receipt["title"])
                )
            if ended.args.get("purpose") is None:
                await self._ask(tx, handling, ended)
            else:
                await self._decide(tx, handling, ended)

    async def _ask(self, tx: Tx, handling: Handling, ended: Completed) -> None:
        if not ended.done:
            return
        chat_id, receipt = int(ended.args["chat_id"]), ended.receipt
        free = await self._free(tx, str(receipt["title"]), ended.args.get("added_by"))
        lacks = lacking(receipt, None)
        for admin in await self._staff.contacts(Role.ADMIN):
            text = render.question(receipt["title"], lacks, admin.language)
            buttons = render.purposes(chat_id, str(receipt["title"]), free, admin.language)
            stored = await self._interactions.store(
                tx,
                outbox.stored_form(buttons),
                group=f"setup:{handling.event.id}:{admin.telegram_id}",
                who=_ADMINS,
                life=None,
            )
            await outbox.send(
                tx,
                handling.origin,
                admin.telegram_id,
                text,
                buttons=stored,
                key=handling.key(f"setup:{admin.telegram_id}"),
            )

    async def _decide(self, tx: Tx, handling: Handling, ended: Completed) -> None:
        args, card = ended.args, ended.args["card"]
        actor = await self._staff.actor(UUID(str(card["by"])))
        if actor is None or actor.role is not Role.ADMIN:
            return
        chat_id, purpose = int(args["chat_id"]), cast(Purpose, args["purpose"])
        title = str(ended.receipt["title"]) if ended.done else str(chat_id)
        lacks = lacking(ended.receipt, purpose) if ended.done else ["member"]
        place = await self._place(tx, purpose, args["key"])
        if place is None:
            return
        name = render.purpose(place, actor.language)
        rows: list[list[Button]] = []
        if lacks:
            text = render.missing(title, name, lacks, actor.language)
            again = RegisterChat(chat_id=chat_id, purpose=purpose, key=place.key)
            rows = [[Button(label=label("setup.check", actor.language), payload=again)]]
        else:
            text = await self._register(tx, handling, actor, chat_id, title, place, name)
        stored = await self._interactions.store(
            tx, outbox.stored_form(rows), group=f"setup:{handling.event.id}", who=_ADMINS, life=None
        )
        await outbox.edit(
            tx,
            handling.origin,
            int(card["chat"]),
            text,
            message_id=int(card["message"]),
            buttons=stored,
            key=handling.key("setup"),
        )

    async def _register(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        chat_id: int,
        title: str,
        place: Place,
        name: str,
    ) -> Markup:
        try:
            await self._chats.register(
                tx,
                chat_id,
                title,
                place.purpose,
                place.branch,
                by=actor.name,
                employee_id=place.employee_id,
            )
        except Conflict as error:
            return say("setup.taken", actor.language, chat=title, other=str(error))
        await handling.publish(
            tx,
            kind=REGISTERED,
            name=str(chat_id),
            payload={"chat_id": chat_id},
            ordering_key=f"chat:{chat_id}",
        )
        return say("setup.done", actor.language, chat=title, purpose=name)

    async def _free(self, tx: Tx, title: str, added_by: int | None) -> list[Place]:
        """Return the purposes that no group serves.

        Of employees' own groups only those of the people named in the title, else of whoever added
        the bot.
        """
        people = await self._staff.employed(tx)
        likely = [p for p in people if p.name.casefold() in title.casefold()] or [
            p for p in people if p.telegram_id == added_by
        ]
        wanted = await places(self._staff, likely)
        return [
            place
            for place, forum in await registered_groups(self._chats, tx, wanted)
            if forum is None or forum.lost
        ]

    async def _place(self, tx: Tx, purpose: Purpose, key: str | None) -> Place | None:
        """Return the chosen group; None when its branch or employee no longer exists."""
        people = [p for p in await self._staff.employed(tx) if str(p.employee_id) == key]
        return next(
            (p for p in await places(self._staff, people) if (p.purpose, p.key) == (purpose, key)),
            None,
        )

    @command("setup")
    async def overview(self, handling: Handling, actor: Actor, said: str) -> None:
        """Answer `/setup` with the registered groups, the missing ones, and what to do."""
        p = handling.event.payload
        async with handling.transaction() as tx:
            if actor.role is not Role.ADMIN:
                await audit.record(
                    tx,
                    action="setup",
                    actor_id=actor.employee_id,
                    actor_name=actor.name,
                    outcome="denied",
                    subject="chats",
                    event_id=handling.event.id,
                )
                await outbox.send(
                    tx,
                    handling.origin,
                    p["chat_id"],
                    say("setup.denied", actor.language),
                    key=handling.key("setup.denied"),
                )
                return
            rows = await registered_groups(self._chats, tx, await places(self._staff))
            people = await self._staff.employed(tx)
            mine = await registered_groups(
                self._chats, tx, [place for person in people for place in own_places(person)]
            )
            own: dict[Purpose, int] = {
                o: sum(f is not None and not f.lost for place, f in mine if place.purpose == o)
                for o in OWN
            }
            await outbox.send(
                tx,
                handling.origin,
                p["chat_id"],
                render.overview(rows, len(people), own, actor.language),
                key=handling.key("setup"),
            )


def lacking(receipt: Mapping[str, Any], purpose: Purpose | None) -> list[str]:
    """Return what a group is missing for its purpose.

    Values are `forum` (topics are off), names of rights, and `read_only` for an archive where
    members can write. Service chats need only the bot's membership.
    """
    if purpose in SERVICE:
        return []
    lacks = [] if receipt["forum"] else ["forum"]
    lacks += [right for right in NEEDED if right in receipt["lacks"]]
    return lacks + (["read_only"] if purpose == "archive" and not receipt["read_only"] else [])
