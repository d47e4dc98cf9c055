"""Port by which open forms claim files before their author is asked what they belong to."""

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
    """A file belongs to this point of this form; `private` files are published nowhere."""

    form_id: UUID
    item: str
    private: bool


class FileClaims(Protocol):
    """What forms do with files, in the transaction that records the file."""

    async def claim(
        self, tx: Tx, actor: Actor, file: Mapping[str, Any], album: str | None, car_id: UUID | None
    ) -> Claim | None:
        """Return the claim on a file that an employee sent in private or in the topic of a car,
        or None."""
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
        """Add a claimed file, recorded under this id, to its point."""
        ...

    async def update(self, tx: Tx, handling: Handling, form_id: UUID) -> None:
        """Update the form's message after a file was stored."""
        ...

    async def refuse(self, tx: Tx, handling: Handling, item: UUID, reason: str) -> bool:
        """Reject the point of a file that was not accepted; return False if no form had claimed
        it."""
        ...

    def offer_button(
        self, actor: Actor, label: str, operation: str, booking: Booking, set_id: UUID
    ) -> Button | None:
        """Return a button that opens the check-list of a booking with files sent before; None if
        the employee may not fill it in."""
        ...
