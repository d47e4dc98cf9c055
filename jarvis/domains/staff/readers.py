"""For whom something is rendered."""

from __future__ import annotations

from jarvis.domains.staff.service import StaffService
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock
from jarvis.messaging.view import Reader


class Readers:
    """Makes the reader of a page: who, when, in which language, and what branches are called."""

    def __init__(self, staff: StaffService, clock: Clock) -> None:
        self._staff = staff
        self._clock = clock

    async def of(self, actor: Actor, language: str, request: str = "") -> Reader:
        """The reader of what is rendered now; `request` is what they asked."""
        return Reader(
            actor=actor,
            now=self._clock.now(),
            language=language,
            branches={b.code: b.names for b in await self._staff.branches()},
            request=request,
        )
