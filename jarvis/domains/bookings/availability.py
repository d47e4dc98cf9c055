"""Which cars are free for a period, and which bookings overlap. Pure functions over rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

PREPARATION = timedelta(hours=2)

Status = Literal["planned", "in_rent", "done", "cancelled"]
Purpose = Literal["rental", "repair", "staff_trip"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The period of one booking, with what decides whether it blocks its car."""

    booking_id: UUID
    car_id: UUID
    start: datetime
    end: datetime
    status: Status
    purpose: Purpose

    def blocks(self) -> bool:
        """Whether the booking blocks its car: rentals and repairs do; staff trips do not, nor does
        what is over or cancelled."""
        return self.purpose != "staff_trip" and self.status in ("planned", "in_rent")

    def until(self, now: datetime) -> datetime:
        """The end; for a car that is still out after its end, at least now."""
        return max(self.end, now) if self.status == "in_rent" else self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Whether a car is free. `tight`: free, but without the preparation time; `back_at` is the end
    of the booking before."""

    free: bool
    tight: bool = False
    back_at: datetime | None = None
    next_start: datetime | None = None
    blocked_by: UUID | None = None


def fit(
    spans: Iterable[Span],
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    buffer: timedelta = PREPARATION,
) -> Fit:
    """Return how a period fits between the bookings of one car (half-open: an end may equal a
    start)."""
    back: datetime | None = None
    follows: datetime | None = None
    for span in spans:
        if not span.blocks():
            continue
        until = span.until(now)
        if span.start < end and until > start:
            return Fit(free=False, blocked_by=span.booking_id, back_at=until)
        if until <= start and start - until < buffer:
            back = until
        if span.start >= end and span.start - end < buffer:
            follows = span.start
    return Fit(
        free=True, tight=back is not None or follows is not None, back_at=back, next_start=follows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """Two bookings of one car: `overlap` in time, or `tight` with less than the preparation time
    between them."""

    kind: Literal["overlap", "tight"]
    first: UUID
    second: UUID
    car_id: UUID


def collisions(spans: Iterable[Span], *, buffer: timedelta = PREPARATION) -> Sequence[Collision]:
    """Return every pair of blocking bookings of one car that overlap or leave too little
    preparation time, in the order of time."""
    by_car: dict[UUID, list[Span]] = {}
    for span in spans:
        if span.blocks():
            by_car.setdefault(span.car_id, []).append(span)
    found: list[Collision] = []
    for car_id, rows in by_car.items():
        rows.sort(key=lambda s: (s.start, s.end))
        for at, first in enumerate(rows):
            for second in rows[at + 1 :]:
                gap = second.start - first.end
                if gap >= buffer:
                    break
                kind = "overlap" if gap < timedelta(0) else "tight"
                found.append(
                    Collision(
                        kind=kind, first=first.booking_id, second=second.booking_id, car_id=car_id
                    )
                )
    return found
