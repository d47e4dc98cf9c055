"""The bot process: the one connection to Telegram, and everything that must go through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jarvis.app.process import process_name
from jarvis.domains.media.effects import MediaEffects
from jarvis.engine.dispatcher import Dispatcher
from jarvis.engine.interactions import Interactions
from jarvis.entrypoints.core import Core
from jarvis.integrations.storage.decoder import Decoder, open_decoder
from jarvis.integrations.storage.effects import StorageEffects
from jarvis.integrations.storage.port import FsStorage, LinkSigner, Storage, connect
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.integrations.telegram.client import NewClient, telethon
from jarvis.integrations.telegram.effects import TelegramEffects
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.settings import TelegramSettings
from jarvis.orchestrator.toasts import Toasts
from jarvis.orchestrator.watch import Watch


def link_signer(core: Core) -> LinkSigner:
    """Signs links to files that the web process serves."""
    return LinkSigner(core.settings.public_url, core.settings.secret.get_secret_value())


@asynccontextmanager
async def open_storage(core: Core, settings: StorageSettings) -> AsyncGenerator[FsStorage]:
    """The storage of photos."""
    async with connect(settings, core.db, signer=link_signer(core)) as storage:
        yield storage


def bot_parts(
    core: Core, storage: Storage, settings: TelegramSettings, decoder: Decoder, client: NewClient
) -> tuple[TelegramGateway, Dispatcher]:
    """The gateway and the dispatcher of Telegram's effects."""
    name, toasts = process_name("bot"), Toasts(core.staff, Interactions(core.db, core.clock))
    gateway = TelegramGateway(core.db, settings, on_press=toasts.toast, holder=name, client=client)
    carried = TelegramEffects(core.db, gateway, settings)
    dispatch = Dispatcher(
        core.db,
        core.doorbell,
        name=name,
        system="telegram",
        handlers={
            **carried.handlers,
            **MediaEffects(core.db, core.clock, storage, gateway, carried, decoder).handlers,
        },
        limits=carried.limits,
        lease_s=core.settings.lease_s,
    )
    return gateway, dispatch


async def run_bot(
    core: Core, storage: Storage, settings: TelegramSettings, *, client: NewClient = telethon
) -> None:
    """Hold the connection and carry effects while it stands; until cancelled."""
    async with open_decoder() as decoder:
        gateway, dispatch = bot_parts(core, storage, settings, decoder, client)
        await _run(core, storage, gateway, dispatch)


async def _run(
    core: Core, storage: Storage, gateway: TelegramGateway, dispatch: Dispatcher
) -> None:
    async def carry() -> None:
        while True:
            await gateway.ready.wait()
            task = asyncio.create_task(dispatch.run())
            try:
                while gateway.ready.is_set():
                    await asyncio.sleep(0.1)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    sealing = Dispatcher(
        core.db,
        core.doorbell,
        name=process_name("bot"),
        system="storage",
        limits=lambda _effect: (),
        concurrency=1,
        lease_s=core.settings.lease_s,
        handlers=StorageEffects(core.db, storage, core.settings.secret.get_secret_value()).handlers,
    )
    watch = Watch(core.db, core.staff, word_after_s=core.settings.word_after_s)
    await asyncio.gather(gateway.run(), carry(), sealing.run(), watch.run())
