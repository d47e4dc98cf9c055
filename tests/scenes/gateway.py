"""A gateway of Telegram without the rest of Jarvis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from jarvis.engine.db import Database
from jarvis.integrations.telegram.client import NewClient, telethon
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.intake import OnPress
from jarvis.integrations.telegram.sandbox import TelegramSandbox
from jarvis.integrations.telegram.settings import TelegramSettings


def settings(sandbox: TelegramSandbox, **extra: Any) -> TelegramSettings:
    values: dict[str, Any] = {
        "api_id": 1,
        "api_hash": SecretStr("x"),
        "bot_token": SecretStr(sandbox.token),
        "host": "127.0.0.1",
        "port": sandbox.port,
        "public_key": sandbox.key.public_pem,
        "lease_s": 2.0,
        "timeout_s": 1.5,
    }
    return TelegramSettings(**(values | extra))


async def quiet(user: int, token: str) -> str | None:
    return None


@asynccontextmanager
async def gateway(
    sandbox: TelegramSandbox,
    db: Database,
    holder: str = "one",
    *,
    client: NewClient = telethon,
    on_press: OnPress | None = None,
    **extra: Any,
) -> AsyncGenerator[TelegramGateway]:
    opened = TelegramGateway(
        db, settings(sandbox, **extra), on_press=on_press or quiet, holder=holder, client=client
    )
    task = asyncio.create_task(opened.run())
    try:
        yield opened
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
