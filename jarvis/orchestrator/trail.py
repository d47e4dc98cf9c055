"""The way back from a message to the run behind it. Light on purpose: the desk reads it without a
model library."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from jarvis.engine.db import Reader, Row
from jarvis.integrations.telegram.kinds import target

STATUS = "status"  # the effect of a request that says what is being done, and becomes the answer


async def steps_of(reader: Reader, run_id: UUID) -> Sequence[Row]:
    """The steps of a run in their order."""
    return await reader.fetch(
        "SELECT * FROM agent_step WHERE agent_run_id = $1 ORDER BY ordinal", run_id
    )


async def run_of_message(reader: Reader, chat_id: int, message_id: int) -> Row | None:
    """The run whose answer stands in a Telegram message."""
    return await reader.fetchrow(
        """SELECT r.* FROM effect e JOIN agent_run r ON r.event_id = e.event_id
            WHERE e.state = 'done' AND e.target = $1 AND (e.receipt->>'message_id')::bigint = $2
            ORDER BY e.seq DESC LIMIT 1""",
        target(chat_id),
        message_id,
    )
