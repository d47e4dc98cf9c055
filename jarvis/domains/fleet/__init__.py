"""Cars: their names, branches and states."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="fleet",
    services=("service:FleetService",),
)
