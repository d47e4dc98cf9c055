"""Makes readers: for whom a text is rendered."""

from __future__ import annotations

from uuid import UUID

from jarvis.domains.staff.service import StaffService
from jarvis.kit.actor import Actor, Role
from jarvis.kit.clock import Clock
from jarvis.messaging.view import Reader

GROUP = Actor(
    employee_id=UUID(int=0),
    name="Jarvis",
    role=Role.EMPLOYEE,
    branches=frozenset(),
    home_branch=None,
    language="ru",
)
"""Who reads what stands in a group: nobody in particular, in the language of groups."""


class Readers:
    """Makes the reader of a text: person, time, language, and the names of branches."""

    def __init__(self, staff: StaffService, clock: Clock) -> None:
        self._staff = staff
        self._clock = clock

    async def of(self, actor: Actor, language: str, request: str = "") -> Reader:
        """The reader for a person; `request` is what they asked."""
        return Reader(
            actor=actor,
            now=self._clock.now(),
            language=language,
            branches={b.code: b.names for b in await self._staff.branches()},
            request=request,
        )

    async def of_group(self) -> Reader:
        """The reader for a group."""
        return await self.of(GROUP, GROUP.language)

    async def of_employee(self, employee_id: UUID | None) -> Reader:
        """The reader for an employee in their language; for a group when they are unknown or have
        left."""
        actor = (await self._staff.actor(employee_id) if employee_id is not None else None) or GROUP
        return await self.of(actor, actor.language)
