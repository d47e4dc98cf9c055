"""Jarvis in processes of its own, as `jarvis up` starts them, against sandboxes with the vendors'
own limits."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from subprocess import Popen
from typing import Any

from benchmarks.harness.servers import running
from jarvis.engine import clockrow
from jarvis.engine.db import Database, open_database
from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.rentprog.sandbox import RentProgSandbox
from jarvis.integrations.telegram.sandbox import TelegramLimits, TelegramSandbox
from jarvis.kit.clock import TBILISI
from jarvis.testing.app import loaded
from jarvis.testing.core import NOW, SECRETS, rentprog_sandbox, until
from jarvis.testing.servers import Servers

CLI = "jarvis.entrypoints.cli.app"


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """Web, bot and worker with their sandboxes; `web` is the web process's address."""

    db: Database
    rentprog: RentProgSandbox
    telegram: TelegramSandbox
    web: str

    def seen(self, person: str) -> list[dict[str, Any]]:
        """What Jarvis says to a person now."""
        return [m for m in self.telegram.messages_of(person, "dm") if m["from"] == "Jarvis"]


@contextmanager
def _child(log: Path, env: dict[str, str], *argv: str) -> Generator[None]:
    with log.open("ab") as out:
        child = Popen(
            [sys.executable, "-m", CLI, *argv], env={**os.environ, **env}, stdout=out, stderr=out
        )
        try:
            yield
        finally:
            child.terminate()
            child.wait(20)


@asynccontextmanager
async def running_processes(servers: Servers, folder: Path) -> AsyncGenerator[Processes]:
    """The built-in world without its forums, loaded before; every limit as in life. Jobs are not
    carried."""
    world = load_world().model_copy(update={"forums": []})
    telegram = TelegramSandbox(limits=TelegramLimits())
    telegram.load(world, NOW)
    name = await loaded(servers, world)
    async with (
        rentprog_sandbox(world) as rentprog,
        telegram.running(),
        open_database(servers.owner_dsn(name), max_size=3) as db,
    ):
        rentprog.quotas = RentProgSandbox().quotas
        await clockrow.set_offset(db, (NOW - datetime.now(TBILISI)).total_seconds())
        env = {
            "JARVIS_DATABASE_URL": servers.app_dsn(name),
            "JARVIS_REDIS_URL": servers.redis_url(),
            "JARVIS_SECRET": "bench",
            "JARVIS_STORAGE_URL": f"file://{folder}/media",
            "JARVIS_RENTPROG_BASE_URL": rentprog.base_url,
            "JARVIS_RENTPROG_MCP_URL": rentprog.mcp_url,
            "JARVIS_RENTPROG_MCP_KEY": rentprog.mcp_key,
            "JARVIS_RENTPROG_COMPANY_TOKENS": json.dumps(rentprog.company_tokens),
            "JARVIS_RENTPROG_COMPANY_IDS": json.dumps(rentprog.data.companies),
            "JARVIS_RENTPROG_WEBHOOK_SECRETS": json.dumps(SECRETS),
            "JARVIS_TELEGRAM_API_ID": "1",
            "JARVIS_TELEGRAM_API_HASH": "x",
            "JARVIS_TELEGRAM_BOT_TOKEN": telegram.token,
            "JARVIS_TELEGRAM_HOST": "127.0.0.1",
            "JARVIS_TELEGRAM_PORT": str(telegram.port),
            "JARVIS_TELEGRAM_PUBLIC_KEY": telegram.key.public_pem,
        }
        log = folder / "log"
        with (
            running(CLI, "web", "--port", env=env) as port,
            _child(log, env, "worker", "--without-jobs"),
            _child(log, env, "bot"),
        ):

            async def connected() -> bool:
                return bool(telegram.state.commands)

            await until(connected, seconds=60)
            yield Processes(
                db=db, rentprog=rentprog, telegram=telegram, web=f"http://127.0.0.1:{port}"
            )
    await asyncio.sleep(0.5)  # the last connections of the children
    await servers.drop(name)
