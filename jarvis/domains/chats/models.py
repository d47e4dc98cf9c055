"""Groups and topics of ours as the registry knows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

TopicState = Literal["making", "open", "leaving", "closed", "gone"]
Purpose = Literal[
    "branch_forum", "archive", "hq", "leaders", "sales", "marketing", "personal", "tasks"
]
SERVICE: tuple[Purpose, ...] = ("leaders", "sales", "marketing")  # plain groups that hear news
COMPANY: tuple[Purpose, ...] = ("archive", "hq", *SERVICE)  # one of each for everybody
# one of each for an employee: their clients, their tasks
OWN: tuple[Purpose, ...] = ("personal", "tasks")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a topic is about."""

    kind: Literal["car", "client", "task"]
    id: UUID


# Events upon which the topics of a subject are compared with what should be; their payload names it
# as `subject`.
REFRESHES = {"car": "topic.refresh", "client": "client.topic.refresh", "task": "task.topic.refresh"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forum:
    """A group of ours: the forum of a branch, the archive, the main chat of cars, an employee's
    own; or a service chat, which has no topics.

    `lacks`: rights that the bot has not there; `lost`: it is not in the group at all.
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
        """Whether the bot can do there what needs this right."""
        return not self.lost and right not in self.lacks and "forum" not in self.lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic. `subject`: what it is about, None while it is nobody's. `number` is Telegram's, None
    until it was made; `opening` the effect that last wrote its first post; up to `told_seq` in the
    journal its talk stands elsewhere, written there by `told_by`."""

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
    told_seq: int
    told_by: UUID | None

    @property
    def car_id(self) -> UUID | None:
        """The car that it is about."""
        return self.subject.id if self.subject is not None and self.subject.kind == "car" else None
