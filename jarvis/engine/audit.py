"""The audit: rows only ever added, in the transaction of the change they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from jarvis.engine.db import Reader


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
    """Add one entry: who did (or was refused) what, to what, and how it ended."""
    await reader.execute(
        """INSERT INTO audit_entry (action, actor_employee_id, actor_name, subject, outcome, event_id, effect_id,
                                    trace_id, details)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        action, actor_id, actor_name, subject, outcome, event_id, effect_id, trace_id,
        dict(details) if details is not None else None,
    )  # fmt: skip
