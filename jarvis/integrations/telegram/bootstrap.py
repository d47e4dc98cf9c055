"""Creates groups with a person's own session: a bot may not. Off unless the secret is set, and used
by `jarvis telegram setup` only."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeArgument=false
# pyright: reportPrivateUsage=false, reportArgumentType=false

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from telethon import TelegramClient, utils
from telethon.crypto import rsa
from telethon.errors import RPCError
from telethon.sessions import StringSession
from telethon.tl import functions, types

from jarvis.integrations.telegram.kinds import RIGHTS
from jarvis.integrations.telegram.settings import SYSTEM, TelegramSettings
from jarvis.kit.errors import AuthExpired, Rejected, SettingsMissing


@asynccontextmanager
async def open_bootstrap(settings: TelegramSettings, bot: str) -> AsyncGenerator[Bootstrap]:
    """Log in as the person whose session is in the settings; `bot` is the bot's user name.

    Raises:
        SettingsMissing: no session, or a malformed one.
        AuthExpired: the session was ended.
    """
    secret = settings.user_session.get_secret_value()
    try:
        session = StringSession(secret)
    except ValueError:
        raise SettingsMissing(
            "JARVIS_TELEGRAM_USER_SESSION: not a string session of Telethon"
        ) from None
    if not secret:
        raise SettingsMissing(
            "JARVIS_TELEGRAM_USER_SESSION: the session of a person who may make groups; without it "
            "follow the steps"
        )
    if settings.public_key is not None:
        rsa._server_keys.clear()
        rsa.add_key(settings.public_key_pem(), old=False)
    client = TelegramClient(
        session,
        settings.api_id or 1,
        settings.api_hash.get_secret_value() or "x",
        receive_updates=False,
    )
    await client.connect()
    try:
        if not await client.is_user_authorized():
            raise AuthExpired(SYSTEM, "the person's session was ended; make a new one")
        yield Bootstrap(client, bot)
    finally:
        with contextlib.suppress(ConnectionError):
            await client.disconnect()  # pyright: ignore[reportGeneralTypeIssues]  # a coroutine while a loop runs


class Bootstrap:
    """The setup of a group, done once with a person's session."""

    def __init__(self, client: TelegramClient, bot: str) -> None:
        self._client = client
        self._bot = bot

    async def create(self, title: str, *, forum: bool = True, read_only: bool = False) -> int:
        """A group with the bot as its administrator; returns its marked id. `forum`: with topics.
        `read_only`: people do not write.

        Raises:
            Rejected: Telegram refused; a group created before that is named in the message.
        """
        client = self._client
        made: Any = None
        try:
            answer = await client(
                functions.channels.CreateChannelRequest(
                    title=title, about="", megagroup=True, forum=forum
                )
            )
            made = answer.chats[0]
            bot = await client.get_input_entity(self._bot)
            await client(functions.channels.InviteToChannelRequest(channel=made, users=[bot]))
            rights = types.ChatAdminRights(**dict.fromkeys(RIGHTS, True))
            await client(
                functions.channels.EditAdminRequest(
                    channel=made, user_id=bot, admin_rights=rights, rank="Jarvis"
                )
            )
            if read_only:
                banned = types.ChatBannedRights(
                    until_date=None, send_messages=True, send_media=True
                )
                await client(
                    functions.messages.EditChatDefaultBannedRightsRequest(
                        peer=made, banned_rights=banned
                    )
                )
        except (RPCError, ValueError, IndexError) as error:
            left = f"; the group {title!r} was made and is unfinished" if made is not None else ""
            raise Rejected(SYSTEM, f"{type(error).__name__.removesuffix('Error')}{left}") from None
        return utils.get_peer_id(made)
