"""Topics of forums over the one connection: create, rename, close, delete, read; and pinned
messages. A bot can list neither topics nor messages: it reads them by id.
"""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from telethon import utils
from telethon.errors import RandomIdDuplicateError, RPCError
from telethon.tl import functions, types

from jarvis.integrations.telegram.deletions import DeleteTopicInGroup
from jarvis.integrations.telegram.gaps import WINDOW
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.incoming import NAME_CHARS
from jarvis.integrations.telegram.kinds import CHAT_LOST, RIGHTS
from jarvis.integrations.telegram.messages import random_id
from jarvis.integrations.telegram.settings import SYSTEM
from jarvis.kit.errors import NotFound, Rejected, Unavailable
from jarvis.kit.text import clean, line

AT_ONCE = 100  # messages a request
_SAME = ("TOPIC_NOT_MODIFIED", "CHAT_NOT_MODIFIED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The state of a topic at Telegram."""

    title: str
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSeen:
    """The state of a group at Telegram: the needed rights that the bot lacks, and whether people
    may not write there."""

    title: str
    forum: bool
    read_only: bool
    lacks: tuple[str, ...]


class TelegramTopics:
    """The gateway's operations in forums."""

    def __init__(self, gateway: TelegramGateway) -> None:
        self._gateway = gateway

    async def create(
        self, effect_id: UUID, chat_id: int, title: str, *, attempt: int = 1, after: int = 0
    ) -> int:
        """Create a topic and return its id; a repeated call of the same effect finds the first
        one's.

        `after` is the last message id known in the group before the first attempt.
        """
        if attempt > 1 and (known := await self._recover(chat_id, title, after)) is not None:
            return known
        client = self._gateway.client()

        async def call() -> Any:
            peer = await client.get_input_entity(chat_id)
            return await client(
                functions.messages.CreateForumTopicRequest(
                    peer=peer, title=title, random_id=random_id(effect_id)
                )
            )

        try:
            answer = await self._gateway.guarded(call, chat_id)
        except RandomIdDuplicateError:
            known = await self._recover(chat_id, title, after)
            if known is None:
                raise Unavailable(
                    SYSTEM, "made, but its number is not found yet", retry_after_s=2.0
                ) from None
            return known
        made = [u.message for u in answer.updates if isinstance(u, types.UpdateNewChannelMessage)]
        return next(
            m.id
            for m in made
            if isinstance(getattr(m, "action", None), types.MessageActionTopicCreate)
        )

    async def _recover(self, chat_id: int, title: str, after: int) -> int | None:
        """The id of a topic that we created under this title after that message."""
        last = after
        while True:
            try:
                rows = await self._gateway.messages(chat_id, range(last + 1, last + 1 + WINDOW))
            except (RPCError, ConnectionError) as error:
                raise Unavailable(
                    SYSTEM, f"cannot read back ({type(error).__name__})", retry_after_s=2.0
                ) from None
            there = [m for m in rows if not isinstance(m, types.MessageEmpty)]
            for message in there:
                action = getattr(message, "action", None)
                if (
                    message.out
                    and isinstance(action, types.MessageActionTopicCreate)
                    and action.title == title
                ):
                    return int(message.id)
            if not there:
                return None
            last += WINDOW

    async def edit(
        self, chat_id: int, topic: int, *, title: str | None = None, closed: bool | None = None
    ) -> None:
        """Rename, close or reopen; Telegram accepts a title and a closing only separately. No
        change is success.

        Raises:
            NotFound: the topic was deleted.
        """
        client = self._gateway.client()
        for change in ({"title": title}, {"closed": closed}):
            if next(iter(change.values())) is None:
                continue

            async def call(change: Mapping[str, Any] = change) -> Any:
                peer = await client.get_input_entity(chat_id)
                return await client(
                    functions.messages.EditForumTopicRequest(peer=peer, topic_id=topic, **change)
                )

            with _same_is_fine():
                await self._gateway.guarded(call, chat_id)

    async def delete(self, chat_id: int, topic: int) -> None:
        """Delete a topic with all its messages; an already deleted one is success."""
        client = self._gateway.client()

        async def call() -> int:
            request = DeleteTopicInGroup(
                peer=await client.get_input_entity(chat_id), top_msg_id=topic
            )
            await client(request)
            return request.offset

        with contextlib.suppress(NotFound):
            while await self._gateway.guarded(call, chat_id) > 0:
                pass

    async def pin(self, chat_id: int, message_id: int) -> None:
        """Pin a message without a notification; an already pinned one is success."""
        client = self._gateway.client()

        async def call() -> Any:
            peer = await client.get_input_entity(chat_id)
            return await client(
                functions.messages.UpdatePinnedMessageRequest(peer=peer, id=message_id, silent=True)
            )

        with _same_is_fine():
            await self._gateway.guarded(call, chat_id)

    async def look(self, chat_id: int, topics: Sequence[int]) -> dict[int, Seen]:
        """The existing topics among these ids."""
        client = self._gateway.client()

        async def call() -> Any:
            peer = await client.get_input_entity(chat_id)
            return await client(
                functions.messages.GetForumTopicsByIDRequest(peer=peer, topics=list(topics))
            )

        if not topics:
            return {}
        answer = await self._gateway.guarded(call, chat_id)
        return {
            t.id: Seen(title=clean(t.title, NAME_CHARS), closed=bool(t.closed))
            for t in answer.topics
            if isinstance(t, types.ForumTopic)
        }

    async def posts(self, chat_id: int, ids: Sequence[int]) -> dict[int, bool]:
        """Existing messages among these ids: whether each is pinned."""
        rows: list[Any] = []
        for n in range(0, len(ids), AT_ONCE):
            part = ids[n : n + AT_ONCE]
            rows += await self._gateway.guarded(
                functools.partial(self._gateway.messages, chat_id, part), chat_id
            )
        return {m.id: bool(m.pinned) for m in rows if isinstance(m, types.Message)}

    async def group(self, chat_id: int) -> GroupSeen:
        """The group's title, whether it is a forum, and which rights the bot lacks there.

        Raises:
            NotFound: the bot is not in the group, or there is none.
        """
        client = self._gateway.client()

        async def call() -> Any:
            channel = utils.get_input_channel(await client.get_input_entity(chat_id))
            return await client(functions.channels.GetChannelsRequest(id=[channel]))

        try:
            found = (await self._gateway.guarded(call, chat_id)).chats[0]
        except (Rejected, IndexError):
            raise NotFound(CHAT_LOST) from None
        if isinstance(found, types.ChannelForbidden):
            raise NotFound(CHAT_LOST)
        held = found.admin_rights
        return GroupSeen(
            title=line(found.title, NAME_CHARS),
            forum=bool(found.forum),
            read_only=bool(getattr(found.default_banned_rights, "send_messages", False)),
            lacks=tuple(r for r in RIGHTS if not getattr(held, r, False)),
        )


@contextlib.contextmanager
def _same_is_fine() -> Any:
    try:
        yield
    except Rejected as refused:
        if not any(word in str(refused) for word in _SAME):
            raise
