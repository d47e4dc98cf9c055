"""What an approval is made of: planned writes, cards before and after they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from jarvis.engine.db import Row
from jarvis.engine.effects import EffectKind
from jarvis.kit.actor import Actor, Role
from jarvis.kit.canon import digest


def group_of(approval_id: UUID) -> str:
    """The group of an approval's buttons."""
    return f"approval:{approval_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedWrite:
    """One write as it will be sent, and everything its card shows.

    `args` go to the effect's handler as they stand. `shown` is the version of the fields that the
    card shows of the subject: a change of one of them voids the card. `about`, `changes`, `price`
    and `warnings` are JSON for the renderer; `undo` holds the arguments of the reverse write of the
    same kind. `as_of`: when the source said all this.
    """

    kind: EffectKind
    target: str
    args: Mapping[str, Any]
    title: str
    subject_kind: str
    subject_id: UUID
    shown: Mapping[str, Any]
    about: Mapping[str, Any]
    changes: Sequence[Mapping[str, Any]]
    source: str
    as_of: datetime
    branch: str | None
    price: Mapping[str, Any] | None = None
    warnings: Sequence[Mapping[str, Any]] = ()
    undo: Mapping[str, Any] | None = None
    critical: bool = False

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "kind": self.kind.name,
            "target": self.target,
            "args": dict(self.args),
            "title": self.title,
            "about": dict(self.about),
            "changes": [dict(c) for c in self.changes],
            "source": self.source,
            "as_of": self.as_of.isoformat(),
            "branch": self.branch,
            "price": None if self.price is None else dict(self.price),
            "warnings": [dict(w) for w in self.warnings],
            "undo": None if self.undo is None else dict(self.undo),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A write that an agent's tool call asks for."""

    role: str
    tool: str
    call_key: str
    arguments: Mapping[str, Any]
    write: PlannedWrite


@dataclass(slots=True, kw_only=True)
class Draft:
    """A card before it is shown. `quotes`: outsiders' words that took part; `histories`: each
    role's messages so far."""

    event_id: UUID
    run_id: UUID
    conversation_id: UUID
    requester: Actor
    request: str
    language: str
    place: str
    roles: frozenset[Role]
    needed: int
    tainted: bool
    trace_id: str
    steps: list[Step]
    quotes: list[str] = field(default_factory=list[str])
    histories: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One write of a card, with what has become of it.

    `state`: waiting, sent, done, dead, unknown, dropped, shadow; `undo_state` the same of its undo,
    None while there is none.
    """

    id: UUID
    ordinal: int
    role: str
    tool: str
    call_key: str
    arguments_digest: str
    write: Mapping[str, Any]
    subject_kind: str
    subject_id: UUID
    shown: Mapping[str, Any]
    state: str
    effect_id: UUID | None
    receipt: Mapping[str, Any] | None
    cause: str | None
    sent_at: datetime | None
    finished_at: datetime | None
    undo_until: datetime | None
    undo_state: str | None
    undo_effect_id: UUID | None
    undone_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A card with its writes. Times are business time."""

    id: UUID
    event_id: UUID
    run_id: UUID
    conversation_id: UUID
    requester_id: UUID
    requester_name: str
    request: str
    language: str
    place: str
    roles: frozenset[Role]
    branches: frozenset[str]
    needed: int
    tainted: bool
    quotes: Sequence[str]
    digest: str
    state: str
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    voters: Sequence[tuple[UUID, str, datetime]]
    reason: Mapping[str, Any] | None
    trace_id: str
    items: Sequence[Item]

    @property
    def group(self) -> str:
        """The group of its buttons."""
        return group_of(self.id)

    def may_approve(self, actor: Actor) -> bool:
        """Whether this person is in the approver roles for every branch of the card."""
        return actor.role in self.roles and all(actor.may_see(branch) for branch in self.branches)


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
        "subject_kind": step.write.subject_kind,
        "subject_id": step.write.subject_id,
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
        reason=row["reason"],
        trace_id=row["trace_id"],
        items=items,
    )


def _state(effect_state: str | None) -> str:
    """A claimed effect is as good as sent to whoever reads a card."""
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
        write=row["write"],
        subject_kind=row["subject_kind"],
        subject_id=row["subject_id"],
        shown=row["shown"],
        state=_state(row["effect_state"]),
        effect_id=row["effect_id"],
        receipt=row["receipt"],
        cause=row["cause"],
        sent_at=row["sent_at"],
        finished_at=row["finished_at"],
        undo_until=row["undo_until"],
        undo_state=None if row["undo_effect_id"] is None else _state(row["undo_state"]),
        undo_effect_id=row["undo_effect_id"],
        undone_by=row["undoer"],
    )
