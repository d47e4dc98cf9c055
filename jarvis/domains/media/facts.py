"""Facts about files."""

from __future__ import annotations

from dataclasses import dataclass

from jarvis.domains.bookings.models import Booking
from jarvis.domains.fleet.service import Car
from jarvis.domains.media.models import MediaSet
from jarvis.messaging.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLine:
    """A set of files, its booking, and the hashes of the files."""

    found: MediaSet
    booking: Booking | None
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialFact(Fact):
    """The newest of `total` sets of a car."""

    car: Car
    sets: tuple[SetLine, ...]
    total: int
