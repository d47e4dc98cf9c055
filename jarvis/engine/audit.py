"""The audit: append-only entries, written in the transaction of the change they record, each
hash-chained to the one before.

An entry holds ids, the outcome and hashes; texts about people are kept in an erasable payload whose
salted hash is chained. Entries are spread over sixty-four chains, so that writers do not wait for
each other; one transaction stays on one chain.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jarvis.engine.audit_checkpoints import erasure
from jarvis.engine.db import Reader, Row, Tx
from jarvis.kit.canon import canonical
from jarvis.kit.errors import NotFound

_APPEND = "SELECT audit_append($1, $2, $3, $4, $5, $6, $7, $8, $9)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One write as the audit holds it: when and by whom it was asked for (None: erased), and how it
    ended.

    `title` is the write's name on its card, `undo` for one taken back, None when no card preceded
    it.
    """

    at: datetime
    who: str | None
    kind: str
    title: str | None
    outcome: str


async def written_to(reader: Reader, target: str) -> Sequence[Written]:
    """Every write to a target of an outside system, the oldest first."""
    rows = await reader.fetch(
        """SELECT asked.at, p.body, e.kind, ended.outcome,
                  CASE WHEN u.id IS NOT NULL THEN 'undo' ELSE i.write->>'title' END AS title
             FROM effect e JOIN audit_entry asked ON asked.effect_id = e.id
               AND asked.outcome = 'requested'
             LEFT JOIN audit_payload p ON p.audit_entry_id = asked.id
             LEFT JOIN approval_item i ON i.effect_id = e.id LEFT JOIN approval_item u
               ON u.undo_effect_id = e.id
             JOIN LATERAL (SELECT x.outcome FROM audit_entry x WHERE x.effect_id = e.id
               ORDER BY x.at DESC LIMIT 1) ended ON true
            WHERE e.target = $1 AND e.system <> 'telegram' ORDER BY asked.at""",
        target,
    )
    return [
        Written(
            at=r["at"],
            who=json.loads(r["body"])["actor"] if r["body"] else None,
            kind=r["kind"],
            title=r["title"],
            outcome=r["outcome"],
        )
        for r in rows
    ]


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

    `action` and `outcome` are permanent and hold no personal data; the other texts may be erased.
    """
    body = canonical({"actor": actor_name, "subject": subject, "details": details})
    shard = reader.audit_shard if isinstance(reader, Tx) else None
    shard = await reader.fetchval(
        _APPEND,
        shard,
        action,
        actor_id,
        outcome,
        event_id,
        effect_id,
        trace_id,
        os.urandom(16),
        body,
    )
    if isinstance(reader, Tx):
        reader.audit_shard = shard


async def erase(
    reader: Reader, entry_id: UUID, *, by: UUID | None, by_name: str, reason: str, key: str
) -> None:
    """Erase the texts of one entry; its place in the chain remains, with an entry about the erasure
    signed with `key`.

    Raises:
        NotFound: no such entry, or its texts are erased already.
    """
    body = canonical({"actor": by_name, "subject": str(entry_id), "details": {"reason": reason}})
    signature = erasure(str(entry_id), key)
    if not await reader.fetchval(
        "SELECT audit_erase($1, $2, $3, $4, $5)", entry_id, by, signature, os.urandom(16), body
    ):
        raise NotFound("no such entry in the audit, or its words are erased already")


async def recent(
    reader: Reader, *, action: str | None = None, subject: str | None = None, limit: int = 50
) -> list[Row]:
    """The newest entries first, with their texts (`words`, None when erased): of one action, of
    those whose texts contain `subject`, or all."""
    return await reader.fetch(
        """SELECT e.id, e.at, e.action, e.outcome, p.body AS words, e.shard, e.n
             FROM audit_entry e LEFT JOIN audit_payload p ON p.audit_entry_id = e.id
            WHERE ($1::text IS NULL OR e.action = $1)
              AND ($2::text IS NULL OR strpos(p.body, $2) > 0)
            ORDER BY e.at DESC LIMIT $3""",
        action,
        subject,
        limit,
    )


async def may_delete(reader: Reader) -> bool:
    """Whether the connected database role may delete entries: the owner may, the application may
    not."""
    return bool(
        await reader.fetchval("SELECT has_table_privilege(current_user, 'audit_entry', 'DELETE')")
    )
