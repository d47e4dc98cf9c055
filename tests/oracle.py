"""Availability by brute force: every quarter of an hour is looked at. Slow, and too simple to be
wrong."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from jarvis.domains.bookings.availability import Span

T0 = datetime(2026, 3, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def a_moment(chance: random.Random, hours: int = 240) -> datetime:
    """Some quarter of an hour of the first days of March."""
    return T0 + QUARTER * chance.randrange(0, hours * 4)


def a_span(chance: random.Random, car: UUID) -> Span:
    """Some booking of a car: any status, any purpose."""
    start = a_moment(chance)
    return Span(
        booking_id=uuid4(),
        car_id=car,
        start=start,
        end=start + QUARTER * chance.randrange(1, 288),
        status=chance.choice(["planned", "planned", "in_rent", "done", "cancelled"]),
        purpose=chance.choice(["rental", "rental", "repair", "staff_trip"]),
    )


def brute_force(
    spans: Sequence[Span], start: datetime, end: datetime, now: datetime, pad: timedelta
) -> bool:
    """Whether no blocking booking stands in the wanted period and its padding."""
    for span in spans:
        if span.purpose == "staff_trip" or span.status not in ("planned", "in_rent"):
            continue
        until = max(span.end, now) if span.status == "in_rent" else span.end
        moment = start - pad
        while moment < end + pad:
            if span.start <= moment < until:
                return False
            moment += QUARTER
    return True
