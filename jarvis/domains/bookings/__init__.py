"""Bookings: their life, availability, conflicts, debts."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="bookings",
    writes=("changes:Changes",),
    views=(
        "view",
        "car_view",
        "client_view",
        "obstacle_view",
    ),
)
