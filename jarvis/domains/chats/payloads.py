"""Buttons about the company's chats and who is in them."""

from __future__ import annotations

from typing import ClassVar

from jarvis.domains.chats.models import Purpose
from jarvis.messaging.callbacks import Former, Payload


class RegisterChat(Payload):
    """A group serves this place from now on, if it has what that needs; `key` as a `Place` has
    it."""

    kind: ClassVar[str] = "chat.register"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="setup", text=r"(?P<chat_id>-?\d+)\|(?P<purpose>[^|]+)\|(?P<key>[^|]*)"),
    )

    chat_id: int
    purpose: Purpose
    key: str | None


class LeaveChatUnused(Payload):
    """A group is for none of our places."""

    kind: ClassVar[str] = "chat.unused"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (Former(kind="setup", text=r"(?P<chat_id>-?\d+)\|\|"),)

    chat_id: int


class RemoveStranger(Payload):
    """Somebody whom the staff list does not know is taken out of a group."""

    kind: ClassVar[str] = "chat.remove_stranger"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="member", text=r"(?P<chat_id>-?\d+)\|(?P<user>\d+)\|(?P<name>.+)"),
    )

    chat_id: int
    user: int
    name: str
