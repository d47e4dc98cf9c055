"""Ids of outside systems, stored only here: (system, kind, id) is unique and maps to one of our
rows."""

from __future__ import annotations

from uuid import UUID

from jarvis.engine.db import Reader, Tx


async def lock(tx: Tx, system: str, kind: str, key: str) -> None:
    """Lock this outside record for one writer until the transaction ends."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 2))", f"{system}:{kind}:{key}"
    )


async def subject(reader: Reader, system: str, kind: str, key: str) -> UUID | None:
    """Our row for an outside id."""
    return await reader.fetchval(
        "SELECT subject_id FROM external_ref WHERE system = $1 AND kind = $2 AND external_key = $3",
        system,
        kind,
        key,
    )


async def key_of(reader: Reader, system: str, kind: str, subject_id: UUID) -> str | None:
    """The outside id of our row."""
    return await reader.fetchval(
        "SELECT external_key FROM external_ref WHERE system = $1 AND kind = $2 AND subject_id = $3",
        system,
        kind,
        subject_id,
    )


async def bind(tx: Tx, system: str, kind: str, key: str, subject_id: UUID) -> None:
    """Store the outside id of a new row."""
    await tx.execute(
        "INSERT INTO external_ref (system, kind, external_key, subject_id) VALUES ($1, $2, $3, $4)",
        system,
        kind,
        key,
        subject_id,
    )
