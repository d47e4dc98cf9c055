"""Clients: one list for all branches."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="clients",
    services=("service:ClientService",),
)
