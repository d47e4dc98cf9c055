"""What every plan of a change needs: the current record from RentProg, its price, and whether the
car is free."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from jarvis.domains.bookings.availability import Fit
from jarvis.domains.bookings.free_cars import Availability
from jarvis.domains.bookings.history import target_of
from jarvis.domains.bookings.mirror import BookingMirror
from jarvis.domains.bookings.models import Booking
from jarvis.domains.bookings.receivables import Receivables
from jarvis.domains.bookings.refreshing import BookingRefresh
from jarvis.domains.bookings.sending import Reverse, Sendable, Sending
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.bookings.settings import BookingsSettings
from jarvis.domains.bookings.versions import json_of, versions
from jarvis.domains.clients.service import Client
from jarvis.domains.fleet.service import Car, FleetService
from jarvis.engine.db import Database
from jarvis.engine.freshness import Limited
from jarvis.engine.planned import (
    CollisionWarning,
    FieldChange,
    PlannedWrite,
    Price,
    Subject,
    WriteWarning,
)
from jarvis.integrations.rentprog.models import SYSTEM
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Impossible, LimitReached, Unavailable
from jarvis.kit.money import Money, to_minor

DAY = timedelta(days=1)


class Planner:
    """Reads, prices and assembles writes; the subclasses plan them."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rentprog: RentProg,
        fleet: FleetService,
        bookings: BookingService,
        availability: Availability,
        receivables: Receivables,
        refresh: BookingRefresh,
        mirror: BookingMirror,
        settings: BookingsSettings,
    ) -> None:
        self._db = db
        self._clock = clock
        self._rentprog = rentprog
        self._fleet = fleet
        self._bookings = bookings
        self._availability = availability
        self._receivables = receivables
        self._refresh = refresh
        self._mirror = mirror
        self._refund_limit = settings.refund_limit
        self._sending = Sending(db, rentprog)

    async def _fresh(self, booking_id: UUID) -> Booking:
        """Read the booking from RentProg now: a write is never planned on older data."""
        started = self._clock.now()
        allowed(await self._refresh.booking(booking_id, anew=True), self._clock)
        booking = await self._bookings.get(booking_id)
        if booking.source_at < started:
            raise Unavailable(SYSTEM, "the booking could not be read now")
        if booking.car_id is None:
            return booking
        allowed(await self._refresh.car(booking.car_id, anew=True), self._clock)
        return await self._bookings.get(booking_id)

    async def _fresh_car(self, car_id: UUID) -> Car:
        started = self._clock.now()
        allowed(await self._refresh.car(car_id, anew=True), self._clock)
        car = await self._fleet.get(car_id)
        if car.source_at < started:
            raise Unavailable(SYSTEM, "the car could not be read now")
        return car

    async def _quote(
        self, branch: str | None, car_id: UUID | None, start: datetime, end: datetime
    ) -> Money | None:
        if (
            branch is None
            or car_id is None
            or await self._rentprog.level("extend_booking") == "none"
        ):
            return None
        key = await self._sending.car_key(car_id)
        for quote in await self._rentprog.availability_quote(branch, start, end):
            if quote.car_id == key and quote.price is not None:
                return Money(to_minor(quote.price), "GEL")
        return None

    async def _free(
        self, car_id: UUID | None, start: datetime, end: datetime, booking: Booking | None
    ) -> Fit:
        if car_id is None:
            raise Impossible("no_car", num="—" if booking is None else booking.shown)
        if booking is None or car_id != booking.car_id:
            allowed(await self._refresh.car(car_id, anew=True), self._clock)
        found = await self._availability.fit_of(
            car_id, start, end, without=frozenset({booking.id} if booking else ())
        )
        if not found.free:
            blocker = await self._bookings.get(found.blocked_by) if found.blocked_by else None
            car = await self._fleet.get(car_id)
            raise Impossible("taken", car=car.label, num=blocker.shown if blocker else "—")
        return found

    def _booking_write(
        self,
        sendable: Sendable,
        booking: Booking,
        *,
        title: str,
        changes: Sequence[FieldChange],
        shown: Sequence[str],
        undo: Reverse,
        price: Price | None = None,
        warnings: Sequence[WriteWarning] = (),
        critical: bool = False,
    ) -> PlannedWrite:
        row = {
            "start_at": booking.start,
            "end_at": booking.end,
            "car_id": booking.car_id,
            "place_start": booking.place_start,
            "place_end": booking.place_end,
            "total": None if booking.total is None else booking.total.minor,
            "status": booking.status,
            "description": booking.description,
        }
        return PlannedWrite(
            kind=sendable.kind.name,
            target=target_of(booking.id),
            args=sendable.args,
            title=title,
            subject=Subject(
                kind="booking",
                id=booking.id,
                number=booking.number,
                car=booking.car_label,
                plate=booking.plate_key,
                branch=booking.branch,
                client_first=booking.client_first,
                client_last=booking.client_last,
            ),
            shown={name: json_of(row[name]) for name in shown},
            changes=tuple(changes),
            price=price,
            warnings=tuple(warnings),
            undo=self._sending.undo(sendable, undo, booking.branch),
            critical=critical,
            source=SYSTEM,
            as_of=booking.source_at,
            branch=booking.branch,
        )

    async def _car_write(
        self,
        sendable: Sendable,
        car: Car,
        *,
        title: str,
        changes: Sequence[FieldChange],
        shown: Sequence[str],
        undo: Reverse | None,
    ) -> PlannedWrite:
        ahead = await self._bookings.of_car(car.id, since=self._clock.now())
        planned = [b for b in ahead if b.status == "planned" and b.purpose == "rental"][:1]
        return PlannedWrite(
            kind=sendable.kind.name,
            target=f"rentprog:car:{car.id}",
            args=sendable.args,
            title=title,
            subject=self._car(car),
            shown=await versions(self._db, "car", car.id, shown),
            changes=tuple(changes),
            warnings=tuple(
                CollisionWarning(kind="pickup", number=b.number, start=b.start) for b in planned
            ),
            undo=self._sending.undo(sendable, undo, car.branch),
            source=SYSTEM,
            as_of=car.source_at,
            branch=car.branch,
        )

    @staticmethod
    def _car(car: Car, client: Client | None = None) -> Subject:
        return Subject(
            kind="car",
            id=car.id,
            car=car.label,
            plate=car.plate_key,
            branch=car.branch,
            client_first=None if client is None else client.first_name,
            client_last=None if client is None else client.last_name,
        )


def needed(moment: datetime | None) -> datetime:
    if moment is None:
        raise Impossible("no_time")
    return moment


def allowed(limited: Limited | None, clock: Clock) -> None:
    """Refuse to plan if RentProg was not asked because of a limit.

    Raises:
        LimitReached: it was not; says when it may be asked again.
    """
    if limited is not None:
        raise LimitReached(
            SYSTEM,
            "its limit is used up",
            wait_s=(limited.until - clock.now()).total_seconds(),
            own=limited.own,
        )
