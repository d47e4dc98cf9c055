"""The audit: entries only ever added, in the transaction of the change they tell of, each chained to the one before.

An entry holds ids, the outcome and hashes; words about people lie in an erasable payload whose salted hash is chained.
Sixty-four chains take turns, so that writers do not wait for each other; one transaction stays on one chain.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from jarvis.engine.db import Reader, Tx
from jarvis.kit.canon import canonical

_APPEND = "SELECT audit_append($1, $2, $3, $4, $5, $6, $7, $8, $9)"


async def record(
    reader: Reader,
    *,
    action: str,
    actor_name: str,
    outcome: str,
    actor_id: UUID | None = None,
    subject: str | None = None,
    event_id: UUID | None = None,
    effect_id: UUID | None = None,
    trace_id: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add one entry: who did (or was refused) what, to what, and how it ended.

    `action` and `outcome` stay for good and hold no personal data; the rest of the words may be erased.
    """
    body = canonical({"actor": actor_name, "subject": subject, "details": details})
    shard = reader.audit_shard if isinstance(reader, Tx) else None
    shard = await reader.fetchval(_APPEND, shard, action, actor_id, outcome, event_id, effect_id, trace_id, os.urandom(16), body)
    if isinstance(reader, Tx):
        reader.audit_shard = shard


async def erase(reader: Reader, entry_id: UUID, *, by: UUID | None, by_name: str, reason: str) -> None:
    """Remove the words of one entry; its place in the chain, and an entry about the erasure, remain."""
    body = canonical({"actor": by_name, "subject": str(entry_id), "details": {"reason": reason}})
    await reader.execute("SELECT audit_erase($1, $2, $3, $4)", entry_id, by, os.urandom(16), body)
