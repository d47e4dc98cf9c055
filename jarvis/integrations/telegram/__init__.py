"""Telegram over MTProto with Telethon: the bot through which everybody talks to Jarvis.

The bot belongs to the company's BotFather account; api id and hash come from my.telegram.org.
"""

from __future__ import annotations

from jarvis.engine.integration import Integration
from jarvis.integrations.telegram.kinds import KINDS
from jarvis.integrations.telegram.settings import TelegramSettings

# Only the bot process opens the connection (`gateway.TelegramGateway`).
INTEGRATION = Integration(
    name="telegram",
    title="Telegram",
    settings=TelegramSettings,
    effects=KINDS,
    carriers=("effects:TelegramEffects",),
    process="bot",
    switchable=False,
    diagnose="diagnostics:diagnose",
)
