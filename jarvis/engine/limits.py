"""Rate limits shared by all processes, kept in PostgreSQL: a cell rate, or a window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from jarvis.engine.db import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`calls` per `period_s` seconds, with at most `burst` of them at once."""

    calls: int
    period_s: float
    burst: int

    @property
    def every(self) -> timedelta:
        return timedelta(seconds=self.period_s / self.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """At most `calls` in any `period_s` seconds, all of them at once if needed."""

    calls: int
    period_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """At most `calls` of this name in any `period_s` seconds; callers with different `calls` may
    share one name."""

    name: str
    calls: int
    period_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Retry times for rescheduled work: one every `every_s` seconds, none later than about
    `horizon_s`."""

    name: str
    every_s: float
    horizon_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitExceeded:
    """Nothing was taken: the seconds until a retry may succeed, and the account (or the queue) that
    is full."""

    wait_s: float
    account: str


class Limiter:
    """Counts calls by name, for all workers together."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def take(self, name: str, limit: Limit) -> float:
        """Take one call; returns 0, or the seconds to wait when nothing was taken."""
        return float(
            await self._db.fetchval("SELECT rate_take($1, $2, $3)", name, limit.every, limit.burst)
        )

    async def take_windows(self, windows: Mapping[str, Window], count: int = 1) -> float:
        """Take `count` calls of every window, or none; returns 0, or the seconds to wait. All share
        one period."""
        if not windows:
            return 0.0
        (period,) = {w.period_s for w in windows.values()}
        calls = [w.calls for w in windows.values()]
        return float(
            await self._db.fetchval(
                "SELECT window_take($1, $2, $3, $4)",
                list(windows),
                calls,
                timedelta(seconds=period),
                count,
            )
        )

    async def take_all(
        self, accounts: Sequence[Account], *, queue: Queue | None = None, has_turn: bool = False
    ) -> LimitExceeded | None:
        """Take one call of every account, or of none.

        Args:
            accounts: Every account that the call counts in.
            queue: Assigns a retry time to a caller that is refused; new callers come after those
                that have one.
            has_turn: Whether this caller's assigned retry time has come.
        """
        every_s, horizon_s = (0.0, 0.0) if queue is None else (queue.every_s, queue.horizon_s)
        row = await self._db.fetchrow(
            "SELECT * FROM quota_take($1, $2, $3, $4, $5, $6, $7)",
            [a.name for a in accounts],
            [a.calls for a in accounts],
            [timedelta(seconds=a.period_s) for a in accounts],
            None if queue is None else queue.name,
            timedelta(seconds=every_s),
            timedelta(seconds=horizon_s),
            has_turn,
        )
        assert row is not None
        return (
            LimitExceeded(wait_s=row["wait"], account=row["account"]) if row["wait"] > 0 else None
        )
