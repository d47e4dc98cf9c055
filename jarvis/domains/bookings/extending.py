"""Plans extensions of bookings, or finds what prevents one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import JsonValue

from jarvis.domains.bookings.cards import Priced, added_price, plain_amount
from jarvis.domains.bookings.models import Booking
from jarvis.domains.bookings.planning import DAY, Planner, needed
from jarvis.domains.bookings.sending import Reverse
from jarvis.domains.fleet.service import Car
from jarvis.engine.planned import (
    CollisionWarning,
    FieldChange,
    MomentChange,
    MoneyChange,
    PlannedWrite,
)
from jarvis.integrations.rentprog import kinds
from jarvis.integrations.rentprog.models import show_moment
from jarvis.kit.errors import Impossible
from jarvis.kit.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why an extension is impossible, and the alternatives: a shorter one, or another equal car for
    the following booking."""

    booking: Booking
    until: datetime
    following: Booking
    shorter: datetime | None
    shorter_price: Priced | None
    other: Car | None
    other_price: Priced | None


class BookingExtensions(Planner):
    """Plans extensions."""

    async def extend(
        self, booking_id: UUID, until: datetime, *, without: UUID | None = None
    ) -> PlannedWrite | Obstacle:
        """Plan a later return, with RentProg's price for the added time. The booking `without` is
        moved to another car by the same card, and does not block.

        Raises:
            Impossible: the booking is over, or the new return is not later.
            Unavailable: RentProg does not answer now.
        """
        booking = await self._fresh(booking_id)
        end = needed(booking.end)
        if booking.status not in ("planned", "in_rent"):
            raise Impossible("over", num=booking.shown, status=booking.status)
        if until <= end:
            raise Impossible("not_later", num=booking.shown, end=end)
        if booking.car_id is None:
            raise Impossible("no_car", num=booking.shown)
        blocked, following = await self._after(booking, end, until, without)
        if blocked:
            return await self._obstacle(booking, until, following)
        price = await self._price(booking, end, until)
        key, booking_key = await self._sending.booking_key(booking.id)
        arguments: dict[str, JsonValue] = {
            "booking_id": booking_key,
            "end_date": show_moment(until),
            "price": plain_amount(price.total),
        }
        sendable = await self._sending.plan(
            kinds.EXTEND_BOOKING,
            "extend_booking",
            arguments,
            booking.branch,
            key,
            public={"end_date": show_moment(until)},
            booking_key=booking_key,
        )
        total = booking.total or Money(0)
        changes: list[FieldChange] = [MomentChange(field="end", old=end, new=until)]
        if price.total.minor and (owed := await self._owed(booking, total)) is not None:
            name = "debt" if booking.status == "in_rent" else "due"
            after = owed + price.total
            changes.append(
                MoneyChange(field=name, old=owed.minor, new=after.minor, currency=owed.currency)
            )
        return self._booking_write(
            sendable,
            booking,
            title="extend",
            changes=changes,
            shown=("end_at", "car_id", "total", "status"),
            price=added_price(total, price),
            warnings=[
                CollisionWarning(kind="tight", number=following.number, start=following.start)
            ]
            if following is not None
            else [],
            undo=Reverse(
                tool="update_booking",
                arguments={"booking_id": booking_key, "end_at": show_moment(end)},
                fields={"end_date": show_moment(end)},
            ),
        )

    async def _after(
        self, booking: Booking, end: datetime, until: datetime, without: UUID | None
    ) -> tuple[bool, Booking | None]:
        """Return whether the added time overlaps another booking of the car, and the booking that
        overlaps or follows closely."""
        assert booking.car_id is not None
        found = await self._availability.fit_of(
            booking.car_id, end, until, without=frozenset({booking.id, without or booking.id})
        )
        if not found.free:
            assert found.blocked_by is not None
            return True, await self._bookings.get(found.blocked_by)
        if found.next_start is None:
            return False, None
        rows = await self._bookings.of_car(booking.car_id, since=until)
        return False, next((b for b in rows if b.start == found.next_start), None)

    async def _obstacle(
        self, booking: Booking, until: datetime, following: Booking | None
    ) -> Obstacle:
        assert following is not None
        assert booking.car_id is not None
        end = needed(booking.end)
        latest = needed(following.start) - self._availability.preparation
        shorter = (
            latest
            if latest > end and following.start is not None and following.start > end
            else None
        )
        other = None
        if (
            following.status == "planned"
            and following.start
            and following.end
            and following.car_id is not None
        ):
            car = await self._fleet.get(following.car_id)
            free = await self._availability.free_cars(
                following.start, following.end, branch=following.branch, car_class=car.car_class
            )
            other = next(
                (
                    f.car
                    for f in free
                    if not f.fit.tight and f.car.car_class == car.car_class and f.car.id != car.id
                ),
                None,
            )
        return Obstacle(
            booking=booking,
            until=until,
            following=following,
            shorter=shorter,
            shorter_price=await self._price(booking, end, shorter) if shorter is not None else None,
            other=other,
            other_price=await self._price(booking, end, until) if other is not None else None,
        )

    async def _price(self, booking: Booking, end: datetime, until: datetime) -> Priced:
        """The price of the added days: RentProg's quote, or the booking's own price per day when
        there is none."""
        start = needed(booking.start)
        days = -((start - until) // DAY) - max(1, -((start - end) // DAY))
        rate = await self._quote(booking.branch, booking.car_id, end, until)
        basis: Literal["quote", "booking"] = "quote"
        if rate is None:
            if booking.price is None:
                raise Impossible("no_price", num=booking.shown)
            rate, basis = booking.price, "booking"
        return Priced(
            days=days, rate=rate, total=Money(rate.minor * days, rate.currency), basis=basis
        )

    async def _owed(self, booking: Booking, total: Money) -> Money | None:
        """The debt of the booking now; None when RentProg does not answer."""
        if booking.branch is None:
            return None
        ages = await self._receivables.refresh([booking.branch], anew=True)
        if (
            ages[booking.branch].failing_since is not None
            or ages[booking.branch].limited is not None
        ):
            return None
        kind = "debt" if booking.status == "in_rent" else "due"
        rows = [
            o.amount
            for o in await self._receivables.of_booking(booking.id)
            if o.kind == kind and o.amount.currency == total.currency
        ]
        return rows[0] if rows else Money(0, total.currency)
