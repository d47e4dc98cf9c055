"""Who is away, in words."""

from __future__ import annotations

from html import escape

from jarvis.domains.staff.absences import Absence
from jarvis.messaging.times import day_of
from jarvis.messaging.view import Reader


def absence(away: Absence, reader: Reader, *, key: str) -> str:
    """Who is away when, and who does their work."""
    period = (
        day_of(away.first)
        if away.first == away.last
        else f"{day_of(away.first)} → {day_of(away.last)}"
    )
    return reader.say(
        key, who=escape(away.name), period=period, substitute=escape(away.substitute or "—")
    )
