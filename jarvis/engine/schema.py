"""The version of the database schema."""

from __future__ import annotations

from jarvis.engine.db import Reader


async def migrations_run(reader: Reader) -> int:
    """How many migrations this database has."""
    return int(await reader.fetchval("SELECT count(*) FROM migration"))
