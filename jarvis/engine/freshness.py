"""The age of shown data, and why it could not be refreshed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jarvis.kit.clock import Clock
from jarvis.kit.errors import LimitReached

FRESH_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """The source was not asked: a rate limit is used up until then (business time, a whole minute);
    `own`: the caller's own share is used up."""

    until: datetime
    own: bool

    @classmethod
    def by(cls, error: LimitReached, now: datetime) -> Limited:
        """From the error that came at `now`."""
        end = now + timedelta(seconds=error.wait_s)
        return cls(until=end.replace(second=0, microsecond=0) + timedelta(minutes=1), own=error.own)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Age and origin of what is shown; `failing_since` is set while the source does not answer,
    `limited` when it was not asked."""

    source: str
    as_of: datetime | None
    failing_since: datetime | None = None
    limited: Limited | None = None

    def stale(self, clock: Clock) -> bool:
        """Whether it must be labelled as out of date."""
        return self.as_of is None or clock.now() - self.as_of > FRESH_FOR
