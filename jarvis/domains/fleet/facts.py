"""Facts about cars."""

from __future__ import annotations

from dataclasses import dataclass

from jarvis.domains.fleet.service import Car
from jarvis.engine.freshness import Freshness
from jarvis.messaging.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class CarListFact(Fact):
    """A list of cars. `assumed`: no branch was named, it is the person's own."""

    cars: tuple[Car, ...]
    branch: str | None
    states: tuple[int, ...]
    fresh: Freshness
    assumed: bool = False
