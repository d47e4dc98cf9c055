"""Facts about forms and check-lists."""

from __future__ import annotations

from dataclasses import dataclass

from jarvis.domains.forms.models import Form
from jarvis.domains.forms.templates import Template
from jarvis.messaging.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistFact(Fact):
    """Check-lists with their subjects; `branch` is set when neither a booking nor a car was
    named."""

    forms: tuple[tuple[Form, str], ...]
    subject: str | None
    branch: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedFact(Fact):
    """A check-list that opens in the employee's private chat."""

    template: Template
    label: str
