"""The bot process: the one connection to Telegram, and everything that uses it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from jarvis.app.build import App, open_app
from jarvis.app.carriage import dispatchers
from jarvis.app.process import observe, process_name, until_signal
from jarvis.domains.conversations.toasts import Toasts
from jarvis.domains.conversations.watch import Watch
from jarvis.engine.db import Database
from jarvis.engine.dispatcher import Dispatcher
from jarvis.integrations.storage.decoder import Decoder, open_decoder
from jarvis.integrations.telegram.client import NewClient, telethon
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.settings import TelegramSettings
from jarvis.kit.errors import SettingsMissing

TELEGRAM = "telegram"


@asynccontextmanager
async def open_bot(
    *, replace: Mapping[type, Any] | None = None, client: NewClient = telethon
) -> AsyncGenerator[App]:
    """Open the App of the bot: the gateway, its effect carriers, and the watch."""
    async with (
        open_decoder() as decoder,
        open_app(
            process="bot",
            extra=(gateway(client),),
            replace={Decoder: decoder, **(replace or {})},
        ) as app,
    ):
        yield app


def gateway(client: NewClient) -> Callable[..., TelegramGateway]:
    """Creates the gateway over this client."""

    def opened(db: Database, settings: TelegramSettings, toasts: Toasts) -> TelegramGateway:
        holder = process_name("bot")
        return TelegramGateway(db, settings, on_press=toasts.toast, holder=holder, client=client)

    return opened


async def run_bot(app: App) -> None:
    """Hold the connection and execute effects while it is up, until cancelled."""
    held = app.get(TelegramGateway)
    carried = dispatchers(app, process_name("bot"))
    others = [dispatcher.run() for system, dispatcher in carried.items() if system != TELEGRAM]
    await asyncio.gather(
        held.run(), _while_connected(held, carried[TELEGRAM]), app.get(Watch).run(), *others
    )


async def _while_connected(held: TelegramGateway, dispatcher: Dispatcher) -> None:
    while True:
        await held.ready.wait()
        task = asyncio.create_task(dispatcher.run())
        try:
            while held.ready.is_set():
                await asyncio.sleep(0.1)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _bot() -> None:
    async with open_bot() as app:
        if not app.get(TelegramSettings).configured:
            raise SettingsMissing(
                "JARVIS_TELEGRAM_API_ID, JARVIS_TELEGRAM_API_HASH, JARVIS_TELEGRAM_BOT_TOKEN"
            )
        await run_bot(app)


def run() -> None:
    """The connection to Telegram, or a standby for it."""
    observe()
    asyncio.run(until_signal(_bot()))
