"""The groups that the company needs: one forum a branch, one group of each kind for the whole
company, two groups an employee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from jarvis.domains.chats.models import COMPANY, OWN, Forum, Purpose
from jarvis.domains.chats.service import ChatService
from jarvis.domains.staff.models import Person
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A group that should exist.

    `key` is the code of a branch, the id of an employee, or None for groups of the whole company;
    `names` is whose group it is, by language.
    """

    purpose: Purpose
    key: str | None
    names: Mapping[str, str]

    @property
    def branch(self) -> str | None:
        return self.key if self.purpose == "branch_forum" else None

    @property
    def employee_id(self) -> UUID | None:
        return UUID(self.key) if self.key is not None and self.purpose in OWN else None


def own_places(person: Person) -> list[Place]:
    """Return the two groups of an employee."""
    return [
        Place(
            purpose=p,
            key=str(person.employee_id),
            names=dict.fromkeys(("ru", "en", "ka"), person.name),
        )
        for p in OWN
    ]


async def places(staff: StaffService, people: Sequence[Person] = ()) -> list[Place]:
    """Return the groups of all branches, of the company, and of these people."""
    branches = [
        Place(purpose="branch_forum", key=b.code, names=b.names) for b in await staff.branches()
    ]
    company = [Place(purpose=p, key=None, names={}) for p in COMPANY]
    return [*branches, *company, *(place for person in people for place in own_places(person))]


async def registered_groups(
    chats: ChatService, reader: Reader, wanted: Sequence[Place]
) -> list[tuple[Place, Forum | None]]:
    """Return each needed group with the registered group that serves it, if there is one."""
    return [
        (place, await chats.serving(reader, place.purpose, place.branch, place.employee_id))
        for place in wanted
    ]
