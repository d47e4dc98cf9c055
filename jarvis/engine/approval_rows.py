"""Approvals as rows: the stored columns, the digest that binds a card, and the card read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from jarvis.engine.approval_models import Approval, Item, Step, VoidReason
from jarvis.engine.db import Row
from jarvis.engine.planned import PlannedWrite
from jarvis.kit.actor import Role
from jarvis.kit.canon import digest

# the columns of an item that the digest binds, as they are stored
BOUND = (
    "ordinal",
    "role",
    "tool",
    "call_key",
    "arguments",
    "write",
    "subject_kind",
    "subject_id",
    "shown",
)


def row_of(ordinal: int, step: Step) -> dict[str, Any]:
    """A step as the columns of its item."""
    arguments = dict(step.arguments)
    return {
        "ordinal": ordinal,
        "role": step.role,
        "tool": step.tool,
        "call_key": step.call_key,
        "arguments": arguments,
        "arguments_digest": digest(arguments),
        "write": step.write.stored(),
        "subject_kind": step.write.subject.kind,
        "subject_id": step.write.subject.id,
        "shown": dict(step.write.shown),
    }


def bound_digest(
    rows: Sequence[Mapping[str, Any]],
    conversation_id: UUID,
    roles: Sequence[str],
    branches: Sequence[str],
    needed: int,
    expires: datetime,
) -> str:
    """The digest that binds a card to what it shows."""
    bound = [
        {name: str(row[name]) if name == "subject_id" else row[name] for name in BOUND}
        for row in rows
    ]
    return digest(
        {
            "items": bound,
            "conversation": str(conversation_id),
            "roles": [str(r) for r in roles],
            "branches": list(branches),
            "needed": needed,
            "until": expires.timestamp(),
        }
    )


def approval_of(
    row: Row, items: Sequence[Item], voters: Sequence[tuple[UUID, str, datetime]]
) -> Approval:
    """A card from its row."""
    return Approval(
        id=row["id"],
        event_id=row["event_id"],
        run_id=row["agent_run_id"],
        conversation_id=row["conversation_id"],
        requester_id=row["requester_employee_id"],
        requester_name=row["requester_name"],
        request=row["request_text"],
        language=row["language"],
        place=row["place"],
        roles=frozenset(Role(r) for r in row["approver_roles"]),
        branches=frozenset(row["branches"]),
        needed=row["needed"],
        tainted=row["tainted"],
        quotes=row["quotes"],
        digest=row["digest"],
        state=row["state"],
        asked_at=row["asked_at"],
        expires_at=row["expires_at"],
        decided_at=row["decided_at"],
        decided_by=row["decider_name"],
        voters=voters,
        reason=None if row["reason"] is None else VoidReason.model_validate(row["reason"]),
        trace_id=row["trace_id"],
        items=items,
    )


def _state(effect_state: str | None) -> str:
    """A claimed effect is shown as sent on a card."""
    return (
        "waiting"
        if effect_state is None
        else "sent"
        if effect_state in ("pending", "claimed")
        else effect_state
    )


def item_of(row: Row) -> Item:
    """A write of a card from its row."""
    return Item(
        id=row["id"],
        ordinal=row["ordinal"],
        role=row["role"],
        tool=row["tool"],
        call_key=row["call_key"],
        arguments_digest=row["arguments_digest"],
        write=PlannedWrite.read(
            row["write"],
            subject_kind=row["subject_kind"],
            subject_id=row["subject_id"],
            shown=row["shown"],
        ),
        state=_state(row["effect_state"]),
        effect_id=row["effect_id"],
        receipt=row["receipt"] or {},
        cause=row["cause"],
        sent_at=row["sent_at"],
        finished_at=row["finished_at"],
        undo_until=row["undo_until"],
        undo_state=None if row["undo_effect_id"] is None else _state(row["undo_state"]),
        undo_effect_id=row["undo_effect_id"],
        undone_by=row["undoer"],
    )
