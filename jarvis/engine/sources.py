"""When each outside source last answered, and since when it has failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jarvis.engine.db import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """Business time of the last good answer and of the first of the present failures."""

    last_ok_at: datetime | None
    failing_since: datetime | None


async def report_ok(reader: Reader, name: str, now: datetime) -> None:
    """The source answered."""
    await reader.execute(
        """INSERT INTO source_state (name, last_ok_at) VALUES ($1, $2)
           ON CONFLICT (name) DO UPDATE SET last_ok_at = $2, failing_since = NULL, reason = NULL""",
        name,
        now,
    )


async def report_failure(reader: Reader, name: str, now: datetime, reason: str) -> None:
    """The source did not answer; the time of the first of consecutive failures is kept."""
    await reader.execute(
        """INSERT INTO source_state (name, failing_since, reason) VALUES ($1, $2, $3)
           ON CONFLICT (name) DO UPDATE SET failing_since = coalesce(source_state.failing_since,
             $2), reason = $3""",
        name,
        now,
        reason,
    )


async def read(reader: Reader, *names: str) -> list[SourceState]:
    """The state of each source, in the order of the names."""
    rows = await reader.fetch(
        "SELECT name, last_ok_at, failing_since FROM source_state WHERE name = ANY($1)", list(names)
    )
    known = {
        r["name"]: SourceState(last_ok_at=r["last_ok_at"], failing_since=r["failing_since"])
        for r in rows
    }
    return [known.get(name, SourceState(last_ok_at=None, failing_since=None)) for name in names]
