"""Business time shared by every process: one offset row, read once a second."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime

from jarvis.engine.db import DATABASE_AWAY, Database
from jarvis.engine.loop import not_cancelled
from jarvis.kit.clock import OffsetClock


async def load_offset(db: Database, clock: OffsetClock) -> None:
    """Set the clock to what the row says now."""
    clock.offset_s = float(
        await db.fetchval("SELECT offset_s FROM clock_setting WHERE name = 'business'")
    )


async def follow(db: Database, clock: OffsetClock, *, every_s: float = 1.0) -> None:
    """Keep following the row until cancelled; while the database is unreachable the clock stays as
    it was."""
    while not_cancelled():
        # the pool reconnects by itself; the last offset stays valid
        with contextlib.suppress(*DATABASE_AWAY):
            await load_offset(db, clock)
        await asyncio.sleep(every_s)


async def set_offset(db: Database, offset_s: float) -> None:
    """Move business time for every process (the demo and tests only)."""
    await db.execute("UPDATE clock_setting SET offset_s = $1 WHERE name = 'business'", offset_s)


async def database_time(db: Database) -> datetime:
    """The database's real time, for comparison with rows that it stamps."""
    return await db.fetchval("SELECT clock_timestamp()")
