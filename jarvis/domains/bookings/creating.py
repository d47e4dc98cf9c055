"""Plans new bookings and cancellations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from jarvis.domains.bookings.cards import CREATE
from jarvis.domains.bookings.models import Booking
from jarvis.domains.bookings.planning import DAY, Planner, allowed
from jarvis.domains.bookings.sending import Reverse
from jarvis.domains.bookings.versions import versions
from jarvis.domains.clients.service import Client
from jarvis.domains.fleet.service import CAN_BE_ISSUED, Car
from jarvis.engine import refs
from jarvis.engine.planned import (
    FieldChange,
    MomentChange,
    PaidWarning,
    PlannedWrite,
    Price,
    TextChange,
)
from jarvis.integrations.rentprog import assumptions, kinds
from jarvis.integrations.rentprog.mirror import SOURCE
from jarvis.integrations.rentprog.models import SYSTEM, show_moment
from jarvis.kit.errors import Impossible
from jarvis.kit.ids import new_id
from jarvis.kit.money import Money, to_minor


class BookingCreation(Planner):
    """Plans new bookings and cancellations."""

    async def create(
        self,
        car: Car,
        client: Client,
        start: datetime,
        end: datetime,
        *,
        place_start: str | None,
        place_end: str | None,
    ) -> PlannedWrite:
        """Plan a new booking of a free car.

        Raises:
            Impossible: times in the past or the wrong way round; a car that is taken then or cannot
                be issued.
        """
        if end <= start or end <= self._clock.now():
            raise Impossible("wrong_order")
        allowed(await self._refresh.car(car.id, anew=True), self._clock)
        car = await self._fleet.get(car.id)
        if car.state != CAN_BE_ISSUED or not car.active:
            raise Impossible("not_issuable", car=car.label)
        await self._free(car.id, start, end, None)
        quote = await self._quote(car.branch, car.id, start, end)
        days = max(1, -((start - end) // DAY))
        key, car_key = str(new_id()), await self._sending.car_key(car.id)
        client_key = await self._sending.client_key(client)
        places = {
            n: v
            for n, v in (("location_start", place_start), ("location_end", place_end))
            if v is not None
        }
        arguments: dict[str, JsonValue] = {
            "car_id": car_key,
            "client_id": client_key,
            "start_at": show_moment(start),
            "end_at": show_moment(end),
            **places,
        }
        public: dict[str, JsonValue] = {
            "car_id": car_key,
            "start_date": show_moment(start),
            "end_date": show_moment(end),
            "days": days,
            "phone": client.phone or "",
            "name": client.first_name or "",
            "lastname": client.last_name or "",
            "start_place": place_start or "",
            "end_place": place_end or "",
        }
        sendable = await self._sending.plan(
            kinds.CREATE_BOOKING,
            "create_booking",
            arguments,
            car.branch,
            key,
            public=public,
            search=client.phone or client.full_name,
        )
        total = None if quote is None else Money(quote.minor * days, quote.currency)
        price = (
            None
            if quote is None or total is None
            else Price(
                old=None,
                new=total.minor,
                currency=total.currency,
                delta=total.minor,
                days=days,
                rate=quote.minor,
                basis="quote",
            )
        )
        changes: list[FieldChange] = [
            MomentChange(field="start", new=start),
            MomentChange(field="end", new=end),
        ]
        changes += [
            TextChange(field=n, new=v)
            for n, v in (("place_start", place_start), ("place_end", place_end))
            if v
        ]
        return PlannedWrite(
            kind=sendable.kind.name,
            target=f"rentprog:car:{car_key}",
            args=sendable.args,
            title=CREATE,
            subject=self._car(car, client),
            shown=await versions(self._db, "car", car.id, ("branch", "state", "bookings")),
            changes=tuple(changes),
            source=SYSTEM,
            as_of=self._clock.now(),
            branch=car.branch,
            price=price,
        )

    async def cancel(self, booking_id: UUID) -> PlannedWrite:
        """Plan the cancellation of a booking. If more than a limit was paid, which will be
        refunded, two people must approve."""
        booking = await self._fresh(booking_id)
        if booking.status != "planned":
            raise Impossible("over", num=booking.shown, status=booking.status)
        key, booking_key = await self._sending.booking_key(booking.id)
        paid = await self._paid(booking)
        state = booking.state_raw or ""
        sendable = await self._sending.plan(
            kinds.CANCEL_BOOKING,
            "booking_status",
            {"booking_id": booking_key, "action": "cancel"},
            booking.branch,
            key,
            public={"state": assumptions.CANCELLED},
            booking_key=booking_key,
        )
        return self._booking_write(
            sendable,
            booking,
            title="cancel",
            changes=[TextChange(field="status", old=state, new=assumptions.CANCELLED)],
            warnings=[PaidWarning(minor=paid.minor, currency=paid.currency)] if paid.minor else [],
            shown=("status", "start_at", "end_at", "total"),
            critical=paid.minor > self._refund_limit.minor,
            undo=Reverse(
                tool="booking_status",
                arguments={"booking_id": booking_key, "action": "status", "state": state},
                fields={"state": state},
            ),
        )

    async def _paid(self, booking: Booking) -> Money:
        key = await refs.key_of(self._db, SOURCE, "booking", booking.id)
        if key is None or booking.branch is None:
            return Money(0)
        rows = await self._rentprog.payments(booking.branch, int(key))
        return Money(sum(to_minor(row.sum) for row in rows if row.currency == "GEL"))
