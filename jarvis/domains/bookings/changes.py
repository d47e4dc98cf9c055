"""Changes of bookings and cars in RentProg, planned: checked, priced and previewed, never sent from
here.

A plan rests on what RentProg says at this moment; when it does not answer there is no plan.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from jarvis.domains.bookings.availability import Fit
from jarvis.domains.bookings.cards import (
    Priced,
    changed_price,
    iso,
    json_of,
    moment_change,
    plain_amount,
    price_json,
    wall,
)
from jarvis.domains.bookings.mirror import BookingMirror
from jarvis.domains.bookings.sending import Impossible, Sendable, Sending
from jarvis.domains.bookings.service import Booking, BookingService, target_of
from jarvis.domains.bookings.settings import BookingsSettings
from jarvis.domains.clients.service import Client
from jarvis.domains.fleet.service import CAN_BE_ISSUED, Car, FleetService
from jarvis.engine import refs
from jarvis.engine.approval_models import PlannedWrite
from jarvis.engine.behalf import Behalf, on_behalf
from jarvis.engine.db import Database, Reader
from jarvis.engine.freshness import Limited
from jarvis.integrations.rentprog import assumptions, kinds
from jarvis.integrations.rentprog.mirror import SOURCE, Incoming
from jarvis.integrations.rentprog.models import SYSTEM, show_moment
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.clock import Clock
from jarvis.kit.errors import IntegrationError, LimitReached, NotFound, Unavailable
from jarvis.kit.ids import new_id
from jarvis.kit.money import Money, to_minor

# cancelling what was paid above this means a refund: two people decide
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why an extension cannot be, and what can: a shorter one, or the next booking on an equal free
    car."""

    booking: Booking
    until: datetime
    following: Booking
    shorter: datetime | None
    shorter_price: Priced | None
    other: Car | None
    other_price: Priced | None


class Changes:
    """Plans every write to RentProg, reads back what was written, and tells how shown fields stand
    now."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rentprog: RentProg,
        fleet: FleetService,
        bookings: BookingService,
        mirror: BookingMirror,
        settings: BookingsSettings,
    ) -> None:
        self._db = db
        self._clock = clock
        self._rentprog = rentprog
        self._fleet = fleet
        self._bookings = bookings
        self._mirror = mirror
        self._refund_limit = settings.refund_limit
        self._sending = Sending(db, rentprog)

    # bookings

    async def extend(
        self, booking_id: UUID, until: datetime, *, without: UUID | None = None
    ) -> PlannedWrite | Obstacle:
        """A later return, with RentProg's price for the added time. The booking `without` is moved
        away in the same card.

        Raises:
            Impossible: the booking is over, or the new return is not later.
            Unavailable: RentProg does not answer now.
        """
        booking = await self._fresh(booking_id)
        end = _needed(booking.end)
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
        arguments = {
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
        changes = [moment_change("end", end, until)]
        if price.total.minor and (owed := await self._owed(booking, total)) is not None:
            name = "debt" if booking.status == "in_rent" else "due"
            after = owed + price.total
            changes.append(
                {
                    "field": name,
                    "type": "money",
                    "old": owed.minor,
                    "new": after.minor,
                    "currency": owed.currency,
                }
            )
        return self._booking_write(
            sendable,
            booking,
            title="extend",
            changes=changes,
            shown=("end_at", "car_id", "total", "status"),
            price=price_json(total, price),
            warnings=[{"kind": "tight", "number": following.number, "start": iso(following.start)}]
            if following is not None
            else [],
            undo={
                "tool": "update_booking",
                "arguments": {"booking_id": booking_key, "end_at": show_moment(end)},
                "fields": {"end_date": show_moment(end)},
            },
        )

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
        """Other times, places, or another car.

        Raises:
            Impossible: nothing would change, the end is not after the start, or the car is taken
                then.
        """
        booking = await self._fresh(booking_id)
        begins, ends = start or _needed(booking.start), end or _needed(booking.end)
        if ends <= begins:
            raise Impossible("wrong_order")
        if booking.status not in ("planned", "in_rent"):
            raise Impossible("over", num=booking.shown, status=booking.status)
        arguments: dict[str, Any] = {}
        changes: list[Mapping[str, Any]] = []
        for name, old, new in (("start", booking.start, start), ("end", booking.end, end)):
            if new is not None and new != old:
                arguments[f"{name}_at"] = show_moment(new)
                changes.append(moment_change(name, old, new))
        for name, old, new in (
            ("place_start", booking.place_start, place_start),
            ("place_end", booking.place_end, place_end),
        ):
            if new is not None and new != old:
                arguments[name.replace("place", "location")] = new
                changes.append({"field": name, "type": "text", "old": old, "new": new})
        if car is not None and car.id != booking.car_id:
            arguments["car_id"] = await self._sending.car_key(car.id)
            changes.append(
                {"field": "car", "type": "text", "old": booking.car_label, "new": car.label}
            )
        if not changes:
            raise Impossible("same")
        await self._free(car.id if car is not None else booking.car_id, begins, ends, booking)
        key, booking_key = await self._sending.booking_key(booking.id)
        back = {
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
            price=changed_price(booking, sendable.args),
            shown=("start_at", "end_at", "car_id", "place_start", "place_end", "total", "status"),
            undo={
                "tool": "update_booking",
                "arguments": {"booking_id": booking_key, **reverse},
                "fields": {_PUBLIC.get(n, n): v for n, v in reverse.items()},
            },
        )

    async def note(self, booking_id: UUID, text: str) -> PlannedWrite:
        """A line more in the booking's note."""
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
            changes=[{"field": "note", "type": "text", "old": None, "new": text}],
            shown=("description", "status"),
            undo={
                "tool": "update_booking",
                "arguments": {"booking_id": booking_key, name: old or ""},
                "fields": {name: old or ""},
            },
        )

    async def cancel(self, booking_id: UUID) -> PlannedWrite:
        """The booking is called off. What was paid above a limit will be refunded: two people
        decide."""
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
            changes=[
                {"field": "status", "type": "text", "old": state, "new": assumptions.CANCELLED}
            ],
            warnings=[{"kind": "paid", "minor": paid.minor, "currency": paid.currency}]
            if paid.minor
            else [],
            shown=("status", "start_at", "end_at", "total"),
            critical=paid.minor > self._refund_limit.minor,
            undo={
                "tool": "booking_status",
                "arguments": {"booking_id": booking_key, "action": "status", "state": state},
                "fields": {"state": state},
            },
        )

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
        """A new booking of a free car.

        Raises:
            Impossible: times in the past or the wrong way round; a car that is taken then or cannot
                be issued.
        """
        if end <= start or end <= self._clock.now():
            raise Impossible("wrong_order")
        _allowed(await self._bookings.refresh_car(car.id, anew=True), self._clock)
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
        arguments = {
            "car_id": car_key,
            "client_id": client_key,
            "start_at": show_moment(start),
            "end_at": show_moment(end),
            **places,
        }
        public = {
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
            else {
                "old": None,
                "new": total.minor,
                "currency": total.currency,
                "days": days,
                "rate": quote.minor,
                "basis": "quote",
                "delta": total.minor,
            }
        )
        changes = [moment_change("start", None, start), moment_change("end", None, end)]
        changes += [
            {"field": n, "type": "text", "old": None, "new": v}
            for n, v in (("place_start", place_start), ("place_end", place_end))
            if v
        ]
        return PlannedWrite(
            kind=sendable.kind,
            target=f"rentprog:car:{car_key}",
            args=sendable.args,
            title="create",
            subject_kind="car",
            subject_id=car.id,
            shown=await self.versions(self._db, "car", car.id, ("branch", "state", "bookings")),
            about=self._about_car(car)
            | {"client_first": client.first_name, "client_last": client.last_name},
            changes=changes,
            source=SYSTEM,
            as_of=self._clock.now(),
            branch=car.branch,
            price=price,
        )

    # cars

    async def move(self, car_id: UUID, branch: str) -> PlannedWrite:
        """The car belongs to another branch from now on."""
        car = await self._fresh_car(car_id)
        if car.branch == branch:
            raise Impossible("same")
        car_key = await self._sending.car_key(car.id)
        name = assumptions.NEW_BRANCH
        sendable = await self._sending.plan(
            kinds.MOVE_CAR,
            "update_car",
            {"car_id": car_key, name: self._sending.company(branch)},
            car.branch,
            str(new_id()),
        )
        return await self._car_write(
            sendable,
            car,
            title="move",
            changes=[{"field": "branch", "type": "branch", "old": car.branch, "new": branch}],
            shown=("branch",),
            undo=None
            if car.branch is None
            else {
                "tool": "update_car",
                "arguments": {"car_id": car_key, name: self._rentprog.company(car.branch)},
                "branch": branch,
            },
        )

    async def set_state(self, car_id: UUID, state: int) -> PlannedWrite:
        """RentProg's state of a car, 1 to 6."""
        car = await self._fresh_car(car_id)
        if car.state == state:
            raise Impossible("same")
        car_key = await self._sending.car_key(car.id)
        sendable = await self._sending.plan(
            kinds.SET_CAR_STATE,
            "update_car",
            {"car_id": car_key, "state": state},
            car.branch,
            str(new_id()),
        )
        return await self._car_write(
            sendable,
            car,
            title="state",
            changes=[{"field": "state", "type": "state", "old": car.state, "new": state}],
            shown=("state",),
            undo=None
            if car.state is None
            else {"tool": "update_car", "arguments": {"car_id": car_key, "state": car.state}},
        )

    # what is shown, and what was written

    async def versions(
        self, reader: Reader, kind: str, subject_id: UUID, fields: Sequence[str]
    ) -> Mapping[str, Any]:
        """Fields of a booking or a car as they are now, as JSON."""
        if kind == "booking":
            row = await reader.fetchrow(
                """SELECT b.start_at, b.end_at, b.car_id, b.place_start, b.place_end,
                    b.total_minor AS total, b.status,
                          b.description, b.deleted_at FROM booking b WHERE b.id = $1""",
                subject_id,
            )
        else:
            row = await reader.fetchrow(
                """SELECT br.code AS branch, c.state, c.deleted_at, (
                     SELECT count(*) FROM booking k WHERE k.car_id = c.id
                       AND k.status IN ('planned', 'in_rent')
                        AND k.deleted_at IS NULL) AS bookings
                     FROM car c LEFT JOIN branch br ON br.id = c.branch_id WHERE c.id = $1""",
                subject_id,
            )
        if row is None or row["deleted_at"] is not None:
            return {}
        return {name: json_of(row[name]) for name in fields}

    async def read_back(
        self, kind: str, subject_id: UUID, receipt: Mapping[str, Any], *, created: bool
    ) -> None:
        """Lay what RentProg holds after a write over our mirror; a source that does not answer
        leaves it to its webhook."""
        # a part of the order, which somebody approved
        with on_behalf(Behalf(kind="order", who=f"{kind}:{subject_id}")):
            await self._read_back(kind, subject_id, receipt, created=created)

    async def _read_back(
        self, kind: str, subject_id: UUID, receipt: Mapping[str, Any], *, created: bool
    ) -> None:
        if created and receipt.get("entity") is not None:
            car = await self._fleet.get(subject_id)
            try:
                incoming, branch = await self._mirror.reread(
                    str(receipt["entity"]), branch=car.branch
                )
            except (IntegrationError, NotFound):
                return
            await self._save(dataclasses.replace(incoming, made=True), branch)
        elif kind == "booking":
            await self._bookings.refresh_booking(subject_id, anew=True)
            branch = (await self._bookings.get(subject_id)).branch
            if branch is not None:
                await self._bookings.refresh_debts([branch], anew=True)
        elif kind == "car":
            await self._bookings.refresh_car(subject_id, anew=True)

    async def read_again(self, kind: str, subject_id: UUID) -> None:
        """Refresh what a card shows, if RentProg answers."""
        if kind == "booking":
            await self._bookings.refresh_booking(subject_id, anew=True)
        elif kind == "car":
            await self._bookings.refresh_car(subject_id, anew=True)

    async def _save(self, incoming: Incoming, branch: str | None) -> None:
        async with self._db.transaction() as tx:
            await self._mirror.save(tx, incoming, branch=branch)

    # inside

    async def _fresh(self, booking_id: UUID) -> Booking:
        """The booking as RentProg has it now: an old picture is never the base of a write."""
        started = self._clock.now()
        _allowed(await self._bookings.refresh_booking(booking_id, anew=True), self._clock)
        booking = await self._bookings.get(booking_id)
        if booking.source_at < started:
            raise Unavailable(SYSTEM, "the booking could not be read now")
        if booking.car_id is None:
            return booking
        _allowed(await self._bookings.refresh_car(booking.car_id, anew=True), self._clock)
        return await self._bookings.get(booking_id)

    async def _fresh_car(self, car_id: UUID) -> Car:
        started = self._clock.now()
        _allowed(await self._bookings.refresh_car(car_id, anew=True), self._clock)
        car = await self._fleet.get(car_id)
        if car.source_at < started:
            raise Unavailable(SYSTEM, "the car could not be read now")
        return car

    async def _after(
        self, booking: Booking, end: datetime, until: datetime, without: UUID | None
    ) -> tuple[bool, Booking | None]:
        """Whether added time meets another booking of the car, and the booking that follows when it
        does or comes close."""
        assert booking.car_id is not None
        found = await self._bookings.fit_of(
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
        end = _needed(booking.end)
        latest = _needed(following.start) - self._bookings.preparation
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
            free = await self._bookings.free_cars(
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
        """The added days at RentProg's price for that time; at the booking's own when RentProg
        quotes none."""
        start = _needed(booking.start)
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
            _allowed(await self._bookings.refresh_car(car_id, anew=True), self._clock)
        found = await self._bookings.fit_of(
            car_id, start, end, without=frozenset({booking.id} if booking else ())
        )
        if not found.free:
            blocker = await self._bookings.get(found.blocked_by) if found.blocked_by else None
            car = await self._fleet.get(car_id)
            raise Impossible("taken", car=car.label, num=blocker.shown if blocker else "—")
        return found

    async def _owed(self, booking: Booking, total: Money) -> Money | None:
        """What is owed for the booking now; None when RentProg does not say it."""
        if booking.branch is None:
            return None
        ages = await self._bookings.refresh_debts([booking.branch], anew=True)
        if (
            ages[booking.branch].failing_since is not None
            or ages[booking.branch].limited is not None
        ):
            return None
        kind = "debt" if booking.status == "in_rent" else "due"
        rows = [
            o.amount
            for o in await self._bookings.owed_of(booking.id)
            if o.kind == kind and o.amount.currency == total.currency
        ]
        return rows[0] if rows else Money(0, total.currency)

    async def _paid(self, booking: Booking) -> Money:
        key = await refs.key_of(self._db, SOURCE, "booking", booking.id)
        if key is None or booking.branch is None:
            return Money(0)
        rows = await self._rentprog.payments(booking.branch, int(key))
        return Money(sum(to_minor(row.sum) for row in rows if row.currency == "GEL"))

    def _booking_write(
        self,
        sendable: Sendable,
        booking: Booking,
        *,
        title: str,
        changes: Sequence[Mapping[str, Any]],
        shown: Sequence[str],
        undo: Mapping[str, Any],
        price: Mapping[str, Any] | None = None,
        warnings: Sequence[Mapping[str, Any]] = (),
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
            kind=sendable.kind,
            target=target_of(booking.id),
            args=sendable.args,
            title=title,
            subject_kind="booking",
            subject_id=booking.id,
            shown={name: json_of(row[name]) for name in shown},
            changes=changes,
            price=price,
            warnings=warnings,
            about={
                "number": booking.number,
                "car": booking.car_label,
                "plate": booking.plate_key,
                "branch": booking.branch,
                "client_first": booking.client_first,
                "client_last": booking.client_last,
            },
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
        changes: Sequence[Mapping[str, Any]],
        shown: Sequence[str],
        undo: Mapping[str, Any] | None,
    ) -> PlannedWrite:
        ahead = await self._bookings.of_car(car.id, since=self._clock.now())
        planned = [b for b in ahead if b.status == "planned" and b.purpose == "rental"][:1]
        return PlannedWrite(
            kind=sendable.kind,
            target=f"rentprog:car:{car.id}",
            args=sendable.args,
            title=title,
            subject_kind="car",
            subject_id=car.id,
            shown=await self.versions(self._db, "car", car.id, shown),
            about=self._about_car(car),
            changes=changes,
            warnings=[
                {"kind": "pickup", "number": b.number, "start": iso(b.start)} for b in planned
            ],
            undo=self._sending.undo(sendable, undo, car.branch),
            source=SYSTEM,
            as_of=car.source_at,
            branch=car.branch,
        )

    @staticmethod
    def _about_car(car: Car) -> dict[str, Any]:
        return {"number": None, "car": car.label, "plate": car.plate_key, "branch": car.branch}


_PUBLIC = {"start_at": "start_date", "end_at": "end_date"}


def _needed(moment: datetime | None) -> datetime:
    if moment is None:
        raise Impossible("no_time")
    return moment


def _allowed(limited: Limited | None, clock: Clock) -> None:
    """Go on only with what was read now: a limit is told as a limit, not as an old picture."""
    if limited is not None:
        raise LimitReached(
            SYSTEM,
            "its limit is used up",
            wait_s=(limited.until - clock.now()).total_seconds(),
            own=limited.own,
        )
