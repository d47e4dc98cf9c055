"""Buttons by which the subscriptions of service chats are set: chat, class, branch, mode."""

from __future__ import annotations

from typing import ClassVar

from jarvis.domains.news.subscriptions import EventClass, Mode
from jarvis.messaging.callbacks import Former, Payload


class ChooseChat(Payload):
    """Show the subscriptions of one chat."""

    kind: ClassVar[str] = "news.chat"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="subscribe", text=r"(?P<chat_id>-?\d+)(?:\|.*)?"),
    )

    chat_id: int


class ChooseClass(Payload):
    """Show the branches of an event class in a chat."""

    kind: ClassVar[str] = "news.class"
    lasting: ClassVar[bool] = True

    chat_id: int
    event_class: EventClass


class ChooseBranch(Payload):
    """Show the delivery modes of a class and branch; `branch` None: every branch."""

    kind: ClassVar[str] = "news.branch"
    lasting: ClassVar[bool] = True

    chat_id: int
    event_class: EventClass
    branch: str | None


class SetMode(Payload):
    """Set the delivery mode; `branch` None: every branch."""

    kind: ClassVar[str] = "news.mode"
    lasting: ClassVar[bool] = True

    chat_id: int
    event_class: EventClass
    branch: str | None
    mode: Mode
