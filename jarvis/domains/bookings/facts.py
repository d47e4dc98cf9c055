"""Facts about bookings, and about cars and clients as their bookings show them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from jarvis.domains.bookings.availability import Collision, Fit
from jarvis.domains.bookings.extending import Obstacle
from jarvis.domains.bookings.models import Booking, FreeCar, HistoryLine, Owed
from jarvis.domains.clients.service import Client
from jarvis.domains.fleet.service import Car
from jarvis.engine.audit import Written
from jarvis.engine.freshness import Freshness
from jarvis.messaging.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class CarFact(Fact):
    """One car. `bookings_shown`: this person may see its bookings, `client_shown`: also the
    clients; times are shown to everybody."""

    car: Car
    current: Booking | None
    following: Booking | None
    debt: tuple[Owed, ...]
    bookings_shown: bool
    client_shown: bool
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeFact(Fact):
    """Free cars of a period, with `buffer` kept around bookings; counts of other branches when
    there are none.

    `assumed`: no branch was named, it is the person's own.
    """

    cars: tuple[FreeCar, ...]
    branch: str | None
    start: datetime
    end: datetime
    filters: tuple[str, ...]
    elsewhere: tuple[tuple[str, int], ...]
    buffer: timedelta
    fresh: Freshness
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CarFreeFact(Fact):
    """Whether one car is free for a period."""

    car: Car
    start: datetime
    end: datetime
    fit: Fit
    issuable: bool
    blocking: Booking | None
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFact(Fact):
    booking: Booking
    owed: tuple[Owed, ...]
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingListFact(Fact):
    """`kind`: pickups, returns, overdue, car, found."""

    kind: str
    bookings: tuple[Booking, ...]
    branch: str | None
    start: datetime | None
    end: datetime | None
    subject: str | None
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictFact(Fact):
    pairs: tuple[tuple[Collision, Booking, Booking], ...]
    branch: str | None
    start: datetime
    end: datetime
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtFact(Fact):
    """Debts, and separately the amounts due at pick-up; `branches` with the age of each."""

    debts: tuple[Owed, ...]
    due: tuple[Owed, ...]
    subject: str | None
    branches: tuple[tuple[str, Freshness], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFact(Fact):
    """`phone` is masked unless this person may see it here."""

    client: Client
    phone: str | None
    full_name: bool
    bookings: tuple[Booking, ...]
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFact(Fact):
    booking: Booking
    lines: tuple[HistoryLine, ...]
    ours: tuple[Written, ...]
    unread_since: datetime | None
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleFact(Fact):
    """An extension that is impossible, and the alternatives."""

    blocks_card: ClassVar[bool] = True

    obstacle: Obstacle
    fresh: Freshness
