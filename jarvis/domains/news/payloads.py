"""Buttons by which it is set what a service chat hears of: chat, class, branch, mode."""

from __future__ import annotations

from typing import ClassVar

from jarvis.domains.news.subscriptions import EventClass, Mode
from jarvis.messaging.callbacks import Former, Payload


class ChooseChat(Payload):
    """What one chat hears of."""

    kind: ClassVar[str] = "news.chat"
    lasting: ClassVar[bool] = True
    former: ClassVar[tuple[Former, ...]] = (
        Former(kind="subscribe", text=r"(?P<chat_id>-?\d+)(?:\|.*)?"),
    )

    chat_id: int


class ChooseClass(Payload):
    """Of which branch the chat hears of events of a class."""

    kind: ClassVar[str] = "news.class"
    lasting: ClassVar[bool] = True

    chat_id: int
    event_class: EventClass


class ChooseBranch(Payload):
    """How the chat hears of it; `branch` None: of every branch."""

    kind: ClassVar[str] = "news.branch"
    lasting: ClassVar[bool] = True

    chat_id: int
    event_class: EventClass
    branch: str | None


class SetMode(Payload):
    """The chat hears of it so from now on; `branch` None: of every branch."""

    kind: ClassVar[str] = "news.mode"
    lasting: ClassVar[bool] = True

    chat_id: int
    event_class: EventClass
    branch: str | None
    mode: Mode
