"""Buttons of absences."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from jarvis.messaging.callbacks import ID, Former, Payload


class CancelAbsence(Payload):
    """Cancel an absence, before it begins or while it lasts."""

    kind: ClassVar[str] = "absence"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (Former(kind="absence", text=rf"(?P<absence_id>{ID})"),)

    absence_id: UUID
