"""Groups and topics as the registry knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

TopicState = Literal["making", "open", "leaving", "closed", "gone"]
Purpose = Literal[
    "branch_forum", "archive", "hq", "leaders", "sales", "marketing", "personal", "tasks"
]
SERVICE: tuple[Purpose, ...] = ("leaders", "sales", "marketing")  # groups without topics, for news
COMPANY: tuple[Purpose, ...] = ("archive", "hq", *SERVICE)  # one group each in the company
# one group each for an employee: their clients, their tasks
OWN: tuple[Purpose, ...] = ("personal", "tasks")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a topic is about: a car, a client or a task."""

    kind: Literal["car", "client", "task"]
    id: UUID


# Events that request reconciliation of a subject's topics; their payload has its id as `subject`.
REFRESHES = {"car": "topic.refresh", "client": "client.topic.refresh", "task": "task.topic.refresh"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forum:
    """A group that the company uses: a branch's forum, the archive, the main chat about cars, an
    employee's own group; or a service chat, which has no topics.

    `marked_id` is the Telegram id with its `-100` prefix. `lacks` are the administrator rights that
    the bot is missing there, and `forum` if topics are off; `lost` means that the bot is no longer
    a member.
    """

    id: UUID
    marked_id: int
    title: str
    purpose: Purpose
    branch: str | None
    employee_id: UUID | None
    lacks: frozenset[str]
    lost: bool

    def able(self, right: str) -> bool:
        """Return whether the bot can do what needs this administrator right."""
        return not self.lost and right not in self.lacks and "forum" not in self.lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic of a forum.

    `subject` is None while no car, client or task owns it. `number` is Telegram's id of the topic,
    None until Telegram created it. `opening` is the effect that last wrote its opening post. Its
    messages up to journal position `copied_seq` were copied into another topic by the effect
    `copied_by`.
    """

    id: UUID
    chat_id: UUID
    marked_id: int
    subject: Subject | None
    purpose: Purpose
    title: str
    number: int | None
    state: TopicState
    made_by: UUID | None
    opening: UUID | None
    opening_digest: str | None
    opening_at: datetime | None
    copied_seq: int
    copied_by: UUID | None

    @property
    def car_id(self) -> UUID | None:
        """The car that the topic is about, if it is about a car."""
        return self.subject.id if self.subject is not None and self.subject.kind == "car" else None
