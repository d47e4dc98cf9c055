"""Changes of the staff list, of branches, of what service chats hear, and posts into topics:
planned here, never made from here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from uuid import UUID

from jarvis.domains.bookings.sending import Impossible
from jarvis.domains.chats.service import ChatService, Purpose, Subject
from jarvis.domains.fleet.service import Car
from jarvis.domains.house import kinds
from jarvis.domains.news.subscriptions import EventClass, Mode, Subscriptions
from jarvis.domains.staff.service import Person, StaffService
from jarvis.engine.approval_models import PlannedWrite
from jarvis.engine.db import Database, Reader
from jarvis.engine.effects import EffectKind
from jarvis.integrations.telegram.kinds import SEND, target
from jarvis.kit.actor import Actor, Role
from jarvis.kit.clock import Clock
from jarvis.kit.ids import new_id

SOURCE = "Jarvis"
CODE = re.compile(r"[a-z][a-z0-9-]{1,30}")
POST_MAX = 1500  # characters of a post


class HouseChanges:
    """Plans each change from how things stand now."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        staff: StaffService,
        chats: ChatService,
        subscriptions: Subscriptions,
    ) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff
        self._chats = chats
        self._subscriptions = subscriptions

    async def grant(
        self, actor: Actor, person: Person, role: Role | None, branch: str | None
    ) -> PlannedWrite:
        """Another role or branch for somebody; nobody gives one to themselves.

        Raises:
            Impossible: it is themselves, or so already.
        """
        if person.employee_id == actor.employee_id:
            raise Impossible("self")
        known = await self._staff.actor(person.employee_id)
        if known is None:
            raise Impossible("left", name=person.name)
        changes = [
            {"field": field, "type": field, "old": old, "new": new}
            for field, old, new in (
                ("role", known.role.value, role.value if role else None),
                ("branch", known.home_branch, branch),
            )
            if new is not None and new != old
        ]
        if not changes:
            raise Impossible("same")
        fields = {str(c["field"]): c["new"] for c in changes}
        before = {
            name: {"role": known.role.value, "branch": known.home_branch}[name] for name in fields
        }
        employee = str(person.employee_id)
        return self._write(
            kinds.GRANT_ROLE,
            f"employee:{employee}",
            {"employee": employee, **fields},
            "grant",
            "employee",
            person.employee_id,
            f"👤 {person.name}",
            changes,
            shown=before,
            branch=known.home_branch,
            undo={"employee": employee, **before} if all(before.values()) else None,
        )

    async def hire(
        self, actor: Actor, name: str, role: Role, branch: str | None, language: str
    ) -> PlannedWrite:
        """Somebody new; their invitation goes to who asked.

        Raises:
            Impossible: the name is no first and last name, somebody of that name works here, or the
                role needs a branch.
        """
        name = " ".join(name.split())
        if len(name.split()) < 2 or len(name) > 80:
            raise Impossible("name")
        if await self._db.fetchval(
            "SELECT true FROM employee WHERE name = $1 AND dismissed_at IS NULL", name
        ):
            raise Impossible("works_here", name=name)
        changes = [{"field": "role", "type": "role", "old": None, "new": role.value}]
        if branch is not None:
            changes.append({"field": "branch", "type": "branch", "old": None, "new": branch})
        elif role in (Role.EMPLOYEE, Role.BRANCH_HEAD, Role.MECHANIC):
            raise Impossible("needs_branch")
        args = {
            "name": name,
            "role": role.value,
            "branch": branch,
            "language": language,
            "by": str(actor.employee_id),
        }
        return self._write(
            kinds.HIRE,
            f"hire:{name}",
            args,
            "hire",
            "person",
            new_id(),
            f"👤 {name}",
            changes,
            branch=branch,
        )

    async def add_branch(
        self, actor: Actor, code: str, names: Mapping[str, str], *, rents: bool
    ) -> PlannedWrite:
        """A branch with its names in ru, en and ka.

        Raises:
            Impossible: the code is none, or is taken.
        """
        if not CODE.fullmatch(code):
            raise Impossible("code", code=code)
        if await self._db.fetchval("SELECT true FROM branch WHERE code = $1", code):
            raise Impossible("branch_there", code=code)
        changes = [
            {"field": f"name_{language}", "type": "text", "old": None, "new": name}
            for language, name in names.items()
        ]
        args = {"code": code, "names": dict(names), "rents": rents, "by": str(actor.employee_id)}
        return self._write(
            kinds.ADD_BRANCH,
            f"branch:{code}",
            args,
            "add_branch",
            "branch",
            new_id(),
            f"📍 {code}",
            changes,
        )

    async def subscribe(
        self, actor: Actor, chat: Purpose, event_class: EventClass, branch: str | None, mode: Mode
    ) -> PlannedWrite:
        """What a service chat hears of a class of events, of one branch or of every one.

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
        args = {
            "chat": str(forum.id),
            "event_class": event_class,
            "branch": branch,
            "by": str(actor.employee_id),
        }
        changes = [
            {"field": "news", "type": "news", "old": None, "new": event_class},
            {"field": "branch", "type": "branch", "old": None, "new": branch or "all"},
            {"field": "mode", "type": "mode", "old": now, "new": mode},
        ]
        return self._write(
            kinds.SUBSCRIBE,
            f"chat:{forum.id}",
            {**args, "mode": mode},
            "subscribe",
            "chat",
            forum.id,
            f"🗒 {forum.title}",
            changes,
            undo={**args, "mode": now or "off"},
        )

    async def post(self, actor: Actor, car: Car, text: str) -> PlannedWrite:
        """Words of a person into a car's topic, under their name.

        Raises:
            Impossible: nothing is said, or the car has no topic yet.
        """
        text = text.strip()
        if not text or len(text) > POST_MAX:
            raise Impossible("no_words", n=POST_MAX)
        topic = await self._chats.live(self._db, Subject("car", car.id), "branch_forum")
        if topic is None or topic.number is None:
            raise Impossible("no_topic", car=car.label)
        args = {
            "chat_id": topic.marked_id,
            "topic": {"number": topic.number},
            "topic_row": str(topic.id),
            "text": f"👤 <b>{escape(actor.name)}</b>: {escape(text)}",
        }
        changes = [{"field": "post", "type": "text", "old": None, "new": text}]
        return self._write(
            SEND,
            target(topic.marked_id),
            args,
            "post",
            "topic",
            topic.id,
            f"🚗 {topic.title}",
            changes,
            branch=car.branch,
        )

    async def versions(
        self, reader: Reader, kind: str, subject_id: UUID, fields: Sequence[str]
    ) -> Mapping[str, Any]:
        """Fields of an employee as they are now; nothing else here is shown with its old state."""
        if kind != "employee" or not fields:
            return {}
        row = await reader.fetchrow(
            """SELECT e.role, b.code AS branch FROM employee e LEFT JOIN branch b
                ON b.id = e.home_branch_id
                WHERE e.id = $1 AND e.dismissed_at IS NULL""",
            subject_id,
        )
        return {} if row is None else {name: row[name] for name in fields}

    def _write(
        self,
        kind: EffectKind,
        target: str,
        args: Mapping[str, Any],
        title: str,
        subject_kind: str,
        subject_id: UUID,
        name: str,
        changes: Sequence[Mapping[str, Any]],
        *,
        branch: str | None = None,
        shown: Mapping[str, Any] | None = None,
        undo: Mapping[str, Any] | None = None,
    ) -> PlannedWrite:
        return PlannedWrite(
            kind=kind,
            target=target,
            args=args,
            title=title,
            subject_kind=subject_kind,
            subject_id=subject_id,
            shown=shown or {},
            about={"name": name, "number": None, "car": None, "plate": None},
            changes=changes,
            source=SOURCE,
            as_of=self._clock.now(),
            branch=branch,
            undo=undo,
        )


HOUSE_SUBJECTS = frozenset({"employee", "person", "branch", "chat", "topic"})
