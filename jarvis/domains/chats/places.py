"""What groups can be for: one for each branch, one of each kind for the company, two for each
employee."""

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
    """`key`: a branch's code, an employee's id, or None for the company's own; `names`: whose it
    is, by language."""

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
    """The groups that an employee has for themselves."""
    return [
        Place(
            purpose=p,
            key=str(person.employee_id),
            names=dict.fromkeys(("ru", "en", "ka"), person.name),
        )
        for p in OWN
    ]


async def places(staff: StaffService, people: Sequence[Person] = ()) -> list[Place]:
    """The places of the branches and of the company, and those of these people."""
    branches = [
        Place(purpose="branch_forum", key=b.code, names=b.names) for b in await staff.branches()
    ]
    company = [Place(purpose=p, key=None, names={}) for p in COMPANY]
    return [*branches, *company, *(place for person in people for place in own_places(person))]


async def standing(
    chats: ChatService, reader: Reader, wanted: Sequence[Place]
) -> list[tuple[Place, Forum | None]]:
    """Each place with the group that serves it."""
    return [
        (place, await chats.serving(reader, place.purpose, place.branch, place.employee_id))
        for place in wanted
    ]
