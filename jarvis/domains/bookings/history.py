"""The history of a booking: changes recorded by RentProg, and those made through Jarvis."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from uuid import UUID

from jarvis.domains.bookings.models import Booking, HistoryLine
from jarvis.engine import audit, refs
from jarvis.engine.db import Database
from jarvis.integrations.rentprog.mirror import SOURCE
from jarvis.integrations.rentprog.models import HistoryEntry, parse_moment
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.clock import Clock, ahead
from jarvis.kit.errors import NotFound
from jarvis.kit.text import line


class BookingHistory:
    """Reads the history of a booking from both records."""

    def __init__(self, db: Database, clock: Clock, rentprog: RentProg) -> None:
        self._db = db
        self._clock = clock
        self._rentprog = rentprog

    async def in_rentprog(self, booking: Booking) -> list[HistoryLine]:
        """Return the changes that RentProg recorded.

        Raises:
            NotFound: the booking has no id in RentProg.
            IntegrationError: RentProg does not answer.
        """
        key = await refs.key_of(self._db, SOURCE, "booking", booking.id)
        if key is None or booking.branch is None:
            raise NotFound("RentProg's id of this booking is unknown")
        entries = await self._rentprog.booking_history(booking.branch, int(key))
        return [_line(entry) for entry in entries]

    async def through_jarvis(self, booking: Booking) -> Sequence[audit.Written]:
        """Return the changes that people made through Jarvis, from our audit, in business time."""
        shift = ahead(self._clock)
        found = await audit.written_to(self._db, target_of(booking.id))
        return [dataclasses.replace(entry, at=entry.at + shift) for entry in found]


def target_of(booking_id: UUID) -> str:
    """Return the effects' target for writes to a booking."""
    return f"rentprog:booking:{booking_id}"


def _line(entry: HistoryEntry) -> HistoryLine:
    return HistoryLine(
        at=parse_moment(entry.created_at),
        who=entry.user_name,
        what=entry.field or entry.description,
        old=None if entry.old is None else line(str(entry.old)),
        new=None if entry.new is None else line(str(entry.new)),
    )
