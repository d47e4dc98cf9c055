"""A complete Jarvis with its sandboxes; tests assert what a person sees in the chat."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_ai.models import Model

from jarvis.app.base import BASE
from jarvis.app.build import App
from jarvis.engine import idle
from jarvis.entrypoints.bot import open_bot, run_bot
from jarvis.entrypoints.sandboxes import load_world
from jarvis.entrypoints.seed import seed
from jarvis.entrypoints.web import web_app
from jarvis.entrypoints.worker import PARTS, run_scheduler, run_worker
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.integrations.rentprog.port import RentProg
from jarvis.integrations.rentprog.sandbox import RentProgSandbox
from jarvis.integrations.storage.port import FsStorage
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.integrations.telegram.client import NewClient, telethon
from jarvis.integrations.telegram.sandbox import TelegramLimits, TelegramSandbox
from jarvis.integrations.telegram.sandbox.direct import direct
from jarvis.integrations.telegram.sandbox.transport import ServerKey
from jarvis.integrations.telegram.settings import TelegramSettings
from jarvis.kit.clock import Clock
from jarvis.kit.sandbox import served
from jarvis.kit.settings import Settings
from jarvis.kit.world import World
from jarvis.orchestrator.models import ModelOverrides
from jarvis.testing.core import NOW, SECRETS, load_all, rentprog_sandbox, running_core, until
from jarvis.testing.local import LocalTransport
from jarvis.testing.servers import Servers

# data read then is older than any change by a test, and still fresh
LOADED_BEFORE = timedelta(seconds=20)
# messages a minute into a group: tests of limits pass Telegram's own
ROOMY = 2000


@dataclass
class RunningApp:
    """A running system and the people who talk to it."""

    core: App
    storage: FsStorage
    rentprog: RentProgSandbox
    telegram: TelegramSandbox
    settings: TelegramSettings
    client: NewClient = telethon
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    ambiguous_for: timedelta = timedelta(seconds=1)

    def seen(self, person: str, chat: str = "dm") -> list[dict[str, Any]]:
        """What Jarvis says to a person there now."""
        return [m for m in self.telegram.messages_of(person, chat) if m["from"] == "Jarvis"]

    async def ask(
        self, person: str, text: str, chat: str = "dm", *, seconds: float = 30.0, **extra: Any
    ) -> dict[str, Any]:
        """Send a message, wait until idle, and return the answer as seen in the chat."""
        before = {m["id"]: m["text"] for m in self.seen(person, chat)}
        self.telegram.send(person, chat, text, **extra)
        await self.quiet(seconds)
        new = [m for m in self.seen(person, chat) if before.get(m["id"]) != m["text"]]
        assert new, f"no answer to {text!r}"
        return new[-1]

    async def press(
        self, person: str, message: Mapping[str, Any], button: str | int, chat: str = "dm"
    ) -> dict[str, Any]:
        """Press a button and return the message that changed or arrived; the pressed one when none
        did."""
        before = {m["id"]: m["text"] for m in self.seen(person, chat)}
        await self.telegram.press(person, chat, int(message["id"]), button)
        await self.quiet()
        new = [m for m in self.seen(person, chat) if before.get(m["id"]) != m["text"]]
        return new[-1] if new else dict(message)

    async def quiet(self, seconds: float = 60.0) -> None:
        """Wait until no work is in progress. `seconds` only bounds a failure."""
        last: dict[str, int] = {}

        async def at_rest() -> bool:
            nonlocal last
            last = await self.in_flight()
            return not last

        try:
            await until(at_rest, seconds=seconds)
        except AssertionError:
            raise AssertionError(f"not at rest after {seconds} s: {last}") from None

    async def in_flight(self) -> dict[str, int]:
        """Work in progress: webhooks of RentProg, messages of people, and work of the engine."""
        # first: a webhook that has arrived is an event, which the engine counts
        if self.rentprog.busy():
            return {"webhooks": 1}
        # A bot that is stopped, or whose Telegram is broken on purpose, receives nothing.
        sent = (
            self.telegram.unjournaled()
            if "bot" in self.tasks and not self.telegram.faults.active
            else []
        )
        counts = await idle.in_flight(
            self.core.db,
            inputs={"telegram": sent},
            now=self.core.clock.now() if "scheduler" in self.tasks else None,
        )
        if not counts.get("inputs"):
            self.telegram.mark_journaled(sent)
        if self.rentprog.busy():  # what an effect's end had sent meanwhile
            counts["webhooks"] = 1
        counts.pop("jobs", None)  # jobs are not run here: a test runs its job itself
        return counts

    def start(self, name: str) -> None:
        """Start the worker, the bot or the scheduler."""
        runs = {
            "worker": lambda: run_worker(self.core, ambiguous_for=self.ambiguous_for),
            "bot": self._bot,
            "scheduler": lambda: run_scheduler(self.core, every_s=0.05),
        }
        self.tasks[name] = asyncio.create_task(runs[name]())

    async def _bot(self) -> None:
        """Another bot over the connections of this App."""
        shared = {kind: self.core.get(kind) for kind in (*BASE, FsStorage, RentProg)}
        built = self.core.services.built
        settings = {kind: v for kind, v in built.items() if isinstance(v, Settings)}
        replace = {**settings, **shared, Clock: self.core.clock, TelegramSettings: self.settings}
        async with open_bot(replace=replace, client=self.client) as app:
            await run_bot(app)

    async def stop(self, *names: str) -> None:
        """Stop these, or all."""
        for name in names or tuple(self.tasks):
            task = self.tasks.pop(name)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def loaded(servers: Servers, world: World) -> str:
    """A copy of a database in which this world was loaded and its events were handled."""

    async def make(name: str) -> None:
        async with (
            rentprog_sandbox(world) as rentprog,
            running_core(
                servers,
                rentprog,
                now=NOW - LOADED_BEFORE,
                database=name,
                parts=PARTS,
                process="worker",
            ) as core,
        ):
            await seed(core.db, core.clock, world)
            await load_all(core)
            worker = asyncio.create_task(run_worker(core))

            async def handled() -> bool:
                return not await core.db.fetchval(
                    "SELECT count(*) FROM delivery WHERE state IN ('pending', 'claimed')"
                )

            await until(handled, seconds=100)
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    return await servers.database(await servers.made_once(world.model_dump_json(), make))


@cache
def _server_key() -> ServerKey:
    """One key for all Telegram sandboxes of a process: generating one takes longer than many a
    test."""
    return ServerKey()


@asynccontextmanager
async def running_app(
    servers: Servers,
    folder: Path,
    *,
    load: bool = True,
    models: Mapping[str, Model] | None = None,
    llm: LlmSettings | None = None,
    redis: bool = True,
    telegram: Mapping[str, Any] | None = None,
    limits: TelegramLimits | None = None,
    core: Mapping[str, Any] | None = None,
    slow_after_s: float = 20.0,
    world: World | None = None,
    sockets: bool = True,
    replace: Mapping[type, Any] | None = None,
    **rentprog: Any,
) -> AsyncGenerator[RunningApp]:
    """Jarvis with worker, bot and web over a fresh database, connected to its sandboxes.

    Args:
        servers: Where the database and the notifier are.
        folder: Media lie in it.
        load: Whether RentProg was loaded before.
        models: Replacements of the offline model, by role.
        llm: Settings of the models.
        redis: False when there is no notifier.
        telegram: Settings of the bot that differ.
        limits: Telegram's limits, for the sandbox and the bot; absent, they are high enough never
            to apply.
        core: Settings of the core that differ.
        slow_after_s: When the status message says that the answer takes longer.
        world: The world; the built-in one without its forums when absent: opening posts of sixty
            cars would only take time.
        sockets: False when the sandboxes are called within the process (`running_feature`).
        replace: Replacements by type, such as the settings of another vendor.
        rentprog: Settings of RentProg that differ; they are in force during the first load.
    """
    world = world or load_world().model_copy(update={"forums": []})
    sandbox = TelegramSandbox(
        limits=limits or TelegramLimits(group_per_minute=ROOMY),
        key=_server_key() if sockets else None,
    )
    sandbox.load(world, NOW)
    known = await loaded(servers, world) if load and not rentprog else None
    name = known or await servers.database()
    hooks, to_rentprog = (
        LocalTransport(lambda: web_app(opened)),
        LocalTransport(lambda: rentprog_server.web()),
    )
    async with (
        rentprog_sandbox(world, hooks=None if sockets else hooks) as rentprog_server,
        sandbox.running() if sockets else nullcontext(),
        running_core(
            servers,
            rentprog_server,
            redis=redis,
            database=name,
            core={"slow_after_s": slow_after_s, **(core or {})},
            transport=None if sockets else to_rentprog,
            parts=PARTS,
            process="worker",
            replace={
                LlmSettings: llm or LlmSettings(),
                ModelOverrides: ModelOverrides(models or {}),
                StorageSettings: StorageSettings(url=f"file://{folder}/media"),
                **(replace or {}),
            },
            **rentprog,
        ) as opened,
        served(web_app(opened), port=0) if sockets else nullcontext(0) as port,
    ):
        rentprog_server.hook_urls = {
            company: f"http://127.0.0.1:{port}/hooks/rentprog/{SECRETS[branch]}"
            for branch, company in rentprog_server.data.companies.items()
        }
        if known is None:
            await seed(opened.db, opened.clock, world)
        if load and known is None:
            await load_all(opened)
        settings = bot_settings(
            sandbox, limits, **(_reached_at(sandbox) if sockets else {}), **dict(telegram or {})
        )
        client = telethon if sockets else direct(sandbox)
        storage = opened.get(FsStorage)
        app = RunningApp(opened, storage, rentprog_server, sandbox, settings, client)
        app.start("worker")
        app.start("bot")

        async def connected() -> bool:
            return bool(sandbox.state.commands)

        await until(connected)
        await app.quiet()
        try:
            yield app
        finally:
            await app.stop()
    await servers.drop(name)


def bot_settings(
    sandbox: TelegramSandbox, limits: TelegramLimits | None, **extra: Any
) -> TelegramSettings:
    """Settings of the bot for the sandbox's limits, with a slightly longer minute."""
    if limits is None:
        minute: dict[str, Any] = {"group_per_minute": ROOMY, "person_per_minute": ROOMY}
    else:
        minute = {
            "group_per_minute": limits.group_per_minute,
            "group_minute_s": limits.minute_s + 0.2,
        }
    values: dict[str, Any] = {
        "api_id": 1,
        "api_hash": SecretStr("x"),
        "bot_token": SecretStr(sandbox.token),
        "lease_s": 4.0,
    }
    return TelegramSettings(**(values | minute | extra))


def _reached_at(sandbox: TelegramSandbox) -> dict[str, Any]:
    return {"host": "127.0.0.1", "port": sandbox.port, "public_key": sandbox.key.public_pem}
