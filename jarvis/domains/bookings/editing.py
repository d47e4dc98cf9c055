"""Plans other times, places, another car, or a line in the note of a booking."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from jarvis.domains.bookings.cards import previewed_price, wall
from jarvis.domains.bookings.planning import Planner, needed
from jarvis.domains.bookings.sending import Reverse
from jarvis.domains.fleet.service import Car
from jarvis.engine.planned import FieldChange, MomentChange, PlannedWrite, TextChange
from jarvis.integrations.rentprog import assumptions, kinds
from jarvis.integrations.rentprog.models import show_moment
from jarvis.kit.errors import Impossible

# the public API's names of MCP's arguments
_PUBLIC = {"start_at": "start_date", "end_at": "end_date"}


class BookingEdits(Planner):
    """Plans changes of existing bookings."""

    async def change(
        self,
        booking_id: UUID,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        place_start: str | None = None,
        place_end: str | None = None,
        car: Car | None = None,
    ) -> PlannedWrite:
        """Plan other times, places, or another car.

        Raises:
            Impossible: nothing would change, the end is not after the start, or the car is taken
                then.
        """
        booking = await self._fresh(booking_id)
        begins, ends = start or needed(booking.start), end or needed(booking.end)
        if ends <= begins:
            raise Impossible("wrong_order")
        if booking.status not in ("planned", "in_rent"):
            raise Impossible("over", num=booking.shown, status=booking.status)
        arguments: dict[str, JsonValue] = {}
        changes: list[FieldChange] = []
        for name, old, new in (("start", booking.start, start), ("end", booking.end, end)):
            if new is not None and new != old:
                arguments[f"{name}_at"] = show_moment(new)
                changes.append(MomentChange(field=name, old=old, new=new))
        for name, old, new in (
            ("place_start", booking.place_start, place_start),
            ("place_end", booking.place_end, place_end),
        ):
            if new is not None and new != old:
                arguments[name.replace("place", "location")] = new
                changes.append(TextChange(field=name, old=old, new=new))
        if car is not None and car.id != booking.car_id:
            arguments["car_id"] = await self._sending.car_key(car.id)
            changes.append(TextChange(field="car", old=booking.car_label, new=car.label))
        if not changes:
            raise Impossible("same")
        await self._free(car.id if car is not None else booking.car_id, begins, ends, booking)
        key, booking_key = await self._sending.booking_key(booking.id)
        back: dict[str, JsonValue] = {
            "start_at": wall(booking.start),
            "end_at": wall(booking.end),
            "location_start": booking.place_start,
            "location_end": booking.place_end,
            "car_id": None
            if booking.car_id is None
            else await self._sending.car_key(booking.car_id),
        }
        reverse = {name: back[name] for name in arguments}
        public = {_PUBLIC.get(name, name): value for name, value in arguments.items()}
        sendable = await self._sending.plan(
            kinds.CHANGE_BOOKING,
            "update_booking",
            {"booking_id": booking_key, **arguments},
            booking.branch,
            key,
            public=public,
            booking_key=booking_key,
        )
        return self._booking_write(
            sendable,
            booking,
            title="change",
            changes=changes,
            price=previewed_price(booking, sendable.args),
            shown=("start_at", "end_at", "car_id", "place_start", "place_end", "total", "status"),
            undo=Reverse(
                tool="update_booking",
                arguments={"booking_id": booking_key, **reverse},
                fields={_PUBLIC.get(n, n): v for n, v in reverse.items()},
            ),
        )

    async def note(self, booking_id: UUID, text: str) -> PlannedWrite:
        """Plan a new line in the booking's note."""
        booking = await self._fresh(booking_id)
        old = await self._db.fetchval("SELECT description FROM booking WHERE id = $1", booking.id)
        new = f"{old}\n{text}" if old else text
        key, booking_key = await self._sending.booking_key(booking.id)
        name = assumptions.NOTE_FIELD
        sendable = await self._sending.plan(
            kinds.NOTE_BOOKING,
            "update_booking",
            {"booking_id": booking_key, name: new},
            booking.branch,
            key,
            public={name: new},
            booking_key=booking_key,
        )
        return self._booking_write(
            sendable,
            booking,
            title="note",
            changes=[TextChange(field="note", new=text)],
            shown=("description", "status"),
            undo=Reverse(
                tool="update_booking",
                arguments={"booking_id": booking_key, name: old or ""},
                fields={name: old or ""},
            ),
        )
