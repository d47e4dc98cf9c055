"""The house with Telegram: what a person sees in the chat is the assertion."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_ai.models import Model

from jarvis.entrypoints.bot import open_storage, run_bot
from jarvis.entrypoints.core import Core
from jarvis.entrypoints.seed import seed
from jarvis.entrypoints.web import web_app
from jarvis.entrypoints.wiring import House, open_house, run_scheduler, run_worker
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.integrations.rentprog.sandbox import RentProgSandbox
from jarvis.integrations.storage.port import Storage
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.integrations.telegram.sandbox import TelegramSandbox
from jarvis.integrations.telegram.settings import TelegramSettings
from jarvis.kit.ids import sha256_hex
from jarvis.kit.sandbox import served
from jarvis.kit.world import World, load_world
from tests import house as rentprog_house
from tests.conftest import Servers


@dataclass
class Talk:
    """A running system and the people who talk to it."""

    core: Core
    house: House
    storage: Storage
    rentprog: RentProgSandbox
    telegram: TelegramSandbox
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    ambiguous_for: timedelta = timedelta(seconds=1)
    settings: TelegramSettings = field(default_factory=TelegramSettings)

    def seen(self, person: str, chat: str = "dm") -> list[dict[str, Any]]:
        return [m for m in self.telegram.messages_of(person, chat) if m["from"] == "Jarvis"]

    async def ask(self, person: str, text: str, chat: str = "dm", *, seconds: float = 15.0, **extra: Any) -> dict[str, Any]:
        """Write, wait until the answer stands, and return it as seen in the chat."""
        before = {m["id"]: m["text"] for m in self.seen(person, chat)}
        self.telegram.send(person, chat, text, **extra)
        await self.quiet(seconds)
        new = [m for m in self.seen(person, chat) if before.get(m["id"]) != m["text"]]
        assert new, f"no answer to {text!r}"
        return new[-1]

    async def press(self, person: str, message: Mapping[str, Any], button: str | int, chat: str = "dm") -> dict[str, Any]:
        before = {m["id"]: m["text"] for m in self.seen(person, chat)}
        await self.telegram.press(person, chat, int(message["id"]), button)
        await self.quiet()
        new = [m for m in self.seen(person, chat) if before.get(m["id"]) != m["text"]]
        return new[-1] if new else dict(message)

    async def quiet(self, seconds: float = 15.0) -> None:
        """Until nothing is on its way."""

        async def idle() -> bool:
            if self.rentprog.busy() or not await self._heard():
                return False
            waiting = await self.core.db.fetchval(  # one snapshot: what an effect's end publishes must not fall between two
                """SELECT (SELECT count(*) FROM event WHERE state IN ('received', 'claimed'))
                        + (SELECT count(*) FROM effect WHERE state IN ('pending', 'claimed') AND next_at < now() + interval '5 s')"""
            )
            return waiting == 0

        await asyncio.sleep(0.15)
        await rentprog_house.until(idle, seconds=seconds)

    async def _heard(self) -> bool:
        """Whether every word of people reached the journal; not asked while the bot is stopped or Telegram is broken on purpose."""
        if "bot" not in self.tasks or self.telegram.faults.active:
            return True
        seen = {
            r["marked_id"]: r["last_seen_message"] for r in await self.core.db.fetch("SELECT marked_id, last_seen_message FROM chat")
        }
        bot, chats = self.telegram.bot_id, self.telegram.state.chats
        return all(n <= seen.get(c, 0) for c, n in self.telegram.last_words() if c > 0 or bot in chats[c].members)

    def start(self, name: str) -> None:
        runs = {
            "worker": lambda: run_worker(self.house, ambiguous_for=self.ambiguous_for),
            "bot": lambda: run_bot(self.core, self.storage, self.settings),
            "scheduler": lambda: run_scheduler(self.core, every_s=0.1),
        }
        self.tasks[name] = asyncio.create_task(runs[name]())

    async def stop(self, *names: str) -> None:
        for name in names or tuple(self.tasks):
            task = self.tasks.pop(name)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


LOADED_BEFORE = timedelta(seconds=20)  # what was read then is older than whatever a test changes, and still fresh


async def _loaded(servers: Servers, world: World) -> str | None:
    """A copy of a database in which this world was loaded and its events were handled; None when nobody asked for the world before."""
    key = sha256_hex(world.model_dump_json())
    servers.asked[key] += 1
    if servers.asked[key] == 1:
        return None
    if key not in servers.loaded:
        name = await servers.database()
        before = rentprog_house.NOW - LOADED_BEFORE
        async with (
            rentprog_house.rentprog_sandbox(world) as rentprog,
            rentprog_house.open_house(servers, rentprog, now=before, database=name) as core,
            open_house(core, LlmSettings()) as house,
        ):
            await seed(core.db, core.clock, world)
            await rentprog_house.load_all(core)
            worker = asyncio.create_task(run_worker(house))

            async def handled() -> bool:
                return not await core.db.fetchval("SELECT count(*) FROM event WHERE state IN ('received', 'claimed')")

            await rentprog_house.until(handled, seconds=60)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)
        servers.loaded[key] = name
    return await servers.database(servers.loaded[key])


@asynccontextmanager
async def open_talk(
    servers: Servers, tmp_path: Path, *, loaded: bool = True, models: Mapping[str, Model] | None = None,
    llm: LlmSettings | None = None, redis: bool = True, telegram: Mapping[str, Any] | None = None, slow_after_s: float = 20.0,
    world: World | None = None, **rentprog_settings: Any,
) -> AsyncGenerator[Talk]:  # fmt: skip
    world = world or load_world().model_copy(update={"forums": []})  # forums have tests of their own; here they would only take time
    sandbox = TelegramSandbox()
    sandbox.load(world, rentprog_house.NOW)
    known = await _loaded(servers, world) if loaded and not rentprog_settings else None
    async with (
        rentprog_house.rentprog_sandbox(world) as rentprog,
        sandbox.running(),
        rentprog_house.open_house(servers, rentprog, redis=redis, database=known, **rentprog_settings) as core,
        open_storage(core, StorageSettings(url=f"file://{tmp_path}/media")) as storage,
        open_house(core, llm or LlmSettings(), models=models, slow_after_s=slow_after_s) as house,
        served(web_app(core), port=0) as port,
    ):
        rentprog.hook_urls = {
            company: f"http://127.0.0.1:{port}/hooks/rentprog/{rentprog_house.SECRETS[branch]}"
            for branch, company in rentprog.data.companies.items()
        }
        if known is None:
            await seed(core.db, core.clock, world)
        if loaded and known is None:
            await rentprog_house.load_all(core)
        settings = TelegramSettings(
            api_id=1, api_hash=SecretStr("x"), bot_token=SecretStr(sandbox.token), host="127.0.0.1", port=sandbox.port,
            public_key=sandbox.key.public_pem, lease_s=4.0, **dict(telegram or {}),
        )  # fmt: skip
        talk = Talk(core, house, storage, rentprog, sandbox, settings=settings)
        talk.start("worker")
        talk.start("bot")

        async def connected() -> bool:
            return bool(sandbox.state.commands)

        await rentprog_house.until(connected)
        await talk.quiet(30)
        try:
            yield talk
        finally:
            await talk.stop()
