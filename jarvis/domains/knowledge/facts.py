"""Facts about the company's rules."""

from __future__ import annotations

from dataclasses import dataclass

from jarvis.domains.knowledge.service import Section
from jarvis.messaging.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeFact(Fact):
    sections: tuple[Section, ...]
