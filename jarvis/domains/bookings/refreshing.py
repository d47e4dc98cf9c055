"""Reads single cars and bookings from RentProg again before they are shown or changed."""

from __future__ import annotations

from uuid import UUID

from jarvis.domains.bookings.mirror import BookingMirror
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.fleet.service import FleetService
from jarvis.engine import refs, sources
from jarvis.engine.db import Database
from jarvis.engine.freshness import Limited
from jarvis.integrations.rentprog.mirror import SOURCE, Incoming
from jarvis.integrations.rentprog.models import SYSTEM
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.clock import Clock
from jarvis.kit.errors import IntegrationError, LimitReached, NotFound, Unavailable


class BookingRefresh:
    """Updates the mirror from RentProg; simultaneous callers share one read."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rentprog: RentProg,
        fleet: FleetService,
        bookings: BookingService,
        mirror: BookingMirror,
    ) -> None:
        self._db = db
        self._clock = clock
        self._rentprog = rentprog
        self._fleet = fleet
        self._bookings = bookings
        self._mirror = mirror

    async def car(self, car_id: UUID, *, anew: bool = False) -> Limited | None:
        """Read a car and its active bookings from RentProg; if it does not answer the mirror stays
        as it is.

        Args:
            car_id: The car.
            anew: Do not accept what another caller has just read.

        Returns:
            The limit, if RentProg was not asked because of one.
        """
        key = await refs.key_of(self._db, SOURCE, "car", car_id)
        car = await self._fleet.get(car_id)
        limited: Limited | None = None
        if key is None:
            return None

        async def read() -> bool:
            nonlocal limited
            started = self._clock.now()
            try:
                record, rows = await self._rentprog.car_with_bookings(int(key), hint=car.branch)
            except LimitReached as error:
                limited = Limited.by(error, started)
                return False
            except Unavailable as error:
                await sources.report_failure(self._db, SYSTEM, started, error.reason)
                return False
            except (IntegrationError, NotFound):
                return False
            async with self._db.transaction() as tx:
                branch = self._rentprog.branch_of_company(record.company_id) or car.branch
                await self._fleet.save(
                    tx, Incoming(raw=record.raw(), read_at=started), branch=branch
                )
                for row in rows:
                    await self._mirror.save(tx, Incoming(raw=row, read_at=started), branch=branch)
            await sources.report_ok(self._db, SYSTEM, self._clock.now())
            return True

        await self._rentprog.shared.read(f"car:{key}", read, anew=anew)
        return limited

    async def booking(self, booking_id: UUID, *, anew: bool = False) -> Limited | None:
        """Read a booking from RentProg; arguments and result as for `car`.

        Raises:
            NotFound: there is no such booking.
        """
        known = await self._bookings.get(booking_id)
        key = await refs.key_of(self._db, SOURCE, "booking", booking_id)
        limited: Limited | None = None
        if key is None:
            return None

        async def read() -> bool:
            nonlocal limited
            try:
                incoming, branch = await self._mirror.reread(key, branch=known.branch)
                async with self._db.transaction() as tx:
                    await self._mirror.save(tx, incoming, branch=branch)
            except LimitReached as error:
                limited = Limited.by(error, self._clock.now())
                return False
            except (IntegrationError, NotFound):
                return False
            return True

        await self._rentprog.shared.read(f"booking:{key}", read, anew=anew)
        return limited
