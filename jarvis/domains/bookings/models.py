"""Bookings, debts and free cars as the rest of the product reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from jarvis.domains.bookings.availability import Fit, Purpose, Status
from jarvis.domains.fleet.naming import handle
from jarvis.domains.fleet.service import Car
from jarvis.kit.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A booking with the names of its car and client."""

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
        """The number as people read it; some bookings in RentProg have none."""
        return "—" if self.number is None else str(self.number)

    @property
    def handle(self) -> str:
        """A label that fits no other car."""
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
    """A car, and how the period fits it."""

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


def now_and_next(rows: Sequence[Booking], now: datetime) -> tuple[Booking | None, Booking | None]:
    """Return a car's current booking and the first one that starts after now."""
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
