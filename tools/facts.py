"""Facts that tools found: typed, with source and age. Code renders them; a model only points at
their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jarvis.domains.bookings.availability import Collision, Fit
from jarvis.domains.bookings.changes import Obstacle
from jarvis.domains.bookings.service import Booking, FreeCar, HistoryLine, Owed
from jarvis.domains.clients.service import Client
from jarvis.domains.fleet.service import Car
from jarvis.domains.forms.service import Form
from jarvis.domains.forms.templates import Template
from jarvis.domains.knowledge.service import Section
from jarvis.domains.media.service import MediaSet
from jarvis.engine.audit import Written
from jarvis.engine.switches import Switch
from jarvis.integrations.rentprog.mirror import Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class CarFact:
    """`bookings_shown`: this person may see which bookings they are, `client_shown` also whose;
    times are for everybody."""

    car: Car
    current: Booking | None
    following: Booking | None
    debt: tuple[Owed, ...]
    bookings_shown: bool
    client_shown: bool
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class CarListFact:
    """`assumed`: nobody named the branch, it is the person's own."""

    cars: tuple[Car, ...]
    branch: str | None
    states: tuple[int, ...]
    fresh: Freshness
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFact:
    booking: Booking
    owed: tuple[Owed, ...]
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingListFact:
    """`kind`: pickups, returns, overdue, car, found."""

    kind: str
    bookings: tuple[Booking, ...]
    branch: str | None
    start: datetime | None
    end: datetime | None
    subject: str | None
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeFact:
    """Free cars of a period, with `buffer` kept around bookings; counts of other branches when
    there are none.

    `assumed`: nobody named the branch, it is the person's own.
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
class CarFreeFact:
    """Whether one car is free for a period."""

    car: Car
    start: datetime
    end: datetime
    fit: Fit
    issuable: bool
    blocking: Booking | None
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictFact:
    pairs: tuple[tuple[Collision, Booking, Booking], ...]
    branch: str | None
    start: datetime
    end: datetime
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtFact:
    """Debts, and apart from them what is due at pick-up; `branches` with the age of each."""

    debts: tuple[Owed, ...]
    due: tuple[Owed, ...]
    subject: str | None
    branches: tuple[tuple[str, Freshness], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFact:
    """`phone` is masked unless this person may see it here."""

    client: Client
    phone: str | None
    full_name: bool
    bookings: tuple[Booking, ...]
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFact:
    booking: Booking
    lines: tuple[HistoryLine, ...]
    ours: tuple[Written, ...]
    unread_since: datetime | None
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeFact:
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpFact:
    """What Jarvis can do for this person."""

    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One candidate: what tells it apart, and the request that choosing it stands for."""

    label: str
    detail: str
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceFact:
    """Several answer to what was said; a person chooses. `kind`: car, client, booking, employee."""

    kind: str
    said: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFact:
    """Nothing by that name in our own copy, which is as old as `fresh` says. `near` differ by one
    sign, or stand in another branch."""

    kind: str
    said: str
    fresh: Freshness
    near: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalFact:
    """This person may not: the tool, or the branch that lies outside their scope, and whom to
    ask."""

    tool: str
    branch: str | None
    ask: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObstacleFact:
    """An extension that cannot be, and what can."""

    obstacle: Obstacle
    fresh: Freshness


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFact:
    """A change that cannot be: the tool, the reason as a key of the catalogue, and what its
    sentence needs."""

    tool: str
    reason: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedOffFact:
    """An administrator has switched this off, or to reading only."""

    tool: str
    switch: Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistFact:
    """Check-lists with what they are about; `branch` when neither a booking nor a car was said."""

    forms: tuple[tuple[Form, str], ...]
    subject: str | None
    branch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedFact:
    """A check-list that opens in the person's private chat."""

    template: Template
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLine:
    """A set of material, the booking it belongs to, the hashes of its files."""

    found: MediaSet
    booking: Booking | None
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialFact:
    """Material of a car: the newest sets of `total`."""

    car: Car
    sets: tuple[SetLine, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicFact:
    """A car's topic in a forum; `number` None while it is being made."""

    car: Car
    forum: str
    chat_id: int
    number: int | None


Fact = (
    CarFact
    | CarListFact
    | BookingFact
    | BookingListFact
    | FreeFact
    | CarFreeFact
    | ConflictFact
    | DebtFact
    | ClientFact
    | HistoryFact
    | KnowledgeFact
    | HelpFact
    | ChoiceFact
    | MissingFact
    | RefusalFact
    | ObstacleFact
    | ProblemFact
    | SwitchedOffFact
    | ChecklistFact
    | StartedFact
    | MaterialFact
    | TopicFact
)


@dataclass(slots=True)
class FactBook:
    """Facts of one run by id: f1, f2, …"""

    facts: dict[str, Fact] = field(default_factory=dict[str, Fact])

    def add(self, fact: Fact) -> str:
        """Keep a fact; returns its id."""
        key = f"f{len(self.facts) + 1}"
        self.facts[key] = fact
        return key
