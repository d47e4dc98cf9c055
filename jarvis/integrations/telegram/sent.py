"""What Jarvis has sent, by the effects that sent it."""

from __future__ import annotations

from uuid import UUID

from jarvis.engine.db import Reader
from jarvis.integrations.telegram.kinds import target


async def first_effect(
    reader: Reader, chat_id: int, of: UUID | None, message_id: int | None
) -> UUID | None:
    """The effect that first sent a message, which is known by a later effect or by its number; None
    when it was none of ours."""
    if of is not None:
        return await reader.fetchval(
            "SELECT coalesce((args->>'root')::uuid, id) FROM effect WHERE id = $1", of
        )
    return await reader.fetchval(
        """SELECT coalesce((args->>'root')::uuid, id) FROM effect
            WHERE target = $1 AND state = 'done' AND (receipt->>'message_id')::bigint = $2
              ORDER BY seq LIMIT 1""",
        target(chat_id),
        message_id,
    )


async def text_now(reader: Reader, chat_id: int, message_id: int) -> str | None:
    """The newest text of a message, as HTML; None when we did not send it."""
    return await reader.fetchval(
        """SELECT args->>'text' FROM effect WHERE target = $1 AND state = 'done'
            AND (receipt->>'message_id')::bigint = $2
            ORDER BY seq DESC LIMIT 1""",
        target(chat_id),
        message_id,
    )
