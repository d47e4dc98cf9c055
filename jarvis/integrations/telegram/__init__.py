"""Telegram over MTProto with Telethon: the bot through which everybody talks to Jarvis.

The bot belongs to the company's BotFather account; api id and hash come from my.telegram.org.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jarvis.engine.db import Database
from jarvis.engine.integration import Integration
from jarvis.integrations.telegram.kinds import KINDS
from jarvis.integrations.telegram.settings import TelegramSettings


@asynccontextmanager
async def connect(settings: TelegramSettings, db: Database) -> AsyncGenerator[TelegramSettings]:
    """Only the bot process opens the connection (`gateway.TelegramGateway`); others know the
    settings."""
    yield settings


INTEGRATION = Integration(
    name="telegram", title="Telegram", settings=TelegramSettings, connect=connect, effects=KINDS
)
