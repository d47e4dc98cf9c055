"""Buttons of approval cards, and of events that nobody has subscribed to."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from jarvis.messaging.callbacks import Payload

Outcome = Literal["done", "not_done", "again"]


class DecideCard(Payload):
    """Approval or refusal of a card as it was seen: `digest` is the beginning of what its approval
    is bound to. The card itself says until when, and by how many."""

    kind: ClassVar[str] = "card.decide"
    lasting: ClassVar[bool] = True

    approval_id: UUID
    digest: str
    accept: bool


class UndoItem(Payload):
    """One write of a card is taken back."""

    kind: ClassVar[str] = "card.undo"
    lasting: ClassVar[bool] = True

    item_id: UUID


class ResolveEffect(Payload):
    """A person's word over an effect whose outcome nobody knows."""

    kind: ClassVar[str] = "card.resolve"
    lasting: ClassVar[bool] = True

    effect_id: UUID
    outcome: Outcome


class OpenCard(Payload):
    """A card again, as a new message."""

    kind: ClassVar[str] = "card.open"

    approval_id: UUID


class RouteKind(Payload):
    """Events of an unknown kind are handled as those of a known one; None: ignored."""

    kind: ClassVar[str] = "route"

    event_kind: str
    handled_as: str | None
