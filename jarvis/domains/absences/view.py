"""Text of notices about absences."""

from __future__ import annotations

from jarvis.domains.staff.absences import Absence
from jarvis.messaging.markup import Markup
from jarvis.messaging.times import day_of
from jarvis.messaging.view import Reader


def absence(away: Absence, reader: Reader, *, key: str) -> Markup:
    """Return a notice: who is absent, in which period, and who the substitute is."""
    period = (
        day_of(away.first)
        if away.first == away.last
        else f"{day_of(away.first)} → {day_of(away.last)}"
    )
    return reader.say(key, who=away.name, period=period, substitute=away.substitute or "—")
