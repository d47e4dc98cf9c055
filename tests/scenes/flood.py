"""Messages that nobody asked for, due at once."""

from __future__ import annotations

from jarvis.engine.effects import Origin


def origin() -> Origin:
    return Origin(event_id=None, trace_id="0" * 32)
