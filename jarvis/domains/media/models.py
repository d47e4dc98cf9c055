"""Files that people sent, and the sets that they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Operation = Literal["issue", "return", "damage", "other"]
ItemState = Literal["taken", "stored", "removed", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file of a message. `key` is its storage key, `clean_key` that of the photo without
    metadata, `digest` its SHA-256."""

    id: UUID
    set_id: UUID
    chat_id: int
    message_id: int
    kind: str
    name: str | None
    caption: str | None
    state: ItemState
    reason: str | None
    key: str | None
    clean_key: str | None
    mime: str | None
    digest: str | None
    filed_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSet:
    """Files that one person sent at one place in one go.

    `chat_id` is the Telegram id of the chat where they were sent, `topic_title` the title of the
    topic there. `asked` is the effect that asked the author, `files` the number of filed files.
    `form_id` is the form that they were sent for. `private` sets are documents of clients, stored
    but never published.
    """

    id: UUID
    sender_id: int
    employee_id: UUID | None
    author: str | None
    chat_id: int
    topic_title: str | None
    car_id: UUID | None
    booking_id: UUID | None
    operation: Operation | None
    state: Literal["open", "filing", "filed"]
    asked: UUID | None
    form_id: UUID | None
    private: bool
    started_at: datetime
    filed_at: datetime | None
    files: int
