"""Builds every process from its settings. The only place that knows them all."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from uuid import UUID

import logfire
from PIL import Image, UnidentifiedImageError
from pydantic_ai.models import Model

from agents.bookings.offline import rules as bookings_rules
from agents.clients.offline import rules as clients_rules
from agents.fleet.offline import rules as fleet_rules
from agents.guide.offline import rules as guide_rules
from agents.router.offline import rules as router_rules
from jarvis.domains.bookings.sync import CHECKS
from jarvis.domains.conversations.service import ConversationService
from jarvis.engine import dispatcher, worker
from jarvis.engine.dispatcher import Dispatcher
from jarvis.engine.effects import Effect, Receipt
from jarvis.engine.timing import Scheduler
from jarvis.engine.worker import Handler, Worker
from jarvis.entrypoints.core import Core
from jarvis.integrations.llm.chain import build_chain
from jarvis.integrations.llm.offline import OfflineModel, Rules
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.integrations.storage.port import FsStorage, LinkSigner, Storage
from jarvis.integrations.storage.port import connect as open_storage
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.integrations.telegram.effects import DOWNLOAD, TelegramEffects
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.settings import TelegramSettings
from jarvis.kit.clock import local
from jarvis.kit.errors import Rejected
from jarvis.kit.ids import new_id, sha256_hex
from jarvis.orchestrator.brain import Brain
from jarvis.orchestrator.chat import Chat
from jarvis.orchestrator.routes import Unrouted, collect

_RULES: Mapping[str, Rules] = {
    "router": router_rules, "fleet": fleet_rules, "bookings": bookings_rules, "clients": clients_rules, "guide": guide_rules,
}  # fmt: skip


def observe() -> None:
    """One trace an event; content stays off. Sends nothing unless LOGFIRE_TOKEN is set."""
    logfire.configure(send_to_logfire="if-token-present", console=False, service_name="jarvis")
    logfire.instrument_pydantic_ai(include_content=False)


def process_name(kind: str) -> str:
    """Names a process in leases and claims."""
    return f"{kind}:{socket.gethostname()}:{os.getpid()}:{new_id().hex[-6:]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The core and everything above it."""

    core: Core
    brain: Brain
    chat: Chat
    conversations: ConversationService
    unrouted: Unrouted
    routes: Mapping[str, Sequence[Handler]]
    storage: Storage
    signer: LinkSigner


@asynccontextmanager
async def open_house(
    core: Core, llm: LlmSettings, storage_settings: StorageSettings, *, models: Mapping[str, Model] | None = None
) -> AsyncGenerator[House]:
    """Build the orchestrator over an open core. `models` stand in for the chain in tests and evals."""
    async with AsyncExitStack() as stack:
        signer = LinkSigner(core.settings.public_url, core.settings.secret.get_secret_value())
        storage: FsStorage = await stack.enter_async_context(open_storage(storage_settings, core.db, signer=signer))
        known: dict[str, Model] = dict(models or {})
        for role, rules in _RULES.items():
            if role not in known:
                known[role] = build_chain(llm, OfflineModel(rules, core.clock))
        conversations = ConversationService(core.db, core.clock)
        brain = Brain(
            db=core.db, clock=core.clock, staff=core.staff, fleet=core.fleet, bookings=core.bookings, clients=core.clients,
            knowledge=core.knowledge, conversations=conversations, models=known.__getitem__,
        )  # fmt: skip
        chat = Chat(core.db, brain, core.staff, conversations)
        unrouted = Unrouted(core.db, core.staff)
        routes = collect(core.hooks.routes, core.sync.routes, chat.routes)
        yield House(
            core=core, brain=brain, chat=chat, conversations=conversations, unrouted=unrouted, routes=routes,
            storage=storage, signer=signer,
        )  # fmt: skip


def event_worker(house: House, name: str, *, concurrency: int = 8) -> Worker:
    """A worker over every route."""
    return Worker(
        house.core.db, house.core.doorbell, name=name, routes=house.routes, fallback=house.unrouted.fallback,
        alert=house.unrouted.alert, concurrency=concurrency,
    )  # fmt: skip


async def run_worker(house: House, *, concurrency: int = 8) -> None:
    """Handle events until cancelled; jobs run beside it in a child of their own."""
    name = process_name("worker")
    await asyncio.gather(
        event_worker(house, name, concurrency=concurrency).run(),
        worker.sweep_forever(house.core.db),
        dispatcher.sweep_forever(house.core.db),
    )


async def run_scheduler(core: Core, *, every_s: float = 0.5) -> None:
    """Fire slots and timers until cancelled."""
    await Scheduler(core.db, core.clock, CHECKS).run(every_s=every_s)


class Downloads:
    """Fetches photos that people sent, stores them once by content, and tells of it as an event."""

    def __init__(self, house: House, gateway: TelegramGateway) -> None:
        self._house = house
        self._gateway = gateway

    async def __call__(self, effect: Effect) -> Receipt:
        args: Mapping[str, Any] = effect.args
        core = self._house.core
        data = await self._gateway.download(int(args["chat_id"]), int(args["message_id"]))
        content_type, suffix = _kind(data)
        digest = sha256_hex(data)
        stored = await core.db.fetchval("SELECT storage_key FROM media WHERE sha256 = $1", digest)
        key: str = stored or f"inbox/{local(core.clock.now()):%Y%m%d}/{new_id().hex}.{suffix}"
        if stored is None:
            await self._house.storage.put(key, data, content_type=content_type)
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


def bot_parts(house: House, settings: TelegramSettings) -> tuple[TelegramGateway, Dispatcher]:
    """The gateway and the dispatcher of Telegram's effects."""
    name = process_name("bot")
    gateway = TelegramGateway(house.core.db, settings, on_press=house.chat.toast, holder=name)
    carried = TelegramEffects(house.core.db, gateway, settings)
    dispatch = Dispatcher(
        house.core.db, house.core.doorbell, name=name, system="telegram",
        handlers={**carried.handlers, DOWNLOAD: Downloads(house, gateway)}, limits=carried.limits,
    )  # fmt: skip
    return gateway, dispatch


async def run_bot(house: House, settings: TelegramSettings) -> None:
    """Hold the connection and carry effects while it stands; until cancelled."""
    gateway, dispatch = bot_parts(house, settings)

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

    await asyncio.gather(gateway.run(), carry())
