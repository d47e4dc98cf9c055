"""Who may want a file before its author is asked what it belongs to: a form that is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from jarvis.domains.bookings.models import Booking
from jarvis.engine.db import Tx
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.messaging.view import Button


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A file is meant for this item of this form; `private`: it is published nowhere."""

    form_id: UUID
    item: str
    private: bool


class FileClaims(Protocol):
    """What the forms say of files; asked in the transaction that takes a file in."""

    async def claim(
        self, tx: Tx, actor: Actor, file: Mapping[str, Any], album: str | None, car_id: UUID | None
    ) -> Claim | None:
        """The claim on a file that this person sends, in private or in the topic of a car."""
        ...

    async def add_photo(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        claim: Claim,
        item: UUID,
        album: str | None,
        caption: str,
    ) -> None:
        """A file that was claimed was registered under this id."""
        ...

    async def update(self, tx: Tx, handling: Handling, form_id: UUID) -> None:
        """A file of the form is stored."""
        ...

    async def refuse(self, tx: Tx, handling: Handling, item: UUID, reason: str) -> bool:
        """A file is none that we take; false when no form had claimed it."""
        ...

    def offer_button(
        self, actor: Actor, label: str, operation: str, booking: Booking, set_id: UUID
    ) -> Button | None:
        """A button that opens the check-list of a booking with files that were sent already; None
        when this person may fill in none."""
        ...
