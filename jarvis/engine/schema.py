"""What the database says of its own schema."""

from __future__ import annotations

from jarvis.engine.db import Reader


async def migrations_run(reader: Reader) -> int:
    """How many migrations ran here."""
    return int(await reader.fetchval("SELECT count(*) FROM migration"))
