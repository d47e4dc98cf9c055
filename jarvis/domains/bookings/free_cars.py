"""Which cars are free for a period, and which bookings of a car overlap."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from jarvis.domains.bookings.availability import Collision, Fit, Span, collisions, fit
from jarvis.domains.bookings.models import Booking, FreeCar
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.bookings.settings import BookingsSettings
from jarvis.domains.fleet.service import CAN_BE_ISSUED, FleetService
from jarvis.engine.db import Database
from jarvis.kit.clock import Clock
from jarvis.kit.money import Money


class Availability:
    """Checks periods against the mirrored bookings; `preparation` is the time that a car needs
    between two of them."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        fleet: FleetService,
        bookings: BookingService,
        *,
        settings: BookingsSettings,
    ) -> None:
        self.preparation = settings.preparation
        self._db = db
        self._clock = clock
        self._fleet = fleet
        self._bookings = bookings

    async def free_cars(
        self,
        start: datetime,
        end: datetime,
        *,
        branch: str | None,
        scope: frozenset[str] = frozenset(),
        transmission: str | None = None,
        car_class: str | None = None,
    ) -> list[FreeCar]:
        """Return the cars that can be issued for a period: those with full preparation time
        first, then those without."""
        cars = await self._fleet.cars(branch=branch, states=[CAN_BE_ISSUED], branches=scope)
        spans = await self._spans(start, end, [car.id for car in cars], self.preparation)
        prices = await self._prices([car.id for car in cars])
        by_car: dict[UUID, list[Span]] = {}
        for span in spans:
            by_car.setdefault(span.car_id, []).append(span)
        found: list[FreeCar] = []
        for car in cars:
            if not car.active or (transmission and not _same_word(car.transmission, transmission)):
                continue
            if car_class and not _same_word(car.car_class, car_class):
                continue
            result = fit(
                by_car.get(car.id, ()), start, end, now=self._clock.now(), buffer=self.preparation
            )
            if result.free:
                found.append(FreeCar(car=car, fit=result, price=prices.get(car.id)))
        return sorted(found, key=lambda f: (f.fit.tight, f.car.label))

    async def fit_of(
        self,
        car_id: UUID,
        start: datetime,
        end: datetime,
        *,
        without: frozenset[UUID] = frozenset(),
    ) -> Fit:
        """Return whether one car is free for a period, disregarding the bookings `without`."""
        spans = [
            s
            for s in await self._spans(start, end, [car_id], self.preparation)
            if s.booking_id not in without
        ]
        return fit(spans, start, end, now=self._clock.now(), buffer=self.preparation)

    async def collisions(
        self,
        since: datetime,
        until: datetime,
        *,
        branch: str | None,
        scope: frozenset[str],
        car_id: UUID | None = None,
    ) -> list[tuple[Collision, Booking, Booking]]:
        """Return pairs of bookings of one car that overlap or leave too little preparation time."""
        found: list[tuple[Collision, Booking, Booking]] = []
        spans = await self._spans(since, until, None if car_id is None else [car_id], timedelta(0))
        for item in collisions(spans, buffer=self.preparation):
            first, second = (
                await self._bookings.get(item.first),
                await self._bookings.get(item.second),
            )
            if branch not in (None, first.branch) or (scope and first.branch not in scope):
                continue
            found.append((item, first, second))
        return found

    async def _spans(
        self, since: datetime, until: datetime, cars: Sequence[UUID] | None, around: timedelta
    ) -> list[Span]:
        """Return the bookings of these cars (of all if None) that touch the period or the
        preparation time around it."""
        rows = await self._db.fetch(
            """SELECT id, car_id, start_at, end_at, status, purpose FROM booking
                WHERE deleted_at IS NULL AND car_id IS NOT NULL AND start_at IS NOT NULL
                  AND end_at IS NOT NULL
                  AND status IN ('planned', 'in_rent') AND start_at < $2 AND (end_at > $1
                    OR status = 'in_rent')
                  AND ($3::uuid[] IS NULL OR car_id = ANY($3))""",
            since - around,
            until + around,
            None if cars is None else list(cars),
        )
        return [
            Span(
                booking_id=r["id"],
                car_id=r["car_id"],
                start=r["start_at"],
                end=r["end_at"],
                status=r["status"],
                purpose=r["purpose"],
            )
            for r in rows
        ]

    async def _prices(self, cars: Sequence[UUID]) -> dict[UUID, Money]:
        """Return the daily price of each car's latest booking, since RentProg's price list is
        not mirrored."""
        rows = await self._db.fetch(
            """SELECT DISTINCT ON (car_id) car_id, price_minor, currency FROM booking
                WHERE price_minor IS NOT NULL AND car_id = ANY($1) AND purpose = 'rental'
                  ORDER BY car_id, start_at DESC""",
            list(cars),
        )
        return {r["car_id"]: Money(r["price_minor"], r["currency"]) for r in rows}


def _same_word(ours: str | None, wanted: str) -> bool:
    return (ours or "").casefold()[:5] == wanted.casefold()[:5]
