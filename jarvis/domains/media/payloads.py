"""Buttons about files: what they belong to, and which to show."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from jarvis.domains.media.models import Operation
from jarvis.messaging.callbacks import ID, Former, Payload


class FileSet(Payload):
    """File a set under an operation."""

    kind: ClassVar[str] = "media.file"
    former: ClassVar[tuple[Former, ...]] = (
        Former(
            kind="file",
            text=rf"(?P<set_id>{ID})\|(?P<operation>\w+)\|(?P<car_id>{ID})\|(?P<booking_id>{ID}|)",
        ),
    )

    set_id: UUID
    operation: Operation
    car_id: UUID
    booking_id: UUID | None


class ShowCarMaterial(Payload):
    """Show the sets of a car."""

    kind: ClassVar[str] = "media.car"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (Former(kind="car", text=rf"(?P<car_id>{ID})"),)

    car_id: UUID


class ShowSet(Payload):
    """Send the files of a set in private."""

    kind: ClassVar[str] = "media.set"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (Former(kind="set", text=rf"(?P<set_id>{ID})"),)

    set_id: UUID
