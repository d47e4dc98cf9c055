"""The part of the wiring that every process shares: database, doorbell, clock, RentProg, domain
services."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, get_args

import httpx
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from jarvis.domains.bookings.changes import Changes
from jarvis.domains.bookings.hooks import RentProgHooks
from jarvis.domains.bookings.mirror import BookingMirror
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.bookings.sync import RentProgSync
from jarvis.domains.clients.service import ClientService
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.knowledge.service import KnowledgeService, load_pages
from jarvis.domains.staff.service import StaffService
from jarvis.engine import clockrow
from jarvis.engine.db import Database, open_database
from jarvis.engine.dispatcher import SWITCHED_OFF_S
from jarvis.engine.doorbell import Doorbell, open_doorbell
from jarvis.engine.effects import LEASE_S
from jarvis.engine.intake import QUEUE
from jarvis.engine.journal import Journal
from jarvis.engine.switches import Mode, Switches
from jarvis.integrations.rentprog import RentProgSettings
from jarvis.integrations.rentprog.port import RentProg, connect
from jarvis.kit.clock import OffsetClock
from jarvis.kit.money import Money, to_minor
from jarvis.kit.settings import Settings


class CoreSettings(Settings):
    """JARVIS_* variables of every process."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, env_prefix="JARVIS_"
    )

    database_url: SecretStr
    database_direct_url: SecretStr | None = None
    database_pooled: bool = False
    redis_url: SecretStr | None = None
    storage_url: str = "file://.jarvis/media"
    public_url: str = "http://127.0.0.1:8000"
    secret: SecretStr = SecretStr("")
    preparation_h: float = 2.0
    effects: Annotated[dict[str, Mode], NoDecode] = Field(default_factory=dict[str, Mode])
    approval_min: float = 30.0
    refund_limit_gel: float = 1000.0
    moves_look_s: float = 15.0
    lease_s: float = LEASE_S
    switched_off_s: float = SWITCHED_OFF_S
    intake_queue: int = Field(default=QUEUE, ge=1)
    word_after_s: float = 8.0

    @field_validator("effects", mode="before")
    @classmethod
    def _one_word_for_all(cls, value: Any) -> Any:
        """`shadow` means every kind; else JSON by kind, `system.*` or `kind@branch`."""
        if not isinstance(value, str):
            return value
        return {"*": value} if value in get_args(Mode) else json.loads(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """Everything below the agents."""

    settings: CoreSettings
    db: Database
    doorbell: Doorbell
    clock: OffsetClock
    journal: Journal
    rentprog_settings: RentProgSettings
    rentprog: RentProg
    staff: StaffService
    fleet: FleetService
    clients: ClientService
    mirror: BookingMirror
    bookings: BookingService
    changes: Changes
    switches: Switches
    hooks: RentProgHooks
    sync: RentProgSync
    knowledge: KnowledgeService


@asynccontextmanager
async def open_core(
    settings: CoreSettings,
    rentprog_settings: RentProgSettings,
    *,
    pool: int = 10,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncGenerator[Core]:
    """Open connections and build the domain services; closes all of it at the end. `transport`
    leads to RentProg, the network when absent."""
    async with AsyncExitStack() as stack:
        redis = settings.redis_url.get_secret_value() if settings.redis_url else None
        doorbell = await stack.enter_async_context(open_doorbell(redis))
        db = await stack.enter_async_context(
            open_database(
                settings.database_url.get_secret_value(),
                bell=doorbell,
                max_size=pool,
                pooled=settings.database_pooled,
            )
        )
        clock = OffsetClock()
        await clockrow.load_offset(db, clock)
        follower = asyncio.create_task(clockrow.follow(db, clock))
        stack.callback(follower.cancel)
        journal = Journal(db)
        rentprog = await stack.enter_async_context(
            connect(rentprog_settings, db, transport=transport)
        )
        fleet = FleetService(db, clock, rentprog, journal)
        clients = ClientService(db, clock, rentprog, journal)
        mirror = BookingMirror(db, clock, rentprog, journal)
        bookings = BookingService(
            db, clock, rentprog, fleet, mirror, preparation=timedelta(hours=settings.preparation_h)
        )
        yield Core(
            settings=settings,
            db=db,
            doorbell=doorbell,
            clock=clock,
            journal=journal,
            rentprog_settings=rentprog_settings,
            rentprog=rentprog,
            staff=StaffService(db, clock),
            fleet=fleet,
            clients=clients,
            mirror=mirror,
            bookings=bookings,
            changes=Changes(
                db,
                clock,
                rentprog,
                fleet,
                bookings,
                mirror,
                refund_limit=Money(to_minor(settings.refund_limit_gel)),
            ),
            switches=Switches(db, settings.effects),
            hooks=RentProgHooks(db, clock, fleet, clients, mirror),
            sync=RentProgSync(db, clock, rentprog, fleet, clients, mirror, journal),
            knowledge=KnowledgeService(load_pages()),
        )
