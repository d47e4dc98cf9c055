"""An App over a fresh database, with a sandbox of RentProg."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import httpx
from pydantic import SecretStr

from jarvis.app.build import App, Part, open_app
from jarvis.app.discovery import features
from jarvis.app.settings import AppSettings
from jarvis.domains.bookings.sync import RentProgSync
from jarvis.engine import clockrow
from jarvis.engine.integration import Process
from jarvis.engine.jobs import JobRun
from jarvis.engine.settings import EngineSettings
from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.rentprog.sandbox import RentProgSandbox
from jarvis.integrations.rentprog.settings import RentProgSettings
from jarvis.kit.clock import TBILISI, OffsetClock
from jarvis.kit.http_client import Network
from jarvis.kit.settings import Settings
from jarvis.kit.world import World
from jarvis.testing.servers import Servers

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=TBILISI)
SECRETS = {b: f"secret-{b}" for b in ("tbilisi", "batumi", "kutaisi", "service-center")}


def rentprog_settings(sandbox: RentProgSandbox, **extra: Any) -> RentProgSettings:
    """Settings to reach the sandbox, with short time-outs and without our own limits."""
    values: dict[str, Any] = {
        "base_url": sandbox.base_url,
        "mcp_url": sandbox.mcp_url,
        "mcp_key": SecretStr(sandbox.mcp_key),
        "company_tokens": {b: SecretStr(t) for b, t in sandbox.company_tokens.items()},
        "company_ids": dict(sandbox.data.companies),
        "webhook_secrets": {b: SecretStr(s) for b, s in SECRETS.items()},
        "get_per_minute": 6000,
        "search_per_minute": 6000,
        "auth_per_minute": 6000,
        "mcp_per_minute": 6000,
        "mcp_per_hour": 6000,
        "shared_s": 0.0,
        "timeout_s": 2.0,
        "patience_s": 3.0,
        "pause_s": 0.2,
    }
    return RentProgSettings(**(values | extra))


def generous(sandbox: RentProgSandbox) -> None:
    """Quotas high enough never to apply in tests that are not about them."""
    for quota in sandbox.quotas.values():
        quota.per_minute = 100_000


@asynccontextmanager
async def rentprog_sandbox(
    world: World | None = None,
    now: datetime = NOW,
    *,
    hooks: httpx.AsyncBaseTransport | None = None,
) -> AsyncGenerator[RentProgSandbox]:
    """RentProg with this world, on loopback; or without a socket, where `hooks` take its
    webhooks."""
    clock = OffsetClock((now - datetime.now(TBILISI)).total_seconds())
    sandbox = RentProgSandbox(clock=clock)
    sandbox.load(world or load_world(), now)
    sandbox.hook_transport = hooks
    generous(sandbox)
    async with sandbox.sending() if hooks else sandbox.running():
        yield sandbox


@asynccontextmanager
async def running_core(
    servers: Servers,
    sandbox: RentProgSandbox,
    *,
    redis: bool = True,
    now: datetime = NOW,
    database: str | None = None,
    core: Mapping[str, Any] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    parts: Collection[Part] = ("services",),
    process: Process | None = None,
    replace: Mapping[type, Any] | None = None,
    **rentprog: Any,
) -> AsyncGenerator[App]:
    """An App over this database, or a fresh one that goes with it; its clock at `now`.

    Args:
        servers: Where the database and the notifier are.
        sandbox: RentProg.
        redis: False when there is no notifier.
        now: The business time to begin at.
        database: The name of a database to use; it stays.
        core: Settings that differ, of the App, the engine or a feature.
        transport: Leads to RentProg when it serves nothing.
        parts: What is built, as for `open_app`.
        process: Whose effects are carried out.
        replace: Replacements by type.
        rentprog: Settings of RentProg that differ.
    """
    name = database or await servers.database()
    addresses: dict[str, Any] = {
        "database_url": SecretStr(servers.app_dsn(name)),
        "redis_url": SecretStr(servers.redis_url()) if redis else None,
    }
    engine: dict[str, Any] = {"switched_off_s": 0.3, "secret": SecretStr("test-secret")}
    values = addresses | engine | dict(core or {})
    settings = {kind: kind(**_own(kind, values)) for kind in _settings()}
    unknown = values.keys() - {field for kind in settings for field in kind.model_fields}
    assert not unknown, f"no settings have {sorted(unknown)}"
    try:
        async with open_app(
            parts,
            process=process,
            replace={
                **settings,
                RentProgSettings: rentprog_settings(sandbox, **rentprog),
                Network: Network(transport),
                **(replace or {}),
            },
        ) as opened:
            await set_clock(opened, now)
            yield opened
    finally:
        if database is None:
            await servers.drop(name)


def _settings() -> list[type[Settings]]:
    """Settings of the App, the engine and the features."""
    named = [kind for f in features() for kind in f.objects(f.manifest.settings)]
    return [AppSettings, EngineSettings, *cast(list[type[Settings]], named)]


def _own(kind: type[Settings], values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in kind.model_fields}


async def set_clock(core: App, now: datetime) -> None:
    """Set business time in this process at once, and in the others when they next read it."""
    await clockrow.set_offset(core.db, (now - datetime.now(TBILISI)).total_seconds())
    await clockrow.load_offset(core.db, core.clock)


async def move_clock(core: App, span: timedelta) -> None:
    """Advance business time at once."""
    await clockrow.set_offset(core.db, core.clock.offset_s + span.total_seconds())
    await clockrow.load_offset(core.db, core.clock)


async def load_all(core: App) -> dict[str, Any]:
    """Run the first full load here and now."""
    return dict(await core.get(RentProgSync).load(await a_job(core)))


async def a_job(core: App) -> JobRun:
    """A running job row for handlers that need one."""
    job_id = await core.db.fetchval(
        "INSERT INTO job (kind, dedup_key, state, attempt, trace_id) VALUES ('test', $1, "
        "'running', 1, 't') RETURNING id",
        uuid4().hex,
    )
    return JobRun(id=job_id, kind="test", args={}, attempt=1, trace_id="t", db=core.db)


async def until(check: Callable[[], Awaitable[bool]], *, seconds: float = 30.0) -> None:
    """Wait for a condition; fails loudly when it never comes. `seconds` only bounds a failure, so
    it may be generous."""
    deadline = time.monotonic() + seconds
    pause_s = 0.002
    while not await check():
        assert time.monotonic() < deadline, (
            f"the awaited state never came: {getattr(check, '__qualname__', check)}"
        )
        await asyncio.sleep(pause_s)
        pause_s = min(0.02, pause_s * 1.5)
