"""Messages over the one connection: send and edit."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from telethon import Button, TelegramClient, utils
from telethon.errors import MessageNotModifiedError, RandomIdDuplicateError, RPCError
from telethon.extensions import html as tg_html
from telethon.tl import functions, types

from jarvis.integrations.telegram.gaps import WINDOW
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.settings import SYSTEM
from jarvis.kit.errors import Unavailable
from jarvis.kit.ids import sha256_hex


class TelegramMessages:
    """The gateway's operations on messages."""

    def __init__(self, gateway: TelegramGateway) -> None:
        self._gateway = gateway

    async def send(
        self,
        effect_id: UUID,
        chat_id: int,
        text: str,
        *,
        buttons: Sequence[Sequence[Mapping[str, str]]] = (),
        reply_to: int | None = None,
        topic: int | None = None,
        attempt: int = 1,
        after: int = 0,
    ) -> int:
        """Send one message and return its id; a repeated send of the same effect finds the first
        one's id.

        `text` is Telegram's HTML. `after` is the last message id known before the first attempt.
        """
        plain, entities = tg_html.parse(text)
        client = self._gateway.client()

        async def call() -> Any:
            return await client(
                functions.messages.SendMessageRequest(
                    peer=await client.get_input_entity(chat_id),
                    message=plain,
                    entities=entities,
                    no_webpage=True,
                    random_id=random_id(effect_id),
                    reply_markup=_markup(client, buttons),
                    reply_to=reply_header(reply_to, topic),
                )
            )

        if attempt > 1 and (known := await self._recover(chat_id, plain, after)) is not None:
            return known
        try:
            answer = await self._gateway.guarded(call, chat_id)
        except RandomIdDuplicateError:
            known = await self._recover(chat_id, plain, after)
            if known is None:
                raise Unavailable(
                    SYSTEM, "sent, but its id is not found yet", retry_after_s=2.0
                ) from None
            return known
        return next(u.id for u in answer.updates if isinstance(u, types.UpdateMessageID))

    async def _recover(self, chat_id: int, text: str, after: int) -> int | None:
        ids = range(after + 1, after + 1 + 2 * WINDOW)
        try:
            rows = await self._gateway.messages(None if chat_id > 0 else chat_id, ids)
        except (RPCError, ConnectionError) as error:
            raise Unavailable(
                SYSTEM, f"cannot read back ({type(error).__name__})", retry_after_s=2.0
            ) from None
        for message in rows:
            ours = isinstance(message, types.Message) and message.out and message.message == text
            if ours and utils.get_peer_id(message.peer_id) == chat_id:
                return int(message.id)
        return None

    async def edit(
        self,
        chat_id: int,
        message_id: int,
        text: str,
        *,
        buttons: Sequence[Sequence[Mapping[str, str]]] = (),
    ) -> None:
        """Edit a message of ours; an unchanged text is success."""
        plain, entities = tg_html.parse(text)
        client = self._gateway.client()

        async def call() -> Any:
            return await client(
                functions.messages.EditMessageRequest(
                    peer=await client.get_input_entity(chat_id),
                    id=message_id,
                    message=plain,
                    entities=entities,
                    no_webpage=True,
                    reply_markup=_markup(client, buttons),
                )
            )

        with contextlib.suppress(MessageNotModifiedError):
            await self._gateway.guarded(call, chat_id)


def random_id(effect_id: UUID) -> int:
    """The 63-bit id under which Telegram recognises a repeated send of this effect."""
    return int(sha256_hex(str(effect_id))[:15], 16)


def reply_header(message_id: int | None, topic: int | None) -> Any:
    """The reply header of a new message: the message or topic that it answers."""
    if message_id is None and topic is None:
        return None
    return types.InputReplyToMessage(
        reply_to_msg_id=message_id or topic, top_msg_id=topic if message_id else None
    )


def _markup(client: TelegramClient, buttons: Sequence[Sequence[Mapping[str, str]]]) -> Any:
    rows = [[Button.inline(b["label"], b["token"].encode()) for b in row] for row in buttons if row]
    return client.build_reply_markup(rows) if rows else None
