"""Telegram's part of a world file: groups and forums with the bot in them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from jarvis.kit.world import World, WorldChat, WorldIdentity, WorldRow

FIRST_GROUP, FIRST_FORUM = 5001, 6001  # how a world's groups and forums are numbered in Telegram
FIRST_TOPIC = 2  # number 1 is General


def group_id(number: int) -> int:
    """A supergroup's id as clients show it: marked by -100 in front."""
    return -(10**12 + number)


class WorldGroup(WorldRow):
    title: str
    members: list[str]


class WorldForum(WorldRow):
    """A group of the company with the bot in it: the forum of a branch, or (`purpose`) the archive,
    the main chat of cars, a service chat, the clients or the tasks of an `employee`; `topics` were
    made before. People may not write in the archive."""

    title: str
    branch: str | None = None
    employee: str | None = None
    purpose: Literal[
        "branch_forum", "archive", "hq", "leaders", "sales", "marketing", "personal", "tasks"
    ] = "branch_forum"
    members: list[str]
    topics: list[str] = Field(default_factory=list[str])

    @property
    def topical(self) -> bool:
        """Service chats have no topics."""
        return self.purpose not in ("leaders", "sales", "marketing")


class TelegramWorld(World):
    """A world with the chats that people have there."""

    groups: list[WorldGroup] = Field(default_factory=list[WorldGroup])
    forums: list[WorldForum] = Field(default_factory=list[WorldForum])

    def identities(self) -> list[WorldIdentity]:
        return super().identities() + [
            WorldIdentity(person=p.name, system="telegram", key=str(p.telegram_id))
            for p in self.staff
            if p.telegram_id is not None
        ]

    def chats(self) -> list[WorldChat]:
        return super().chats() + [
            WorldChat(
                chat_id=group_id(number),
                title=forum.title,
                purpose=forum.purpose,
                branch=forum.branch,
                employee=forum.employee,
                topics=dict(enumerate(forum.topics, FIRST_TOPIC)),
            )
            for number, forum in enumerate(self.forums, FIRST_FORUM)
        ]

    def problems(self) -> list[str]:
        people = {p.name for p in self.staff}
        return super().problems() + [
            f"forums: {f.title}: no employee {f.employee}"
            for f in self.forums
            if f.employee not in {None, *people}
        ]
