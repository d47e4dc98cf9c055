"""Buttons for registering groups and for removing members."""

from __future__ import annotations

from typing import ClassVar

from jarvis.domains.chats.models import Purpose
from jarvis.messaging.callbacks import Former, Payload


class RegisterChat(Payload):
    """Use a group for this purpose, if it has the rights for it; `key` is that of `Place`."""

    kind: ClassVar[str] = "chat.register"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="setup", text=r"(?P<chat_id>-?\d+)\|(?P<purpose>[^|]+)\|(?P<key>[^|]*)"),
    )

    chat_id: int
    purpose: Purpose
    key: str | None


class LeaveChatUnused(Payload):
    """Do not use a group."""

    kind: ClassVar[str] = "chat.unused"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (Former(kind="setup", text=r"(?P<chat_id>-?\d+)\|\|"),)

    chat_id: int


class RemoveStranger(Payload):
    """Remove a member who is not on the staff list."""

    kind: ClassVar[str] = "chat.remove_stranger"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="member", text=r"(?P<chat_id>-?\d+)\|(?P<user>\d+)\|(?P<name>.+)"),
    )

    chat_id: int
    user: int
    name: str
