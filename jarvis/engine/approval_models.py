"""What an approval is made of: planned writes, cards before and after they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import JsonValue

from jarvis.engine.planned import Part, PlannedWrite
from jarvis.kit.actor import Actor, Role


def group_of(approval_id: UUID) -> str:
    """The group of an approval's buttons."""
    return f"approval:{approval_id}"


class ShownChange(Part):
    """A field that is no longer what a card shows, in the spelling of `PlannedWrite.shown`."""

    field: str
    old: JsonValue
    new: JsonValue


class VoidReason(Part):
    """Why a card is void: `changed` (fields of a subject of this kind), `left` (who asked is gone),
    `tampered` (what is stored is not what was shown)."""

    kind: Literal["changed", "left", "tampered"]
    subject: str | None = None
    fields: tuple[ShownChange, ...] = ()

    def stored(self) -> dict[str, JsonValue]:
        """As JSON."""
        return self.model_dump(mode="json", exclude_defaults=True)


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
    """A card before it is shown. `quotes`: texts of outsiders that the request relied on;
    `histories`: each role's messages so far."""

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
    """One write of a card and its outcome.

    `state`: waiting, sent, done, dead, unknown, dropped, shadow; `undo_state` the same of its undo,
    None while there is none; `receipt` is empty until there is an outcome.
    """

    id: UUID
    ordinal: int
    role: str
    tool: str
    call_key: str
    arguments_digest: str
    write: PlannedWrite
    state: str
    effect_id: UUID | None
    receipt: Mapping[str, JsonValue]
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
    reason: VoidReason | None
    trace_id: str
    items: Sequence[Item]

    @property
    def group(self) -> str:
        """The group of its buttons."""
        return group_of(self.id)

    def may_approve(self, actor: Actor) -> bool:
        """Whether this person is in the approver roles for every branch of the card."""
        return actor.role in self.roles and all(actor.may_see(branch) for branch in self.branches)
