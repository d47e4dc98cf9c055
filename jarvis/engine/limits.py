"""Rate limits shared by all processes, kept in PostgreSQL (generic cell rate algorithm)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from jarvis.engine.db import Database
from jarvis.kit.errors import Unavailable


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
    """At most `calls` in any `period_s` seconds, all of them at once if need be."""

    calls: int
    period_s: float


class Limiter:
    """Counts calls by name, for all workers together."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def take(self, name: str, limit: Limit) -> float:
        """Take one call; returns 0, or the seconds to wait when nothing was taken."""
        return float(await self._db.fetchval("SELECT rate_take($1, $2, $3)", name, limit.every, limit.burst))

    async def take_windows(self, windows: Mapping[str, Window], count: int = 1) -> float:
        """Take `count` calls of every window, or none; returns 0, or the seconds to wait. All share one period."""
        if not windows:
            return 0.0
        (period,) = {w.period_s for w in windows.values()}
        calls = [w.calls for w in windows.values()]
        return float(
            await self._db.fetchval("SELECT window_take($1, $2, $3, $4)", list(windows), calls, timedelta(seconds=period), count)
        )

    async def wait(self, name: str, limit: Limit, *, system: str, patience_s: float) -> None:
        """Take one call, waiting up to `patience_s`.

        Raises:
            Unavailable: our own share is used up for longer than that.
        """
        waited = 0.0
        while (pause := await self.take(name, limit)) > 0:
            if waited + pause > patience_s:
                raise Unavailable(system, "our own limit is used up", retry_after_s=pause)
            await asyncio.sleep(pause)
            waited += pause
