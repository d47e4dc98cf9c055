"""Stores updates and messages as events of the journal before any handler runs."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from telethon import TelegramClient, utils
from telethon.errors import RPCError
from telethon.tl import functions, types

from jarvis.engine.db import Database
from jarvis.engine.journal import Journal
from jarvis.integrations.telegram.incoming import describe, token_of, topic_of, version_of, words_of

ANSWER_S = 10.0  # Telegram accepts the answer to a callback no longer than this
OnPress = Callable[[int, str], Awaitable[str | None]]


class Bot(Protocol):
    """The bot as logged in, and its connection while there is one."""

    me: int | None
    username: str | None
    connection: TelegramClient | None


class Intake:
    """Stores what people do. `on_press` returns the text shown at once to the person who presses a
    button."""

    def __init__(self, db: Database, journal: Journal, bot: Bot, on_press: OnPress) -> None:
        self._db = db
        self._journal = journal
        self._bot = bot
        self._on_press = on_press

    async def accept(self, update: Any) -> None:
        """Store one update: a message, an edit, a callback. Others are ignored."""
        if isinstance(update, types.UpdateNewMessage | types.UpdateNewChannelMessage):
            await self.accept_message(update.message, edited=False)
        elif isinstance(update, types.UpdateEditMessage | types.UpdateEditChannelMessage):
            await self.accept_message(update.message, edited=True)
        elif isinstance(update, types.UpdateBotCallbackQuery):
            await self._accept_press(update)

    async def accept_message(self, message: Any, *, edited: bool) -> bool:
        """Store one event per message or version of it; our own and service messages are skipped.
        False for a duplicate. The service message that the bot was added to a group is an event of
        its own.
        """
        if isinstance(message, types.MessageService):
            return await self._joined(message)
        if not isinstance(message, types.Message) or message.out:
            return False
        sender = utils.get_peer_id(message.from_id or message.peer_id)
        if sender == self._bot.me:
            return False
        chat = utils.get_peer_id(message.peer_id)
        version = version_of(message) if edited else "0"
        if version is None:
            return False
        reply_id = getattr(message.reply_to, "reply_to_msg_id", None)
        if reply_id == topic_of(message):
            reply_id = None  # it is in the topic and is no reply
        text = words_of(message)
        payload = {
            "chat_id": chat,
            "private": isinstance(message.peer_id, types.PeerUser),
            "message_id": message.id,
            "sender_id": sender,
            "text": text,
            "reply_to": reply_id,
            "edited": edited,
            "mentioned": bool(message.mentioned) or self._names_me(text),
            "forwarded": message.fwd_from is not None,
            "media": describe(message.media),
            "album": message.grouped_id,
            "topic": topic_of(message),
            "version": version,
        }
        await self._note_chat(chat, message.id, private=payload["private"])
        accepted = await self._journal.accept(
            source="telegram",
            kind="message.employee",
            dedup_key=f"message:{chat}:{message.id}:{version}",
            payload=payload,
            ordering_key=f"telegram:{chat}:{sender}",
            sender=f"telegram:{sender}",
        )
        return accepted.fresh

    async def _joined(self, message: Any) -> bool:
        action = message.action
        if (
            not isinstance(action, types.MessageActionChatAddUser)
            or self._bot.me not in action.users
        ):
            return False
        chat = utils.get_peer_id(message.peer_id)
        await self._note_chat(chat, message.id, private=False)
        accepted = await self._journal.accept(
            source="telegram",
            kind="chat.joined",
            dedup_key=f"joined:{chat}:{message.id}",
            ordering_key=f"telegram:{chat}",
            payload={
                "chat_id": chat,
                "by": utils.get_peer_id(message.from_id) if message.from_id else None,
            },
        )
        return accepted.fresh

    def _names_me(self, text: str) -> bool:
        lowered, username = text.casefold(), self._bot.username
        return (
            username is not None and f"@{username.casefold()}" in lowered
        ) or lowered.startswith(("jarvis", "джарвис", "ჯარვის"))

    async def _note_chat(self, chat: int, message_id: int, *, private: bool) -> None:
        await self._db.execute(
            """INSERT INTO chat (marked_id, kind, last_seen_message, seen_at) VALUES ($1, $2, $3,
                now())
               ON CONFLICT (marked_id) DO UPDATE
                 SET last_seen_message = greatest(chat.last_seen_message, $3), seen_at = now()""",
            chat,
            "private" if private else "group",
            message_id,
        )

    async def _accept_press(self, update: Any) -> None:
        token = token_of(update)
        toast = await self._on_press(update.user_id, token)
        await self._journal.accept(
            source="telegram",
            kind="callback.button",
            dedup_key=f"press:{update.query_id}",
            payload={
                "chat_id": utils.get_peer_id(update.peer),
                "message_id": update.msg_id,
                "sender_id": update.user_id,
                "token": token,
            },
            ordering_key=f"telegram:{utils.get_peer_id(update.peer)}:{update.user_id}",
            sender=f"telegram:{update.user_id}",
        )
        client = self._bot.connection
        if client is not None:
            with contextlib.suppress(RPCError, ConnectionError, TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await client(
                        functions.messages.SetBotCallbackAnswerRequest(
                            query_id=update.query_id, cache_time=0, message=toast
                        )
                    )
