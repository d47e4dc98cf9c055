"""Business time. Leases, HTTP, tokens and MTProto ids use real time instead."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

TBILISI = ZoneInfo("Asia/Tbilisi")


class Clock(Protocol):
    """What "now" is for business rules; aware UTC."""

    def now(self) -> datetime: ...


class OffsetClock:
    """Real time plus an offset that the demo or a test may move (seconds)."""

    def __init__(self, offset_s: float = 0.0) -> None:
        self.offset_s = offset_s

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.offset_s)


def ahead(clock: Clock) -> timedelta:
    """Business time minus real time, to be added to real timestamps when they are shown."""
    return clock.now() - datetime.now(UTC)


def local(moment: datetime) -> datetime:
    """The same moment on a wall clock in Tbilisi."""
    return moment.astimezone(TBILISI)


def local_date(moment: datetime) -> date:
    """The calendar day in Tbilisi: 01:00 there still belongs to the previous day in UTC."""
    return local(moment).date()


def at_local(day: date, wall: time) -> datetime:
    """Aware UTC of a Tbilisi wall time."""
    return datetime.combine(day, wall, tzinfo=TBILISI).astimezone(UTC)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """Start (included) and end (excluded) of a Tbilisi day, in UTC."""
    return at_local(day, time.min), at_local(day + timedelta(days=1), time.min)
