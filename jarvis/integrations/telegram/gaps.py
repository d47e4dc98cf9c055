"""Messages missed by updates: found by their ids, which only grow."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Sequence
from typing import Any, Protocol

from telethon.errors import RPCError
from telethon.tl import types

from jarvis.engine.db import DATABASE_AWAY, Database
from jarvis.engine.loop import not_cancelled

WINDOW = 50  # message ids read at once
OVERLAP = 2 * WINDOW  # how far behind the last seen message gaps are searched


class Read(Protocol):
    """Reads messages of a group, or (chat None) of the bot's private chats, by their ids."""

    def __call__(self, chat: int | None, ids: Sequence[int]) -> Awaitable[list[Any]]: ...


class Accept(Protocol):
    """Stores a message; false when it was known."""

    def __call__(self, message: Any, *, edited: bool) -> Awaitable[bool]: ...


class Gaps:
    """Fills the gaps behind the last messages seen."""

    def __init__(self, db: Database, read: Read, accept: Accept) -> None:
        self._db = db
        self._read = read
        self._accept = accept

    async def fill_forever(self, every_s: float) -> None:
        """Fill gaps repeatedly until cancelled; what is unreachable is retried the next time."""
        while not_cancelled():
            with contextlib.suppress(RPCError, ConnectionError, *DATABASE_AWAY):
                await self.fill()
            await asyncio.sleep(every_s)

    async def fill(self) -> int:
        """Read message ids after the last ones seen and accept messages missed by updates; returns
        how many were new.

        It starts some way before them: a process that died while handling an update leaves a gap
        behind newer messages. Our own messages share the sequence of ids, so the next window is
        read as long as a window holds any message.
        """
        found = 0
        groups = await self._db.fetch(
            "SELECT marked_id, last_seen_message FROM chat WHERE kind = 'group'"
        )
        private = await self._db.fetchval(
            "SELECT max(last_seen_message) FROM chat WHERE kind = 'private'"
        )
        for chat, seen in [(r["marked_id"], r["last_seen_message"]) for r in groups] + [
            (None, private or 0)
        ]:
            # a group that the bot was removed from must not block the others
            with contextlib.suppress(RPCError, ValueError):
                found += await self._fill_chat(chat, seen)
        return found

    async def _fill_chat(self, chat: int | None, seen: int) -> int:
        found, last = 0, max(0, seen - OVERLAP)
        while (rows := await self._existing(chat, last)) or last < seen:
            for message in rows:
                found += await self._accept(message, edited=False)
            last += WINDOW
        return found

    async def _existing(self, chat: int | None, last: int) -> list[Any]:
        """The existing messages of one window of ids."""
        rows = await self._read(chat, range(last + 1, last + 1 + WINDOW))
        return [m for m in rows if isinstance(m, types.Message | types.MessageService)]
