"""Stores updates in the journal: in order within a chat, concurrently between chats."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import logfire
from telethon import utils

from jarvis.engine.db import DATABASE_AWAY
from jarvis.engine.journal import Journal
from jarvis.engine.keyed import KeyedTasks
from jarvis.engine.loop import not_cancelled
from jarvis.integrations.telegram.session import PgSession
from jarvis.kit.errors import LeaseLost
from jarvis.kit.ids import sha256_hex
from jarvis.kit.text import line

CHATS_AT_ONCE = 4  # chats whose updates are stored concurrently
FLUSH_S = 5.0  # seconds that an ended connection waits for its updates
_log = logging.getLogger(__name__)


class Updates:
    """Stores each update, and saves the update state only once everything before it is stored."""

    def __init__(self, journal: Journal, accept: Callable[[Any], Awaitable[None]]) -> None:
        self._journal = journal
        self._accept = accept
        self._tasks = KeyedTasks(CHATS_AT_ONCE)

    async def take(self, update: Any) -> None:
        """Queue an update to be stored."""
        self._tasks.add(_chat_of(update), lambda: self._keep(update))

    async def _keep(self, update: Any) -> None:
        """While the database is unreachable it waits, and so does the update state that confirms
        it."""
        while True:
            try:
                await self._accept(update)
                return
            except LeaseLost:
                return
            except DATABASE_AWAY as error:
                _log.warning("an update waits for the database: %s", type(error).__name__)
                await asyncio.sleep(0.5)
            # a boundary: an update that we fail to read is recorded, and later ones are handled
            except Exception as error:
                _log.exception("an update could not be read")
                logfire.exception("telegram.unreadable")
                await self._unreadable(update, error)
                return

    async def _unreadable(self, update: Any, error: Exception) -> None:
        text = line(str(update), 4000)
        await self._journal.accept(
            source="telegram",
            kind="telegram.unreadable",
            dedup_key=sha256_hex(text),
            payload={"update": type(update).__name__, "error": type(error).__name__, "text": text},
        )

    async def flush(self, session: PgSession) -> None:
        """Save the update state once every update before it is stored: a repeat is recognised, a
        gap would not be."""
        states = session.states()
        try:
            await self._tasks.join()
            await session.flush(states)
        except BaseException:
            session.changed(states)
            raise

    async def flush_forever(self, session: PgSession, every_s: float) -> None:
        """Flush repeatedly until cancelled."""
        while not_cancelled():
            await asyncio.sleep(every_s)
            with contextlib.suppress(LeaseLost, *DATABASE_AWAY):
                await self.flush(session)

    async def end(self, session: PgSession) -> None:
        """End with the connection: Telegram sends again what is not stored in time."""
        with contextlib.suppress(LeaseLost, *DATABASE_AWAY):
            async with asyncio.timeout(FLUSH_S):
                await self.flush(session)
        await self._tasks.stop()


def _chat_of(update: Any) -> int | None:
    """The chat whose order an update belongs to."""
    peer = getattr(update, "peer", None) or getattr(
        getattr(update, "message", None), "peer_id", None
    )
    return utils.get_peer_id(peer) if peer is not None else None
