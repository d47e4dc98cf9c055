"""Buttons of approval cards."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from jarvis.messaging.callbacks import ID, Former, Payload

Outcome = Literal["done", "not_done", "again"]


class DecideCard(Payload):
    """Approve or decline a card as it was seen: `digest` is the beginning of the digest that the
    approval is bound to. Deadline and number of approvers are stored with the approval."""

    kind: ClassVar[str] = "card.decide"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="approve", text=rf"(?P<accept>yes|no):(?P<approval_id>{ID}):(?P<digest>\w+)"),
    )

    approval_id: UUID
    digest: str
    accept: bool


class UndoItem(Payload):
    """Undo one write of a card."""

    kind: ClassVar[str] = "card.undo"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (Former(kind="undo", text=rf"(?P<item_id>{ID})"),)

    item_id: UUID


class ResolveEffect(Payload):
    """A person's decision about an effect with an unknown outcome."""

    kind: ClassVar[str] = "card.resolve"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (
        Former(
            kind="unknown", text=rf"(?P<outcome>done|not_done|again)(?:_send)?:(?P<effect_id>{ID})"
        ),
    )

    effect_id: UUID
    outcome: Outcome


class OpenCard(Payload):
    """Send a card again as a new message."""

    kind: ClassVar[str] = "card.open"
    former: ClassVar[tuple[Former, ...]] = (Former(kind="open", text=rf"(?P<approval_id>{ID})"),)

    approval_id: UUID
