"""Forms as the rest of the product reads them: a form, its points, their photos."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from jarvis.domains.forms.templates import Item, Template

ItemState = Literal["missing", "received", "rejected", "waived"]
Expects = Literal["answer", "waive"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A file of a point. `view` is the number of the required view that it shows, from 1, or
    None for an additional one; `arrived` means that it is stored."""

    media_item_id: UUID
    view: int | None
    arrived: bool
    clean_key: str | None
    storage_key: str | None
    mime: str | None
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An item of the template with its current answer.

    `reason` says why it was rejected or waived, or why that was requested; `.code` is a predefined
    reason.
    """

    item: Item
    state: ItemState
    choice: str | None
    number: Decimal | None
    day: date | None
    words: str | None
    reason: str | None
    by: str | None
    asked_by: UUID | None
    photos: tuple[Photo, ...]

    @property
    def complete(self) -> bool:
        """Whether the point needs nothing more."""
        return self.state in ("received", "waived")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form with the points that apply now, in order.

    `message_effect_id` is the effect that sent its message.
    """

    id: UUID
    template: Template
    state: Literal["open", "done", "cancelled"]
    car_id: UUID | None
    booking_id: UUID | None
    branch: str | None
    responsible_id: UUID
    holder_id: UUID
    holder: str
    finished_by: str | None
    focus: str | None
    expects: Expects
    deadline: datetime | None
    started_at: datetime
    finished_at: datetime | None
    message_effect_id: UUID | None
    points: tuple[Point, ...]

    def point(self, key: str | None) -> Point | None:
        """Return a point that applies now, or None."""
        return next((p for p in self.points if p.item.key == key), None)

    @property
    def next(self) -> Point | None:
        """The point to ask: the chosen one, else the first that is not complete; None when all
        are."""
        chosen = self.point(self.focus)
        if chosen is not None:
            return chosen
        open_ = [p for p in self.points if not p.complete]
        unasked = [p for p in open_ if p.asked_by is None]
        return next(iter(unasked or open_), None)

    @property
    def gaps(self) -> list[Point]:
        """Mandatory points that are not complete."""
        return [p for p in self.points if p.item.mandatory and not p.complete]

    @property
    def arriving(self) -> int:
        """How many files are being stored."""
        return sum(not photo.arrived for p in self.points for photo in p.photos)
