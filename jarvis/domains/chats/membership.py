"""Keeps the members of the company's groups in line with the staff list: at once when it changes,
and by a daily check.

A bot can remove members, but it can bring somebody in only by sending them an invite link. It never
removes a person who is not on the staff list; it reports them to the heads, who decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal
from uuid import UUID

from jarvis.domains.chats.checks import MEMBERS_DUE
from jarvis.domains.chats.models import SERVICE, Forum
from jarvis.domains.chats.payloads import RemoveStranger
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topics import REGISTERED
from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.staff.events import CHANGED
from jarvis.domains.staff.models import Person
from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit, effects
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Completed, Origin
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.telegram.kinds import CHAT_LOST, LET_IN, MEMBERS, REMOVE_MEMBER, target
from jarvis.kit.actor import Actor, Role
from jarvis.kit.roles import HEADS
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback
from jarvis.messaging.catalogue import label, say
from jarvis.messaging.markup import lines
from jarvis.messaging.view import Button

LOOKED, INVITED, REMOVED = (
    "members.looked",
    "member.invited",
    "member.removed",
)
STRANGERS_MAX = 6  # buttons in a report
_REPORT_ROLES = frozenset({Role.BRANCH_HEAD, Role.ADMIN})
_MEMBERS: Mapping[str, frozenset[Role]] = {
    "leaders": HEADS,
    "sales": HEADS | {Role.SALES},
    "marketing": HEADS | {Role.MARKETING},
}
Access = Literal["in", "may", "out"]


def access_of(person: Person, forum: Forum) -> Access:
    """Return whether somebody must be in a group (`in`), may be there (`may`), or must not
    (`out`)."""
    if person.dismissed:
        return "out"
    if forum.employee_id is not None:
        return (
            "in"
            if forum.employee_id == person.employee_id
            else "may"
            if person.everywhere
            else "out"
        )
    if forum.purpose == "branch_forum":
        return "in" if forum.branch in person.branches else "may" if person.everywhere else "out"
    if forum.purpose in _MEMBERS:
        return (
            "in"
            if person.role in _MEMBERS[forum.purpose]
            else "may"
            if person.everywhere
            else "out"
        )
    if forum.purpose == "hq":
        return "in" if person.role in HEADS else "may" if person.everywhere else "out"
    return "may"


class Membership:
    """Invites and removes members, and reports what differs."""

    feature: ClassVar[str] = "membership"

    def __init__(
        self,
        db: Database,
        staff: StaffService,
        chats: ChatService,
        conversations: ConversationService,
        interactions: Interactions,
    ) -> None:
        self._db = db
        self._staff = staff
        self._chats = chats
        self._conversations = conversations
        self._interactions = interactions

    @subscriber(CHANGED)
    async def changed(self, handling: Handling) -> None:
        """Update the groups of an employee who was hired, dismissed, or got another role or
        branch."""
        p = handling.event.payload
        async with handling.transaction() as tx:
            person = await self._staff.person(tx, UUID(str(p["employee_id"])))
            if person is None:
                return
            if person.dismissed:
                await self._conversations.end(tx, person.employee_id)
            if person.telegram_id is None:
                return
            for forum in await self._chats.groups(tx):
                await self._reconcile(tx, handling.origin, person, forum, access_of(person, forum))

    @subscriber(REGISTERED)
    async def registered(self, handling: Handling) -> None:
        """Invite the employees who belong in a newly registered forum.

        Service chats are left to the daily check: the bot has no right to invite there yet.
        """
        async with handling.transaction() as tx:
            forum = await self._chats.forum(tx, int(handling.event.payload["chat_id"]))
            if forum is None or forum.purpose in SERVICE:
                return
            for person in await self._staff.employed(tx):
                if access_of(person, forum) == "in":
                    await self._reconcile(tx, handling.origin, person, forum, "in")

    async def _reconcile(
        self, tx: Tx, origin: Origin, person: Person, forum: Forum, access: Access
    ) -> None:
        if forum.lost or access == "may":
            return
        args = {
            "chat_id": forum.marked_id,
            "user": person.telegram_id,
            "employee": str(person.employee_id),
            "ban": person.dismissed,
        }
        kind, completed_kind = (LET_IN, INVITED) if access == "in" else (REMOVE_MEMBER, REMOVED)
        await effects.request(
            tx,
            origin,
            kind=kind,
            target=target(forum.marked_id),
            args=args,
            settled_kind=completed_kind,
            branch=forum.branch,
            key=origin.key(f"{access}:{forum.id}:{person.employee_id}"),
            ordering_key=f"member:{forum.id}:{person.telegram_id}",
        )

    @subscriber(INVITED)
    async def invited(self, handling: Handling) -> None:
        """Send the invite link to the employee; there is no link if they are a member already."""
        ended = Completed.of(handling.event)
        async with handling.transaction() as tx:
            forum = await self._chats.forum(tx, int(ended.args["chat_id"]))
            person = await self._staff.person(tx, UUID(str(ended.args["employee"])))
            if forum is None or person is None or person.telegram_id is None or person.dismissed:
                return
            if not ended.done:
                await self._failed(
                    tx, handling, forum, person.name, "member.not_invited", str(ended.cause)
                )
            elif ended.receipt["link"] is not None and access_of(person, forum) == "in":
                actor = await self._staff.actor(person.employee_id)
                text = say(
                    "member.link",
                    actor.language if actor else "ru",
                    chat=forum.title,
                    link=ended.receipt["link"],
                )
                await outbox.send(
                    tx,
                    handling.origin,
                    person.telegram_id,
                    text,
                    key=f"member.link:{ended.effect_id}",
                )

    @subscriber(REMOVED)
    async def removed(self, handling: Handling) -> None:
        """Report a member whom the bot could not remove, or confirm the removal to whoever
        ordered it."""
        ended = Completed.of(handling.event)
        if ended.cause == CHAT_LOST:
            return
        if ended.done:
            await self._confirm_removal(handling, ended)
            return
        async with handling.transaction() as tx:
            forum = await self._chats.forum(tx, int(ended.args["chat_id"]))
            employee = ended.args.get("employee")
            person = await self._staff.person(tx, UUID(str(employee))) if employee else None
            if forum is not None:
                name = (
                    person.name
                    if person is not None
                    else str(ended.args.get("name", ended.args["user"]))
                )
                await self._failed(
                    tx, handling, forum, name, "member.not_removed", str(ended.cause)
                )

    async def _confirm_removal(self, handling: Handling, ended: Completed) -> None:
        """Confirm a removal to the person who ordered it, if somebody did."""
        forum = await self._chats.forum(self._db, int(ended.args["chat_id"]))
        if ended.args.get("by") is None or forum is None:
            return
        actor = await self._staff.actor_of_telegram(int(ended.args["by"]))
        text = say(
            "member.gone",
            actor.language if actor else "ru",
            chat=forum.title,
            name=str(ended.args["name"]),
        )
        async with handling.transaction() as tx:
            await outbox.send(
                tx,
                handling.origin,
                int(ended.args["by"]),
                text,
                key=f"member.gone:{ended.effect_id}",
            )

    async def _failed(
        self, tx: Tx, handling: Handling, forum: Forum, name: str, key: str, cause: str
    ) -> None:
        for actor, telegram_id in await self._recipients(forum):
            text = say(
                key,
                actor.language,
                chat=forum.title,
                name=name,
                cause=cause[:120],
            )
            await outbox.send(
                tx, handling.origin, telegram_id, text, key=handling.key(f"{key}:{telegram_id}")
            )

    async def _recipients(self, forum: Forum) -> list[tuple[Actor, int]]:
        roles = _REPORT_ROLES if forum.branch else frozenset({Role.ADMIN})
        return await self._staff.approvers(roles, frozenset({forum.branch} if forum.branch else ()))

    @subscriber(MEMBERS_DUE, lane=DeliveryLane.BULK)
    async def check(self, handling: Handling) -> None:
        """Request the member list of each group."""
        for forum in await self._chats.groups(self._db):
            if forum.lost:
                continue
            async with handling.transaction() as tx:
                await effects.request(
                    tx,
                    handling.origin,
                    kind=MEMBERS,
                    target=target(forum.marked_id),
                    settled_kind=LOOKED,
                    branch=forum.branch,
                    args={"chat_id": forum.marked_id},
                    key=handling.key(f"members:{forum.id}"),
                )

    @subscriber(LOOKED, lane=DeliveryLane.BULK)
    async def looked(self, handling: Handling) -> None:
        """Compare a group's members with the staff list, correct what differs, and report it in
        one message."""
        ended = Completed.of(handling.event)
        if not ended.done:
            return
        async with handling.transaction() as tx:
            forum = await self._chats.forum(tx, int(ended.args["chat_id"]))
            if forum is None:
                return
            there = {
                int(m["user"]): str(m["name"]) for m in ended.receipt["members"] if not m["bot"]
            }
            known = await self._staff.persons(tx, list(there))
            out = [p for p in known if access_of(p, forum) == "out"]
            missing = [
                p
                for p in await self._staff.employed(tx)
                if access_of(p, forum) == "in" and p.telegram_id not in there
            ]
            strangers = {
                n: name for n, name in there.items() if n not in {p.telegram_id for p in known}
            }
            for person in out:
                await self._reconcile(tx, handling.origin, person, forum, "out")
            for person in missing:
                await self._reconcile(tx, handling.origin, person, forum, "in")
            if out or missing or strangers:
                await audit.record(
                    tx,
                    action="members.drift",
                    actor_name="Jarvis",
                    subject=forum.title,
                    outcome="differs",
                    event_id=handling.event.id,
                    details={"out": len(out), "missing": len(missing), "strangers": len(strangers)},
                )
                await self._report(tx, handling, forum, out, missing, strangers)

    async def _report(
        self,
        tx: Tx,
        handling: Handling,
        forum: Forum,
        out: Sequence[Person],
        missing: Sequence[Person],
        strangers: Mapping[int, str],
    ) -> None:
        for actor, telegram_id in await self._recipients(forum):
            language = actor.language
            rows = (
                ("out", [p.name for p in out]),
                ("missing", [p.name for p in missing]),
                ("strangers", list(strangers.values())),
            )
            differences = [
                say(f"member.{key}", language, list=", ".join(names))
                for key, names in rows
                if names
            ]
            buttons = [
                [_remove(forum, user, name, language)]
                for user, name in list(strangers.items())[:STRANGERS_MAX]
            ]
            stored = await self._interactions.store(
                tx,
                outbox.stored_form(buttons),
                group=f"members:{handling.event.id}:{telegram_id}",
                who=Who(roles=_REPORT_ROLES | HEADS, branch=forum.branch),
                life=None,
            )
            head = say("member.report", language, chat=forum.title)
            await outbox.send(
                tx,
                handling.origin,
                telegram_id,
                lines([head, *differences]),
                buttons=stored,
                key=handling.key(f"members:{telegram_id}"),
            )

    @callback(RemoveStranger)
    async def remove_stranger(
        self, handling: Handling, actor: Actor, payload: RemoveStranger
    ) -> None:
        """Remove somebody unknown at the request of a head, unless they were hired meanwhile."""
        user = payload.user
        async with handling.transaction() as tx:
            forum = await self._chats.forum(tx, payload.chat_id)
            if forum is None:
                return
            hired = [
                p for p in await self._staff.persons(tx, [user]) if access_of(p, forum) != "out"
            ]
            await audit.record(
                tx,
                action="member.remove",
                actor_id=actor.employee_id,
                actor_name=actor.name,
                subject=forum.title,
                outcome="kept" if hired else "asked",
                event_id=handling.event.id,
            )
            if not hired:
                await effects.request(
                    tx,
                    handling.origin,
                    kind=REMOVE_MEMBER,
                    target=target(forum.marked_id),
                    settled_kind=REMOVED,
                    branch=forum.branch,
                    args={
                        "chat_id": forum.marked_id,
                        "user": user,
                        "name": payload.name,
                        "ban": True,
                        "by": int(handling.event.payload["sender_id"]),
                    },
                    key=handling.key(f"stranger:{forum.id}:{user}"),
                )


def _remove(forum: Forum, user: int, name: str, language: str) -> Button:
    text = label("b.member.remove", language, name=name)[:34]
    return Button(label=text, payload=RemoveStranger(chat_id=forum.marked_id, user=user, name=name))
