"""Runs of agents and their steps. Light on purpose: `jarvis ask` waits for what is imported
here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from jarvis.engine.db import Reader, Row


async def finished_run(reader: Reader, event_id: UUID) -> Row | None:
    """The run that answered the request of this event; None while there is none or it goes on."""
    return await reader.fetchrow(
        "SELECT * FROM agent_run WHERE event_id = $1 AND state <> 'running'", event_id
    )


async def steps_of(reader: Reader, run_id: UUID) -> Sequence[Row]:
    """The steps of a run in their order."""
    return await reader.fetch(
        "SELECT * FROM agent_step WHERE agent_run_id = $1 ORDER BY ordinal", run_id
    )


async def last_ends(reader: Reader) -> object:
    """A value that is another one after every event that came in and every delivery, effect or run
    that ended."""
    return await reader.fetchval(
        """SELECT jsonb_build_array(
             (SELECT max(seq) FROM event),
             (SELECT max(finished_at) FROM delivery),
             (SELECT max(finished_at) FROM effect),
             (SELECT max(finished_at) FROM agent_run))"""
    )
