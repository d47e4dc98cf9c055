"""Facts about material."""

from __future__ import annotations

from dataclasses import dataclass

from jarvis.domains.bookings.models import Booking
from jarvis.domains.fleet.service import Car
from jarvis.domains.media.models import MediaSet
from jarvis.messaging.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLine:
    """A set of material, the booking it belongs to, the hashes of its files."""

    found: MediaSet
    booking: Booking | None
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialFact(Fact):
    """Material of a car: the newest sets of `total`."""

    car: Car
    sets: tuple[SetLine, ...]
    total: int
