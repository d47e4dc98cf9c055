"""The bot process: the one connection to Telegram, and everything that must go through it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any
from uuid import UUID

from PIL import Image, UnidentifiedImageError

from jarvis.engine.dispatcher import Dispatcher
from jarvis.engine.effects import Effect, Receipt
from jarvis.engine.interactions import Interactions
from jarvis.entrypoints.core import Core
from jarvis.entrypoints.process import process_name
from jarvis.integrations.storage.effects import StorageEffects
from jarvis.integrations.storage.port import FsStorage, LinkSigner, Storage, connect
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.integrations.telegram.effects import TelegramEffects
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.kinds import DOWNLOAD
from jarvis.integrations.telegram.settings import TelegramSettings
from jarvis.kit.clock import local
from jarvis.kit.errors import Rejected
from jarvis.kit.ids import new_id, sha256_hex
from jarvis.orchestrator.toasts import Toasts


def link_signer(core: Core) -> LinkSigner:
    """Signs links to files that the web process serves."""
    return LinkSigner(core.settings.public_url, core.settings.secret.get_secret_value())


@asynccontextmanager
async def open_storage(core: Core, settings: StorageSettings) -> AsyncGenerator[FsStorage]:
    """The storage of photos."""
    async with connect(settings, core.db, signer=link_signer(core)) as storage:
        yield storage


class Downloads:
    """Fetches photos that people sent, stores them once by content, and tells of it as an event."""

    def __init__(self, core: Core, storage: Storage, gateway: TelegramGateway) -> None:
        self._core = core
        self._storage = storage
        self._gateway = gateway

    async def __call__(self, effect: Effect) -> Receipt:
        args: Mapping[str, Any] = effect.args
        core = self._core
        data = await self._gateway.download(int(args["chat_id"]), int(args["message_id"]))
        content_type, suffix = _kind(data)
        digest = sha256_hex(data)
        stored = await core.db.fetchval("SELECT storage_key FROM media WHERE sha256 = $1", digest)
        key: str = stored or f"inbox/{local(core.clock.now()):%Y%m%d}/{new_id().hex}.{suffix}"
        if stored is None:
            await self._storage.put(key, data, content_type=content_type)
        async with core.db.transaction() as tx:
            if stored is None:
                await tx.execute(
                    """INSERT INTO media (storage_key, sha256, size_bytes, content_type, sent_by_employee_id)
                       VALUES ($1, $2, $3, $4, $5)""",
                    key, digest, len(data), content_type, UUID(str(args["employee_id"])),
                )  # fmt: skip
            await core.journal.publish(
                tx, kind="photo.uploaded", dedup_key=f"photo:{effect.id}",
                payload={"chat_id": args["chat_id"], "message_id": args["message_id"], "private": args["private"],
                         "employee_id": args["employee_id"], "storage_key": key, "size": len(data), "known": stored is not None},
            )  # fmt: skip
        return Receipt(facts={"storage_key": key, "size": len(data)})


def _kind(data: bytes) -> tuple[str, str]:
    try:
        with Image.open(BytesIO(data)) as image:
            name = (image.format or "").upper()
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise Rejected("Storage", "the file is no picture that we know") from None
    known = {"JPEG": ("image/jpeg", "jpg"), "PNG": ("image/png", "png"), "WEBP": ("image/webp", "webp")}
    if name not in known:
        raise Rejected("Storage", f"pictures are JPEG, PNG or WebP, not {name}")
    return known[name]


def bot_parts(core: Core, storage: Storage, settings: TelegramSettings) -> tuple[TelegramGateway, Dispatcher]:
    """The gateway and the dispatcher of Telegram's effects."""
    name = process_name("bot")
    gateway = TelegramGateway(core.db, settings, on_press=Toasts(core.staff, Interactions(core.db, core.clock)).toast, holder=name)
    carried = TelegramEffects(core.db, gateway, settings)
    dispatch = Dispatcher(
        core.db, core.doorbell, name=name, system="telegram",
        handlers={**carried.handlers, DOWNLOAD.name: Downloads(core, storage, gateway)}, limits=carried.limits,
    )  # fmt: skip
    return gateway, dispatch


async def run_bot(core: Core, storage: Storage, settings: TelegramSettings) -> None:
    """Hold the connection and carry effects while it stands; until cancelled."""
    gateway, dispatch = bot_parts(core, storage, settings)

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
        core.db, core.doorbell, name=process_name("bot"), system="storage", limits=lambda _effect: (), concurrency=1,
        handlers=StorageEffects(core.db, storage, core.settings.secret.get_secret_value()).handlers,
    )  # fmt: skip
    await asyncio.gather(gateway.run(), carry(), sealing.run())
