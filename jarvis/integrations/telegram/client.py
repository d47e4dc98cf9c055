"""The client that sends the gateway's requests: Telethon's, or one with the same interface over
another transport."""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable

from telethon import TelegramClient

from jarvis.integrations.telegram.session import PgSession
from jarvis.integrations.telegram.settings import TelegramSettings

NewClient = Callable[[PgSession, TelegramSettings], TelegramClient]


def telethon(
    session: PgSession,
    settings: TelegramSettings,
    *,
    kind: Callable[..., TelegramClient] = TelegramClient,
) -> TelegramClient:
    """A client that is not connected yet. It fails fast: effects are rescheduled, no handler
    waits."""
    return kind(
        session,
        settings.api_id or 1,
        settings.api_hash.get_secret_value() or "x",
        timeout=settings.timeout_s,
        request_retries=1,
        connection_retries=2,
        retry_delay=1,
        auto_reconnect=True,
        flood_sleep_threshold=0,
        raise_last_call_error=True,
        sequential_updates=True,
        catch_up=True,
        receive_updates=True,
    )
