"""Telegram's server as far as Jarvis uses it: real MTProto over TCP, for the unmodified Telethon
client."""

from jarvis.integrations.telegram.sandbox.rpc import TelegramLimits
from jarvis.integrations.telegram.sandbox.server import TelegramSandbox

__all__ = ["TelegramLimits", "TelegramSandbox"]
