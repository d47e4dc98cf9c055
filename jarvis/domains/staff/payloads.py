"""Buttons of `/settings` and of invitations."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from jarvis.kit.actor import Language
from jarvis.messaging.callbacks import ID, Former, Payload


class SetLanguage(Payload):
    """Set the person's language."""

    kind: ClassVar[str] = "settings.language"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="settings", text=r"language:(?P<language>\w+)"),
    )

    language: Language


class SetDigestHour(Payload):
    """Set the hour of the person's digest, in local time; None: never."""

    kind: ClassVar[str] = "settings.digest"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="settings", text=r"digest:(?:off|(?P<hour>\d+))"),
    )

    hour: int | None


class SetMuted(Payload):
    """Mute or unmute notices that are not urgent."""

    kind: ClassVar[str] = "settings.mute"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="settings", text=r"mute:(?P<muted>yes|no)"),
    )

    muted: bool


class DecideInvite(Payload):
    """An administrator's decision about a claimed invitation."""

    kind: ClassVar[str] = "invite"
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="invite", text=rf"(?P<accept>yes|no):(?P<invite_id>{ID})"),
    )

    invite_id: UUID
    accept: bool
