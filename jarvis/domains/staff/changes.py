"""Plans changes of staff and branches from the current state; never made from here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar
from uuid import UUID

from pydantic import JsonValue

from jarvis.app.write import Write
from jarvis.domains.staff import kinds, queries
from jarvis.domains.staff.administration import StaffAdministration
from jarvis.domains.staff.change_view import StaffPresenter
from jarvis.domains.staff.effects import SOURCE, StaffEffects
from jarvis.domains.staff.models import Person
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Database, Reader
from jarvis.engine.effects import EffectHandler, EffectKind
from jarvis.engine.planned import CodeChange, FieldChange, PlannedWrite, Subject, TextChange
from jarvis.kit.actor import Actor, Role
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Impossible
from jarvis.kit.ids import new_id
from jarvis.messaging.presenter import Presenter

CODE = re.compile(r"[a-z][a-z0-9-]{1,30}")
NAME_CHARS = 80
OF_A_BRANCH = (Role.EMPLOYEE, Role.BRANCH_HEAD, Role.MECHANIC)


class StaffChanges(Write):
    """Plans another role or branch for an employee, a hire, a new branch."""

    kinds: ClassVar[Sequence[EffectKind]] = kinds.KINDS
    presenter: ClassVar[Presenter] = StaffPresenter()

    def __init__(
        self, db: Database, clock: Clock, staff: StaffService, administration: StaffAdministration
    ) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff
        self._effects = StaffEffects(db, administration)

    @property
    def handlers(self) -> Mapping[str, EffectHandler]:
        return {
            kinds.GRANT_ROLE.name: self._effects.grant,
            kinds.HIRE.name: self._effects.hire,
            kinds.ADD_BRANCH.name: self._effects.add_branch,
        }

    async def grant(
        self, actor: Actor, person: Person, role: Role | None, branch: str | None
    ) -> PlannedWrite:
        """Plan another role or branch for an employee; nobody gives one to themselves.

        Raises:
            Impossible: it is themselves, or so already.
        """
        if person.employee_id == actor.employee_id:
            raise Impossible("self")
        known = await self._staff.actor(person.employee_id)
        if known is None:
            raise Impossible("left", name=person.name)
        changes = [
            CodeChange(type=field, field=field, old=old, new=new)
            for field, old, new in (
                ("role", known.role.value, role.value if role else None),
                ("branch", known.home_branch, branch),
            )
            if new is not None and new != old
        ]
        if not changes:
            raise Impossible("same")
        fields: dict[str, JsonValue] = {c.field: c.new for c in changes}
        before: dict[str, JsonValue] = {c.field: c.old for c in changes}
        employee = str(person.employee_id)
        return self._write(
            kinds.GRANT_ROLE,
            title="grant",
            target=f"employee:{employee}",
            args={"employee": employee, **fields},
            subject=Subject(kind="employee", id=person.employee_id, name=f"👤 {person.name}"),
            changes=changes,
            shown=before,
            branch=known.home_branch,
            undo={"employee": employee, **before} if all(before.values()) else None,
        )

    async def hire(
        self, actor: Actor, name: str, role: Role, branch: str | None, language: str
    ) -> PlannedWrite:
        """Plan a hire; the invitation goes to the requester.

        Raises:
            Impossible: the name is no first and last name, somebody of that name works here, or the
                role needs a branch.
        """
        name = " ".join(name.split())
        if len(name.split()) < 2 or len(name) > NAME_CHARS:
            raise Impossible("name")
        if await queries.works_here(self._db, name) is not None:
            raise Impossible("works_here", name=name)
        changes = [CodeChange(type="role", field="role", new=role.value)]
        if branch is not None:
            changes.append(CodeChange(type="branch", field="branch", new=branch))
        elif role in OF_A_BRANCH:
            raise Impossible("needs_branch")
        return self._write(
            kinds.HIRE,
            title="hire",
            target=f"hire:{name}",
            args={
                "name": name,
                "role": role.value,
                "branch": branch,
                "language": language,
                "by": str(actor.employee_id),
            },
            subject=Subject(kind="person", id=new_id(), name=f"👤 {name}"),
            changes=changes,
            branch=branch,
        )

    async def add_branch(
        self, actor: Actor, code: str, names: Mapping[str, str], *, rents: bool
    ) -> PlannedWrite:
        """Plan a branch with its names in ru, en and ka.

        Raises:
            Impossible: the code is none, or is taken.
        """
        if not CODE.fullmatch(code):
            raise Impossible("code", code=code)
        if await queries.branch_exists(self._db, code):
            raise Impossible("branch_there", code=code)
        return self._write(
            kinds.ADD_BRANCH,
            title="add_branch",
            target=f"branch:{code}",
            args={
                "code": code,
                "names": dict(names),
                "rents": rents,
                "by": str(actor.employee_id),
            },
            subject=Subject(kind="branch", id=new_id(), name=f"📍 {code}"),
            changes=[
                TextChange(field=f"name_{language}", new=name) for language, name in names.items()
            ],
        )

    async def versions(
        self, reader: Reader, kind: str, subject_id: UUID, fields: Sequence[str]
    ) -> Mapping[str, JsonValue]:
        """Current fields of an employee; cards of other subjects show no old values."""
        if kind != "employee" or not fields:
            return {}
        now = await queries.position(reader, subject_id)
        return {name: now[name] for name in fields if name in now}

    def _write(
        self,
        kind: EffectKind,
        *,
        title: str,
        target: str,
        args: Mapping[str, JsonValue],
        subject: Subject,
        changes: Sequence[FieldChange],
        branch: str | None = None,
        shown: Mapping[str, JsonValue] | None = None,
        undo: Mapping[str, JsonValue] | None = None,
    ) -> PlannedWrite:
        return PlannedWrite(
            kind=kind.name,
            target=target,
            args=args,
            title=title,
            subject=subject,
            shown=shown or {},
            changes=tuple(changes),
            source=SOURCE,
            as_of=self._clock.now(),
            branch=branch,
            undo=undo,
        )
