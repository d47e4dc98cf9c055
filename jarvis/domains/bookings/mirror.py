"""Our mirror of RentProg's bookings and receivables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from jarvis.domains.bookings.rules import purpose_of, status_of
from jarvis.domains.staff.identities import note_worker
from jarvis.engine import refs, sources
from jarvis.engine.db import Database, Reader, Row, Tx
from jarvis.engine.journal import Event, Journal
from jarvis.integrations.rentprog.mirror import (
    SOURCE,
    Incoming,
    Saved,
    announced_by_first_load,
    first_load,
    merged,
)
from jarvis.integrations.rentprog.models import SYSTEM, Booking, key_of, parse_moment, parse_record
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.clock import Clock
from jarvis.kit.errors import ContractBroken, LimitReached, Unavailable
from jarvis.kit.ids import new_id
from jarvis.kit.money import to_minor

_LINK_CARS = """UPDATE booking b SET car_id = r.subject_id FROM external_ref r
                 WHERE b.car_id IS NULL AND b.car_key IS NOT NULL AND r.system = 'rentprog'
                   AND r.kind = 'car'
                   AND r.external_key = b.car_key RETURNING r.subject_id"""
_LINK_CLIENTS = """UPDATE booking b SET client_id = r.subject_id FROM external_ref r
                    WHERE b.client_id IS NULL AND b.client_key IS NOT NULL AND r.system = 'rentprog'
                      AND r.kind = 'client'
                      AND r.external_key = b.client_key RETURNING r.subject_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Links:
    """The car, client and branch of a booking as it was saved; later changes do not alter them."""

    car_id: UUID | None
    client_id: UUID | None
    branch: str | None


class BookingMirror:
    """Saves bookings and receivables, and publishes what changed."""

    def __init__(self, db: Database, clock: Clock, rentprog: RentProg, journal: Journal) -> None:
        self._db = db
        self._clock = clock
        self._rentprog = rentprog
        self._journal = journal

    async def save(
        self, tx: Tx, incoming: Incoming, *, branch: str | None, event: Event | None = None
    ) -> Saved:
        """Save one RentProg record over our row.

        A booking may come before its client or car: their outside ids are kept and linked when they
        arrive.

        Raises:
            ContractBroken: a date or a field that does not parse; nothing is saved.
        """
        key = key_of(incoming.raw)
        await refs.lock(tx, SOURCE, "booking", key)
        booking_id = await refs.subject(tx, SOURCE, "booking", key)
        stored = (
            None
            if booking_id is None
            else await tx.fetchrow("SELECT * FROM booking WHERE id = $1", booking_id)
        )
        if stored is not None and stored["source_at"] > incoming.read_at:
            return Saved(outcome="stale")
        before: dict[str, Any] = (stored["raw"] or {}) if stored is not None else {}
        raw = merged(before, incoming)
        record = parse_record(Booking, raw)
        new = booking_id is None
        silent = await announced_by_first_load(tx, incoming, new=new)
        booking_id = booking_id or new_id()
        links = await self._write(tx, booking_id, record, raw, incoming, branch)
        if new:
            await refs.bind(tx, SOURCE, "booking", key, booking_id)
        await note_worker(tx, record.responsible_id, record.responsible)
        for worker in (record.start_worker_id, record.end_worker_id):
            await note_worker(tx, worker, None)
        changed = {
            n: (before.get(n), raw.get(n)) for n in {*before, *raw} if before.get(n) != raw.get(n)
        }
        if (new or changed) and not silent:
            await self._publish_changes(
                tx, booking_id, record, links, changed, stored, incoming, event
            )
        return Saved(
            outcome="created" if new else "updated" if changed else "unchanged", changed=changed
        )

    async def _write(
        self,
        tx: Tx,
        booking_id: UUID,
        record: Booking,
        raw: dict[str, Any],
        incoming: Incoming,
        branch: str | None,
    ) -> _Links:
        at = self._rentprog.branch_of_company(record.company_id) or branch
        purpose, derived_from = purpose_of(record, at)
        start = parse_moment(record.start_date) if record.start_date else None
        end = parse_moment(record.end_date) if record.end_date else None
        if start is not None and end is not None and end < start:
            raise ContractBroken(SYSTEM, f"booking {record.id} ends before it begins")
        car_key = None if record.car_id is None else str(record.car_id)
        client_key = None if record.client_id is None else str(record.client_id)
        car_id = None if car_key is None else await refs.subject(tx, SOURCE, "car", car_key)
        client_id = (
            None if client_key is None else await refs.subject(tx, SOURCE, "client", client_key)
        )
        branch_id = (
            None if at is None else await tx.fetchval("SELECT id FROM branch WHERE code = $1", at)
        )
        minor = {
            name: None if value is None else to_minor(value)
            for name, value in (
                ("price", record.price),
                ("rental", record.rental_cost),
                ("total", record.total),
                ("deposit", record.deposit),
                ("delivery", record.delivery),
            )
        }
        columns: dict[str, object] = {
            "id": booking_id,
            "number": record.number,
            "branch_id": branch_id,
            "car_id": car_id,
            "client_id": client_id,
            "car_key": car_key,
            "client_key": client_key,
            "start_at": start,
            "end_at": end,
            "place_start": record.location_start,
            "place_end": record.location_end,
            "state_raw": record.state,
            "status": status_of(record),
            "active": record.active is not False,
            "in_rent": bool(record.in_rent),
            "archive": bool(record.archive),
            "purpose": purpose,
            "purpose_from": derived_from,
            "days": record.days,
            "price_minor": minor["price"],
            "rental_minor": minor["rental"],
            "total_minor": minor["total"],
            "deposit_minor": minor["deposit"],
            "delivery_minor": minor["delivery"],
            "source_name": record.source,
            "description": record.description,
            "responsible_key": _text(record.responsible_id),
            "responsible_name": record.responsible,
            "start_worker_key": _text(record.start_worker_id),
            "end_worker_key": _text(record.end_worker_id),
            "source_at": incoming.read_at,
            "raw": raw,
            "deleted_at": None,
        }
        names = list(columns)
        sets = ", ".join(f"{n} = ${i}" for i, n in enumerate(names, 1) if n != "id")
        marks = ", ".join(f"${i}" for i in range(1, len(names) + 1))
        # Column names are the literals above; values are passed as parameters.
        sql = (
            f"INSERT INTO booking ({', '.join(names)}) VALUES ({marks}) ON CONFLICT (id) DO "
            f"UPDATE SET {sets}"
        )
        await tx.execute(sql, *columns.values())
        return _Links(car_id=car_id, client_id=client_id, branch=at)

    async def _publish_changes(
        self,
        tx: Tx,
        booking_id: UUID,
        record: Booking,
        links: _Links,
        changed: dict[str, tuple[Any, Any]],
        stored: Row | None,
        incoming: Incoming,
        event: Event | None,
    ) -> None:
        """Publish what happened, with the current ids that subscribers need; `before`: the car and
        the client until now."""
        cause = f"{event.id if event else ''}:{incoming.read_at.isoformat()}"
        payload = {
            "booking_id": str(booking_id),
            "external_key": str(record.id),
            "number": record.number,
            "echo": incoming.from_api,
            "changed": {n: list(p) for n, p in changed.items()} if stored is not None else {},
            "car_id": _id(links.car_id),
            "client_id": _id(links.client_id),
            "branch": links.branch,
            "responsible_id": _id(await responsible_of(tx, booking_id)),
            "before": {n: _id(stored[n]) for n in ("car_id", "client_id")}
            if stored is not None
            else {},
        }
        kinds = ["booking.created" if stored is None else "booking.updated"]
        if stored is not None:
            old, new = stored["status"], status_of(record)
            if old != new:
                kinds += {"cancelled": ["booking.cancelled"], "in_rent": ["booking.issued"]}.get(
                    new, []
                )
                if old == "in_rent" and new == "done":
                    kinds.append("booking.returned")
        for kind in kinds:
            await self._journal.publish(
                tx,
                kind=kind,
                dedup_key=f"{kind}:{booking_id}:{cause}",
                payload=payload,
                ordering_key=f"booking:{booking_id}",
                parent=event,
            )

    async def forget(self, tx: Tx, key: str) -> None:
        """Hide a booking that was destroyed in RentProg."""
        booking_id = await refs.subject(tx, SOURCE, "booking", key)
        await tx.execute(
            "UPDATE booking SET deleted_at = $2 WHERE id = $1", booking_id, self._clock.now()
        )

    async def link(
        self, tx: Tx, by: str, event: Event | None = None, *, silent: bool = False
    ) -> None:
        """Join bookings to cars and clients that arrived after them, and publish `car.linked` or
        `client.linked` for each that got some, unless `silent`, when `mirror.loaded` covers them
        all. `by`: a key that is unique for the occasion."""
        silent = silent or await first_load(tx)
        for kind, sql in (("car", _LINK_CARS), ("client", _LINK_CLIENTS)):
            found = {row["subject_id"] for row in await tx.fetch(sql)}
            for subject in () if silent else sorted(found):
                await self._journal.publish(
                    tx,
                    kind=f"{kind}.linked",
                    dedup_key=f"{kind}.linked:{subject}:{by}",
                    payload={f"{kind}_id": str(subject)},
                    ordering_key=f"{kind}:{subject}",
                    parent=event,
                )

    async def missing_parents(self, reader: Reader, key: str) -> tuple[str | None, str | None]:
        """RentProg's ids of the car and the client that a saved booking is not linked to yet."""
        row = await reader.fetchrow(
            """SELECT CASE WHEN b.car_id IS NULL THEN b.car_key END AS car,
                      CASE WHEN b.client_id IS NULL THEN b.client_key END AS client
                 FROM booking b JOIN external_ref r ON r.subject_id = b.id
                WHERE r.system = 'rentprog' AND r.kind = 'booking' AND r.external_key = $1""",
            key,
        )
        return (row["car"], row["client"]) if row is not None else (None, None)

    async def reread(self, key: str, *, branch: str | None) -> tuple[Incoming, str]:
        """Read the record from RentProg as it is now; returns it with the branch whose key could
        read it."""
        started = self._clock.now()
        try:
            record, at = await self._rentprog.booking(int(key), hint=branch)
        except LimitReached:
            raise  # not a failure of the source
        except Unavailable as error:
            await sources.report_failure(self._db, SYSTEM, started, error.reason)
            raise
        await sources.report_ok(self._db, SYSTEM, self._clock.now())
        return Incoming(raw=record.raw(), read_at=started), at

    async def stored_raw(self, reader: Reader, key: str) -> dict[str, Any] | None:
        booking_id = await refs.subject(reader, SOURCE, "booking", key)
        return (
            None
            if booking_id is None
            else await reader.fetchval("SELECT raw FROM booking WHERE id = $1", booking_id)
        )

    async def refresh_receivables(self, branch: str) -> int:
        """Replace the receivables of a branch by those of RentProg; returns the number of lines.

        Raises:
            IntegrationError: RentProg's MCP did not answer; the old lines stay with their age.
        """
        started = self._clock.now()
        lines = await self._rentprog.receivables(branch)
        async with self._db.transaction() as tx:
            branch_id = await tx.fetchval("SELECT id FROM branch WHERE code = $1", branch)
            await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 3))", branch)
            # a booking may have come from another branch
            keys = sorted({str(line.booking_id) for line in lines})
            await tx.execute(
                "DELETE FROM receivable WHERE branch_id = $1 OR booking_key = ANY($2)",
                branch_id,
                keys,
            )
            for line in lines:
                key = str(line.booking_id)
                booking_id = await refs.subject(tx, SOURCE, "booking", key)
                client_id = await tx.fetchval(
                    "SELECT client_id FROM booking WHERE id = $1", booking_id
                )
                since = parse_moment(line.since) if line.since else None
                kind = "debt" if line.kind == "debt" else "due"
                await tx.execute(
                    """INSERT INTO receivable (booking_id, client_id, branch_id, booking_key, kind,
                        amount_minor, currency,
                                               since_at, source_at)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                       ON CONFLICT (booking_key, kind, currency) DO UPDATE SET
                         amount_minor = receivable.amount_minor + excluded.amount_minor""",
                    booking_id,
                    client_id,
                    branch_id,
                    key,
                    kind,
                    to_minor(line.amount),
                    line.currency,
                    since,
                    started,
                )
            await sources.report_ok(tx, f"{SYSTEM} debts {branch}", self._clock.now())
        return len(lines)


async def responsible_of(reader: Reader, booking_id: UUID) -> UUID | None:
    """The employee who is responsible for the booking in RentProg; None when none is named or
    bound. It changes often: do not keep it."""
    return await reader.fetchval(
        """SELECT i.employee_id FROM booking b JOIN employee_identity i ON i.system = $2
            AND i.external_key = b.responsible_key
             JOIN employee e ON e.id = i.employee_id AND e.dismissed_at IS NULL WHERE b.id = $1""",
        booking_id,
        SOURCE,
    )


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)
