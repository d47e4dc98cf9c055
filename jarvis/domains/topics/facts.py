"""Facts about topics."""

from __future__ import annotations

from dataclasses import dataclass

from jarvis.domains.fleet.service import Car
from jarvis.messaging.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicFact(Fact):
    """A car's topic in a forum; `number` is None while it is being created."""

    car: Car
    forum: str
    chat_id: int
    number: int | None
