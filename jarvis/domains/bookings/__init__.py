"""Bookings: their states, availability, conflicts, debts."""

from __future__ import annotations

from jarvis.app.feature import Feature
from jarvis.domains.bookings.checks import CHECKS

FEATURE = Feature(
    name="bookings",
    settings=("settings:BookingsSettings",),
    services=(
        "service:BookingService",
        "free_cars:Availability",
        "receivables:Receivables",
        "refreshing:BookingRefresh",
        "history:BookingHistory",
        "mirror:BookingMirror",
        "sync:RentProgSync",
        "hooks:RentProgHooks",
    ),
    handlers=(
        "hooks:RentProgHooks",
        "sync:RentProgSync",
    ),
    writes=("changes:Changes",),
    jobs=("sync:RentProgSync",),
    views=(
        "view",
        "car_view",
        "client_view",
        "obstacle_view",
    ),
    checks=CHECKS,
)
