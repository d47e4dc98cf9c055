"""Cars of the fleet: our mirror of RentProg, kept by webhooks, reads and reconciliation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jarvis.domains.fleet.naming import CarName, Found, find_cars, handle, plate_key
from jarvis.engine import refs, sources
from jarvis.engine.db import Database, Reader, Row, Tx
from jarvis.engine.journal import Event, Journal
from jarvis.integrations.rentprog.mirror import (
    SOURCE,
    Incoming,
    Saved,
    announced_by_first_load,
    merged,
)
from jarvis.integrations.rentprog.models import SYSTEM, key_of, parse_record
from jarvis.integrations.rentprog.models import Car as RpCar
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.clock import Clock
from jarvis.kit.errors import LimitReached, NotFound, Unavailable
from jarvis.kit.ids import new_id
from jarvis.kit.money import to_minor

CAN_BE_ISSUED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Car:
    """A car. `state` is RentProg's code 1 to 6; `source_at` is when RentProg last confirmed it."""

    id: UUID
    branch: str | None
    name: str | None
    code: str | None
    plate_key: str | None
    year: int | None
    color: str | None
    car_class: str | None
    transmission: str | None
    fuel: str | None
    seats: int | None
    mileage_km: int | None
    state: int | None
    clean: bool | None
    active: bool
    source_at: datetime

    @property
    def label(self) -> str:
        """Model and three digits, as staff say it."""
        return self.code or self.name or self.plate_key or "авто"

    @property
    def handle(self) -> str:
        """A label that fits no other car."""
        return handle(self.label, self.plate_key)


def car_of(row: Row) -> Car:
    """A car from a row that joins its branch as `branch_code`."""
    return Car(
        id=row["id"],
        branch=row["branch_code"],
        name=row["name"],
        code=row["code"],
        plate_key=row["plate_key"],
        year=row["year"],
        color=row["color"],
        car_class=row["car_class"],
        transmission=row["transmission"],
        fuel=row["fuel"],
        seats=row["seats"],
        mileage_km=row["mileage_km"],
        state=row["state"],
        clean=row["clean"],
        active=row["active"],
        source_at=row["source_at"],
    )


CAR_SQL = "SELECT c.*, b.code AS branch_code FROM car c LEFT JOIN branch b ON b.id = c.branch_id"


class FleetService:
    """Reads cars, finds them by what people call them, and keeps the mirror."""

    def __init__(self, db: Database, clock: Clock, rentprog: RentProg, journal: Journal) -> None:
        self._db = db
        self._clock = clock
        self._rentprog = rentprog
        self._journal = journal

    async def names(self) -> list[CarName]:
        """The names of every car."""
        rows = await self._db.fetch(f"{CAR_SQL} WHERE c.deleted_at IS NULL ORDER BY c.code")
        return [
            CarName(
                id=r["id"],
                code=r["code"],
                name=r["name"],
                plate_key=r["plate_key"],
                branch=r["branch_code"],
            )
            for r in rows
        ]

    async def find(self, said: str) -> Found:
        """Find the cars that a phrase names; of several a person must choose."""
        return find_cars(said, await self.names())

    async def get(self, car_id: UUID) -> Car:
        row = await self._db.fetchrow(f"{CAR_SQL} WHERE c.id = $1", car_id)
        if row is None:
            raise NotFound("no such car")
        return car_of(row)

    async def cars(
        self,
        *,
        branch: str | None = None,
        states: Sequence[int] | None = None,
        branches: frozenset[str] = frozenset(),
    ) -> list[Car]:
        """Cars of a branch (or of all in scope) and in the given states, by code."""
        rows = await self._db.fetch(
            f"""{CAR_SQL} WHERE c.deleted_at IS NULL AND ($1::text IS NULL OR b.code = $1)
                 AND ($2::int[] IS NULL OR c.state = ANY($2))
                 AND ($3::text[] = '{{}}' OR b.code = ANY($3))
                ORDER BY c.code""",
            branch,
            list(states) if states is not None else None,
            list(branches),
        )
        return [car_of(r) for r in rows]

    async def save(
        self, tx: Tx, incoming: Incoming, *, branch: str | None, event: Event | None = None
    ) -> Saved:
        """Save one RentProg record over our row, keep the history of the car's branches, publish
        what changed.

        A read that began before the row's last confirmation is stale and changes nothing.

        Raises:
            ContractBroken: a field that does not parse or fits no column; nothing is saved.
        """
        key = key_of(incoming.raw)
        await refs.lock(tx, SOURCE, "car", key)
        car_id = await refs.subject(tx, SOURCE, "car", key)
        stored = None if car_id is None else await tx.fetchrow(f"{CAR_SQL} WHERE c.id = $1", car_id)
        if stored is not None and stored["source_at"] > incoming.read_at:
            return Saved(outcome="stale")
        before: dict[str, Any] = (stored["raw"] or {}) if stored is not None else {}
        raw = merged(before, incoming)
        record = parse_record(RpCar, raw)
        at = self._rentprog.branch_of_company(record.company_id) or branch
        branch_id = (
            None if at is None else await tx.fetchval("SELECT id FROM branch WHERE code = $1", at)
        )
        new = car_id is None
        silent = await announced_by_first_load(tx, incoming, new=new)
        car_id = car_id or new_id()
        await tx.execute(
            """INSERT INTO car (id, branch_id, name, code, plate, plate_key, vin, year, color,
                car_class, transmission, fuel,
                                seats, mileage_km, state, clean, active, deposit_minor, store_place,
                                  source_at, raw)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                 $18, $19, $20, $21)
               ON CONFLICT (id) DO UPDATE SET branch_id = $2, name = $3, code = $4, plate = $5,
                 plate_key = $6, vin = $7,
                 year = $8, color = $9, car_class = $10, transmission = $11, fuel = $12,
                   seats = $13, mileage_km = $14,
                 state = $15, clean = $16, active = $17, deposit_minor = $18, store_place = $19,
                   source_at = $20,
                 raw = $21, deleted_at = NULL""",
            car_id,
            branch_id,
            record.car_name,
            record.code,
            record.number,
            plate_key(record.number),
            record.vin,
            record.year,
            record.color,
            record.car_class,
            record.transmission,
            record.fuel,
            record.number_seats,
            record.mileage,
            record.state,
            record.clean_state,
            record.active is not False,
            None if record.deposit is None else to_minor(record.deposit),
            record.store_place,
            incoming.read_at,
            raw,
        )
        if new:
            await refs.bind(tx, SOURCE, "car", key, car_id)
        old_branch: str | None = stored["branch_code"] if stored is not None else None
        if at is not None and at != old_branch:
            await self._place(tx, car_id, branch_id, incoming.read_at)
        changed = {
            n: (before.get(n), raw.get(n)) for n in {*before, *raw} if before.get(n) != raw.get(n)
        }
        if (new or changed) and not silent:
            await self._publish_changes(
                tx, car_id, key, changed, new, (old_branch, at), incoming, event
            )
        return Saved(
            outcome="created" if new else "updated" if changed else "unchanged", changed=changed
        )

    async def _place(self, tx: Tx, car_id: UUID, branch_id: UUID | None, at: datetime) -> None:
        await tx.execute(
            "UPDATE car_placement SET until_at = $2 WHERE car_id = $1 AND until_at IS NULL",
            car_id,
            at,
        )
        await tx.execute(
            "INSERT INTO car_placement (car_id, branch_id, from_at) VALUES ($1, $2, $3)",
            car_id,
            branch_id,
            at,
        )

    async def _publish_changes(
        self,
        tx: Tx,
        car_id: UUID,
        key: str,
        changed: dict[str, tuple[Any, Any]],
        new: bool,
        move: tuple[str | None, str | None],
        incoming: Incoming,
        event: Event | None,
    ) -> None:
        payload = {
            "car_id": str(car_id),
            "external_key": key,
            "branch": move[1],
            "echo": incoming.from_api,
            "changed": {n: list(pair) for n, pair in changed.items()} if not new else {},
        }
        # An event that is handled again may read another state than the first time, which is
        # published as well.
        cause = f"{event.id if event else ''}:{incoming.read_at.isoformat()}"
        kind = "car.created" if new else "car.updated"
        await self._journal.publish(
            tx,
            kind=kind,
            dedup_key=f"{kind}:{car_id}:{cause}",
            payload=payload,
            ordering_key=f"car:{car_id}",
            parent=event,
        )
        if not new and move[0] is not None and move[0] != move[1]:
            await self._journal.publish(
                tx,
                kind="car.moved",
                dedup_key=f"car.moved:{car_id}:{cause}",
                payload=payload | {"from": move[0], "to": move[1]},
                ordering_key=f"car:{car_id}",
                parent=event,
            )

    async def forget(self, tx: Tx, key: str) -> None:
        """Hide a car that was destroyed in RentProg; everything that refers to it stays."""
        car_id = await refs.subject(tx, SOURCE, "car", key)
        await tx.execute("UPDATE car SET deleted_at = $2 WHERE id = $1", car_id, self._clock.now())

    async def reread(self, key: str, *, branch: str | None) -> Incoming:
        """Read the record from RentProg as it is now; records whether the source answers."""
        started = self._clock.now()
        try:
            record = await self._rentprog.car(int(key), hint=branch)
        except LimitReached:
            raise  # not a failure of the source
        except Unavailable as error:
            await sources.report_failure(self._db, SYSTEM, started, error.reason)
            raise
        await sources.report_ok(self._db, SYSTEM, self._clock.now())
        return Incoming(raw=record.raw(), read_at=started)

    async def stored_raw(self, reader: Reader, key: str) -> dict[str, Any] | None:
        """The raw record that we hold for an id of RentProg."""
        car_id = await refs.subject(reader, SOURCE, "car", key)
        return (
            None
            if car_id is None
            else await reader.fetchval("SELECT raw FROM car WHERE id = $1", car_id)
        )
