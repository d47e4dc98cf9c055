"""Reads bookings: by id or number, of a car or a client, of a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from jarvis.domains.bookings.mirror import responsible_of
from jarvis.domains.bookings.models import Booking
from jarvis.engine import sources
from jarvis.engine.db import Database, Row
from jarvis.engine.freshness import Freshness, Limited
from jarvis.integrations.rentprog.models import SYSTEM
from jarvis.kit.clock import Clock
from jarvis.kit.errors import NotFound
from jarvis.kit.money import Currency, Money

_SQL = """SELECT b.*, br.code AS branch_code, c.code AS car_code, c.name AS car_name, c.plate_key,
                 cl.first_name, cl.last_name, cl.phone
            FROM booking b LEFT JOIN branch br ON br.id = b.branch_id LEFT JOIN car c
              ON c.id = b.car_id
                 LEFT JOIN client cl ON cl.id = b.client_id"""


def _booking(row: Row) -> Booking:
    def money(name: str) -> Money | None:
        value = row[name]
        currency: Currency = row["currency"]
        return None if value is None else Money(value, currency)

    return Booking(
        id=row["id"],
        number=row["number"],
        branch=row["branch_code"],
        car_id=row["car_id"],
        car_label=row["car_code"] or row["car_name"],
        plate_key=row["plate_key"],
        client_id=row["client_id"],
        client_first=row["first_name"],
        client_last=row["last_name"],
        client_phone=row["phone"],
        start=row["start_at"],
        end=row["end_at"],
        place_start=row["place_start"],
        place_end=row["place_end"],
        state_raw=row["state_raw"],
        status=row["status"],
        purpose=row["purpose"],
        price=money("price_minor"),
        total=money("total_minor"),
        deposit=money("deposit_minor"),
        responsible=row["responsible_name"],
        description=row["description"],
        source_at=row["source_at"],
    )


class BookingService:
    """Reads bookings from our mirror of RentProg; `BookingRefresh` brings it up to date."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def freshness(
        self, as_of: datetime | None = None, limited: Limited | None = None
    ) -> Freshness:
        """Return the age of what is shown: `as_of`, else the last complete reconciliation of
        bookings.

        `limited` is what a refresh returned.
        """
        state, reconciled = await sources.read(self._db, SYSTEM, f"{SYSTEM} reconciled")
        return Freshness(
            source=SYSTEM,
            as_of=as_of or reconciled.last_ok_at,
            failing_since=state.failing_since,
            limited=limited,
        )

    async def get(self, booking_id: UUID) -> Booking:
        row = await self._db.fetchrow(f"{_SQL} WHERE b.id = $1", booking_id)
        if row is None:
            raise NotFound("no such booking")
        return _booking(row)

    async def responsible_of(self, booking_id: UUID) -> UUID | None:
        """Return the employee who is responsible for the booking in RentProg; None if there is none
        or they are not bound.

        It changes often: do not keep it.
        """
        return await responsible_of(self._db, booking_id)

    async def by_number(self, number: int) -> list[Booking]:
        """Bookings with this number; numbers are unique only within a branch."""
        rows = await self._db.fetch(
            f"{_SQL} WHERE b.number = $1 AND b.deleted_at IS NULL ORDER BY br.code", number
        )
        return [_booking(r) for r in rows]

    async def of_car(self, car_id: UUID, *, since: datetime) -> list[Booking]:
        """A car's bookings that end after `since`, cancelled ones left out."""
        rows = await self._db.fetch(
            f"""{_SQL} WHERE b.car_id = $1 AND b.deleted_at IS NULL AND b.status <> 'cancelled'
                 AND (b.end_at > $2 OR b.status = 'in_rent') ORDER BY b.start_at""",
            car_id,
            since,
        )
        return [_booking(r) for r in rows]

    async def of_client(self, client_id: UUID) -> list[Booking]:
        """A client's bookings, the newest first."""
        rows = await self._db.fetch(
            f"{_SQL} WHERE b.client_id = $1 AND b.deleted_at IS NULL ORDER BY b.start_at DESC",
            client_id,
        )
        return [_booking(r) for r in rows]

    async def pickups(
        self, since: datetime, until: datetime, branch: str | None, scope: frozenset[str]
    ) -> list[Booking]:
        """Rentals that begin in a period."""
        return await self._window(
            "b.start_at >= $1 AND b.start_at < $2 AND b.status <> 'cancelled'",
            "b.start_at",
            since,
            until,
            branch,
            scope,
        )

    async def returns(
        self, since: datetime, until: datetime, branch: str | None, scope: frozenset[str]
    ) -> list[Booking]:
        """Rentals that end in a period."""
        return await self._window(
            "b.end_at >= $1 AND b.end_at < $2 AND b.status <> 'cancelled'",
            "b.end_at",
            since,
            until,
            branch,
            scope,
        )

    async def search(
        self,
        *,
        cars: Sequence[UUID] | None,
        clients: Sequence[UUID] | None,
        since: datetime | None,
        until: datetime | None,
        scope: frozenset[str],
    ) -> list[Booking]:
        """Bookings, past ones too, of these cars or clients that touch a period; the newest first,
        cancelled ones left out."""
        rows = await self._db.fetch(
            f"""{_SQL} WHERE b.deleted_at IS NULL AND b.status <> 'cancelled'
                 AND ($1::uuid[] IS NULL OR b.car_id = ANY($1))
                 AND ($2::uuid[] IS NULL OR b.client_id = ANY($2))
                 AND ($3::timestamptz IS NULL OR b.end_at > $3 OR b.status = 'in_rent')
                 AND ($4::timestamptz IS NULL OR b.start_at < $4)
                 AND ($5::text[] = '{{}}' OR br.code = ANY($5))
               ORDER BY b.start_at DESC NULLS LAST""",
            None if cars is None else list(cars),
            None if clients is None else list(clients),
            since,
            until,
            list(scope),
        )
        return [_booking(r) for r in rows]

    async def overdue(self, branch: str | None, scope: frozenset[str]) -> list[Booking]:
        """Rentals whose car is still out after its return time."""
        now = self._clock.now()
        return await self._window(
            "b.status = 'in_rent' AND b.end_at < $2 AND $1::timestamptz IS NOT NULL",
            "b.end_at",
            now,
            now,
            branch,
            scope,
        )

    async def _window(
        self,
        where: str,
        order: str,
        since: datetime,
        until: datetime,
        branch: str | None,
        scope: frozenset[str],
    ) -> list[Booking]:
        rows = await self._db.fetch(
            f"""{_SQL} WHERE {where} AND b.deleted_at IS NULL AND b.purpose = 'rental'
                 AND ($3::text IS NULL OR br.code = $3)
                 AND ($4::text[] = '{{}}' OR br.code = ANY($4)) ORDER BY {order}""",
            since,
            until,
            branch,
            list(scope),
        )
        return [_booking(r) for r in rows]
