"""Cars: what they are called, where they stand, in which state."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="fleet",
    services=("service:FleetService",),
)
