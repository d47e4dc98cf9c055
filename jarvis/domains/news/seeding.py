"""The subscriptions with which the service chats of a world begin."""

from __future__ import annotations

from jarvis.domains.chats.models import SERVICE
from jarvis.domains.chats.service import ChatService
from jarvis.domains.news.subscriptions import Subscriptions
from jarvis.engine.db import Database
from jarvis.kit.clock import Clock
from jarvis.kit.world import World


async def seed(db: Database, clock: Clock, world: World) -> None:
    """Give each service chat the default subscriptions of its purpose."""
    chats, subscriptions = ChatService(clock), Subscriptions(clock)
    for chat in world.chats():
        async with db.transaction() as tx:
            group = await chats.forum(tx, chat.chat_id)
            if group is not None and group.purpose in SERVICE:
                await subscriptions.add_defaults(tx, group.id, group.purpose)
