"""Schedules of the reconciliation with RentProg."""

from __future__ import annotations

from collections.abc import Sequence

from jarvis.engine.timing import Every

CHECKS: Sequence[Every] = (
    Every(check="check.rentprog.cars", seconds=3600),
    Every(check="check.rentprog.bookings", seconds=300),
)
