"""What people ask of bookings: one booking, lists of a day, free cars, collisions, debts, who
changed what."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from jarvis.domains.bookings.availability import (
    Collision,
    Fit,
    Purpose,
    Span,
    Status,
    collisions,
    fit,
)
from jarvis.domains.bookings.mirror import BookingMirror, responsible_of
from jarvis.domains.bookings.settings import BookingsSettings
from jarvis.domains.fleet.naming import handle
from jarvis.domains.fleet.service import CAN_BE_ISSUED, Car, FleetService
from jarvis.engine import audit, refs, sources
from jarvis.engine.db import Database, Row
from jarvis.engine.freshness import Freshness, Limited
from jarvis.integrations.rentprog.mirror import SOURCE, Incoming
from jarvis.integrations.rentprog.models import SYSTEM, HistoryEntry, parse_moment
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.clock import Clock, ahead
from jarvis.kit.errors import Impossible, IntegrationError, LimitReached, NotFound, Unavailable
from jarvis.kit.money import Currency, Money
from jarvis.kit.text import line


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A booking with the names that people know its car and client by."""

    id: UUID
    number: int | None
    branch: str | None
    car_id: UUID | None
    car_label: str | None
    plate_key: str | None
    client_id: UUID | None
    client_first: str | None
    client_last: str | None
    client_phone: str | None
    start: datetime | None
    end: datetime | None
    place_start: str | None
    place_end: str | None
    state_raw: str | None
    status: Status
    purpose: Purpose
    price: Money | None
    total: Money | None
    deposit: Money | None
    responsible: str | None
    description: str | None
    source_at: datetime

    @property
    def shown(self) -> str:
        """The number as people see it; RentProg sometimes gives none."""
        return "—" if self.number is None else str(self.number)

    @property
    def handle(self) -> str:
        """A name of the car that fits no other."""
        return handle(self.car_label or "", self.plate_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """Money owed (`debt`) or due at pick-up (`due`) for one booking."""

    kind: Literal["debt", "due"]
    amount: Money
    since: datetime | None
    booking: Booking | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeCar:
    """A car and how the wanted period fits."""

    car: Car
    fit: Fit
    price: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One change of a booking as RentProg recorded it."""

    at: datetime
    who: str | None
    what: str | None
    old: str | None
    new: str | None


_SQL = """SELECT b.*, br.code AS branch_code, c.code AS car_code, c.name AS car_name, c.plate_key,
                 cl.first_name, cl.last_name, cl.phone
            FROM booking b LEFT JOIN branch br ON br.id = b.branch_id LEFT JOIN car c
              ON c.id = b.car_id
                 LEFT JOIN client cl ON cl.id = b.client_id"""


def booking_of(row: Row) -> Booking:
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


def now_and_next(rows: Sequence[Booking], now: datetime) -> tuple[Booking | None, Booking | None]:
    """Of a car's bookings: the one that runs now, and the first that begins after it."""
    open_ = [b for b in rows if b.status in ("planned", "in_rent")]
    current = next(
        (
            b
            for b in open_
            if b.status == "in_rent" or (b.start and b.end and b.start <= now < b.end)
        ),
        None,
    )
    return current, next(
        (b for b in open_ if b is not current and b.start and b.start >= now), None
    )


class BookingService:
    """Reads over our mirror, refreshed from RentProg where one record is asked for."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rentprog: RentProg,
        fleet: FleetService,
        mirror: BookingMirror,
        *,
        settings: BookingsSettings,
    ) -> None:
        self.preparation = settings.preparation
        self._db = db
        self._clock = clock
        self._rentprog = rentprog
        self._fleet = fleet
        self._mirror = mirror

    async def freshness(
        self, as_of: datetime | None = None, limited: Limited | None = None
    ) -> Freshness:
        """Age of what we show: `as_of`, else the last complete reconciliation of bookings;
        `limited`: what a refresh returned."""
        state, reconciled = await sources.read(self._db, SYSTEM, f"{SYSTEM} reconciled")
        return Freshness(
            source=SYSTEM,
            as_of=as_of or reconciled.last_ok_at,
            failing_since=state.failing_since,
            limited=limited,
        )

    async def refresh_car(self, car_id: UUID, *, anew: bool = False) -> Limited | None:
        """Read one car and its active bookings anew; a RentProg that does not answer leaves the
        mirror as it is.

        Args:
            car_id: The car.
            anew: Whether what was read for somebody else a moment ago will not do.

        Returns the limit, when that is why RentProg was not asked.
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

    async def refresh_booking(self, booking_id: UUID, *, anew: bool = False) -> Limited | None:
        """Read one booking anew, if RentProg answers; arguments and result as of `refresh_car`."""
        key = await refs.key_of(self._db, SOURCE, "booking", booking_id)
        row = await self._db.fetchrow(f"{_SQL} WHERE b.id = $1", booking_id)
        limited: Limited | None = None
        if key is None or row is None:
            return None

        async def read() -> bool:
            nonlocal limited
            try:
                incoming, branch = await self._mirror.reread(key, branch=row["branch_code"])
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

    async def get(self, booking_id: UUID) -> Booking:
        row = await self._db.fetchrow(f"{_SQL} WHERE b.id = $1", booking_id)
        if row is None:
            raise NotFound("no such booking")
        return booking_of(row)

    async def responsible_of(self, booking_id: UUID) -> UUID | None:
        """Our employee who answers for the booking in RentProg; None when none is named or bound.
        It changes often: not to be kept."""
        return await responsible_of(self._db, booking_id)

    async def by_number(self, number: int) -> list[Booking]:
        """Bookings of that number; numbers are unique only inside a branch."""
        rows = await self._db.fetch(
            f"{_SQL} WHERE b.number = $1 AND b.deleted_at IS NULL ORDER BY br.code", number
        )
        return [booking_of(r) for r in rows]

    async def of_car(self, car_id: UUID, *, since: datetime) -> list[Booking]:
        """A car's bookings that end after `since`, cancelled ones left out."""
        rows = await self._db.fetch(
            f"""{_SQL} WHERE b.car_id = $1 AND b.deleted_at IS NULL AND b.status <> 'cancelled'
                 AND (b.end_at > $2 OR b.status = 'in_rent') ORDER BY b.start_at""",
            car_id,
            since,
        )
        return [booking_of(r) for r in rows]

    async def of_client(self, client_id: UUID) -> list[Booking]:
        """A client's bookings, the newest first."""
        rows = await self._db.fetch(
            f"{_SQL} WHERE b.client_id = $1 AND b.deleted_at IS NULL ORDER BY b.start_at DESC",
            client_id,
        )
        return [booking_of(r) for r in rows]

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
        return [booking_of(r) for r in rows]

    async def overdue(self, branch: str | None, scope: frozenset[str]) -> list[Booking]:
        """Cars that are still out after their return time."""
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
        return [booking_of(r) for r in rows]

    async def _spans(
        self, since: datetime, until: datetime, cars: Sequence[UUID] | None, around: timedelta
    ) -> list[Span]:
        """Bookings of these cars (of all when None) that matter to a period and to the preparation
        time around it."""
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
        """Cars that can be issued for a period: those with their preparation time first, then the
        tight ones."""
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

    async def _prices(self, cars: Sequence[UUID]) -> dict[UUID, Money]:
        """The latest price a day that a booking of each car had; the price grid itself is not
        mirrored."""
        rows = await self._db.fetch(
            """SELECT DISTINCT ON (car_id) car_id, price_minor, currency FROM booking
                WHERE price_minor IS NOT NULL AND car_id = ANY($1) AND purpose = 'rental'
                  ORDER BY car_id, start_at DESC""",
            list(cars),
        )
        return {r["car_id"]: Money(r["price_minor"], r["currency"]) for r in rows}

    async def fit_of(
        self,
        car_id: UUID,
        start: datetime,
        end: datetime,
        *,
        without: frozenset[UUID] = frozenset(),
    ) -> Fit:
        """Whether one car is free for a period, as if the bookings `without` were not there."""
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
        """Pairs of bookings that get in each other's way."""
        found: list[tuple[Collision, Booking, Booking]] = []
        spans = await self._spans(since, until, None if car_id is None else [car_id], timedelta(0))
        for item in collisions(spans, buffer=self.preparation):
            first, second = await self.get(item.first), await self.get(item.second)
            if branch not in (None, first.branch) or (scope and first.branch not in scope):
                continue
            found.append((item, first, second))
        return found

    async def debts(self, branch: str, *, kind: Literal["debt", "due"]) -> list[Owed]:
        """What we last heard of a branch's receivables, the largest first."""
        rows = await self._db.fetch(
            """SELECT r.* FROM receivable r JOIN branch b ON b.id = r.branch_id
                WHERE b.code = $1 AND r.kind = $2 ORDER BY r.amount_minor DESC""",
            branch,
            kind,
        )
        return [await self._owed(row) for row in rows]

    async def owed_of(self, booking_id: UUID) -> list[Owed]:
        """Debt and due amounts of one booking."""
        rows = await self._db.fetch("SELECT * FROM receivable WHERE booking_id = $1", booking_id)
        return [await self._owed(row) for row in rows]

    async def owed_by(self, client_id: UUID) -> list[Owed]:
        """Debt and due amounts of one client, in all branches."""
        rows = await self._db.fetch(
            "SELECT * FROM receivable WHERE client_id = $1 ORDER BY kind, amount_minor DESC",
            client_id,
        )
        return [await self._owed(row) for row in rows]

    async def _owed(self, row: Row) -> Owed:
        booking = None if row["booking_id"] is None else await self.get(row["booking_id"])
        amount = Money(row["amount_minor"], row["currency"])
        return Owed(kind=row["kind"], amount=amount, since=row["since_at"], booking=booking)

    async def refresh_debts(
        self, branches: Sequence[str], *, anew: bool = False
    ) -> dict[str, Freshness]:
        """Ask RentProg for receivables; each branch that has a company there tells its own age, and
        whether it answered, or why it was not asked.

        Raises:
            Impossible: none of them has a company there.
        """
        known = [branch for branch in branches if self._rentprog.knows(branch)]
        if branches and not known:
            raise Impossible("no_company")
        return {branch: await self._refresh_debts(branch, anew=anew) for branch in known}

    async def _refresh_debts(self, branch: str, *, anew: bool) -> Freshness:
        name = f"{SYSTEM} debts {branch}"
        limited: Limited | None = None

        async def read() -> bool:
            nonlocal limited
            try:
                await self._mirror.refresh_receivables(branch)
            except LimitReached as error:
                limited = Limited.by(error, self._clock.now())
                return False
            except IntegrationError as error:
                await sources.report_failure(self._db, name, self._clock.now(), error.reason)
                return False
            return True

        await self._rentprog.shared.read(name, read, anew=anew)
        (state,) = await sources.read(self._db, name)  # a success clears the failure's time
        return Freshness(
            source=SYSTEM,
            as_of=state.last_ok_at,
            failing_since=state.failing_since,
            limited=limited,
        )

    async def history(self, booking: Booking) -> list[HistoryLine]:
        """Who changed a booking, from RentProg's own record.

        Raises:
            IntegrationError: RentProg does not answer; nothing is known then.
        """
        key = await refs.key_of(self._db, SOURCE, "booking", booking.id)
        if key is None or booking.branch is None:
            raise NotFound("RentProg's id of this booking is unknown")
        entries = await self._rentprog.booking_history(booking.branch, int(key))
        return [_line(entry) for entry in entries]

    async def through_jarvis(self, booking: Booking) -> Sequence[audit.Written]:
        """What people changed through Jarvis, from our own audit; its times on the business
        clock."""
        shift = ahead(self._clock)
        found = await audit.written_to(self._db, target_of(booking.id))
        return [dataclasses.replace(entry, at=entry.at + shift) for entry in found]


def target_of(booking_id: UUID) -> str:
    """The name under which writes to a booking stand in the effect log."""
    return f"rentprog:booking:{booking_id}"


def _line(entry: HistoryEntry) -> HistoryLine:
    return HistoryLine(
        at=parse_moment(entry.created_at),
        who=entry.user_name,
        what=entry.field or entry.description,
        old=None if entry.old is None else line(str(entry.old)),
        new=None if entry.new is None else line(str(entry.new)),
    )


def _same_word(ours: str | None, wanted: str) -> bool:
    return (ours or "").casefold()[:5] == wanted.casefold()[:5]
