"""Buttons of `/settings` and of invitations."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from jarvis.kit.actor import Language
from jarvis.messaging.callbacks import Payload


class SetLanguage(Payload):
    """In which language the person reads."""

    kind: ClassVar[str] = "settings.language"

    language: Language


class SetDigestHour(Payload):
    """When the person's digest comes; None: never."""

    kind: ClassVar[str] = "settings.digest"

    hour: int | None


class SetMuted(Payload):
    """Whether Jarvis writes unasked."""

    kind: ClassVar[str] = "settings.mute"

    muted: bool


class DecideInvite(Payload):
    """An administrator's decision over who claimed an invitation."""

    kind: ClassVar[str] = "invite"

    invite_id: UUID
    accept: bool
