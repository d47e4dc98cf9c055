"""The company's own rules and instructions, answered only with their source."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="knowledge",
    services=("service:knowledge",),
    views=("view",),
)
