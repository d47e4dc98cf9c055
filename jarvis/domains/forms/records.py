"""Audit entries of forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jarvis.engine import audit
from jarvis.engine.db import Tx
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor


async def record(
    tx: Tx,
    handling: Handling,
    actor: Actor,
    subject: str,
    outcome: str,
    details: Mapping[str, Any],
) -> None:
    """Record in the audit what an employee did with a form."""
    await audit.record(
        tx,
        action="form",
        actor_id=actor.employee_id,
        actor_name=actor.name,
        subject=subject,
        outcome=outcome,
        event_id=handling.event.id,
        details=details,
    )
