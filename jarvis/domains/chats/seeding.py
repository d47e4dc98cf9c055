"""The chats and topics with which a world begins."""

from __future__ import annotations

from typing import cast

from jarvis.domains.chats.models import Purpose
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Database
from jarvis.kit.clock import Clock
from jarvis.kit.world import World


async def seed(db: Database, clock: Clock, world: World) -> None:
    """Every chat of the world with what it is for, and the topics that were made before."""
    topics, chats, staff = TopicRegistry(clock), ChatService(clock), StaffService(db)
    for chat in world.chats():
        owner = await staff.actor_by_name(chat.employee) if chat.employee is not None else None
        async with db.transaction() as tx:
            await chats.register(
                tx,
                chat.chat_id,
                chat.title,
                cast(Purpose, chat.purpose),
                chat.branch,
                by="world",
                employee_id=owner.employee_id if owner is not None else None,
            )
            for topic, title in chat.topics.items():
                await topics.register_topic(tx, chat.chat_id, topic, title)
