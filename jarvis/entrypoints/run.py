"""The long-running processes, each from its settings: web, bot, worker, scheduler, jobs."""

from __future__ import annotations

import asyncio
import gc
from uuid import UUID

from jarvis.app.process import observe, until_signal
from jarvis.engine.jobs import run_job
from jarvis.entrypoints.core import CoreSettings, open_core
from jarvis.integrations.rentprog.settings import RentProgSettings
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.kit.errors import SettingsMissing
from jarvis.kit.settings import load


def _redis(core: CoreSettings) -> str:
    if core.redis_url is None:
        raise SettingsMissing("JARVIS_REDIS_URL: jobs are carried by Redis")
    return core.redis_url.get_secret_value()


async def _web(host: str, port: int) -> None:
    import uvicorn

    from jarvis.entrypoints.bot import link_signer, open_storage
    from jarvis.entrypoints.web import web_app

    async with (
        open_core(load(CoreSettings), load(RentProgSettings)) as core,
        open_storage(core, load(StorageSettings)) as storage,
    ):
        app = web_app(core, storage=storage, signer=link_signer(core))
        gc.collect()
        # what was opened stays until the end: looking through it again and again held up every
        # answer for 0.1 s
        gc.freeze()
        server = uvicorn.Server(
            uvicorn.Config(
                app, host=host, port=port, log_level="warning", access_log=False, http="httptools"
            )
        )
        await server.serve()


def web(host: str, port: int) -> None:
    """Webhooks, signed links and health, until a signal comes."""
    import uvloop

    observe()
    uvloop.run(_web(host, port))  # `loop="uvloop"` alone is only heeded by uvicorn's own `run`


async def _bot() -> None:
    from jarvis.entrypoints.bot import open_storage, run_bot
    from jarvis.integrations.telegram.settings import TelegramSettings

    telegram = load(TelegramSettings)
    if not telegram.configured:
        raise SettingsMissing(
            "JARVIS_TELEGRAM_API_ID, JARVIS_TELEGRAM_API_HASH, JARVIS_TELEGRAM_BOT_TOKEN"
        )
    async with (
        open_core(load(CoreSettings), load(RentProgSettings)) as core,
        open_storage(core, load(StorageSettings)) as storage,
    ):
        await run_bot(core, storage, telegram)


def bot() -> None:
    """The connection to Telegram, or a standby for it."""
    observe()
    asyncio.run(until_signal(_bot()))


async def _worker(concurrency: int, with_scheduler: bool, with_jobs: bool) -> None:
    from jarvis.engine.carrier import supervise, tell_forever
    from jarvis.entrypoints.wiring import open_house, run_scheduler, run_worker
    from jarvis.integrations.llm.settings import LlmSettings

    settings = load(CoreSettings)
    opened = open_core(settings, load(RentProgSettings), pool=concurrency + 6)
    async with opened as core, open_house(core, load(LlmSettings)) as house:
        tasks = [run_worker(house, concurrency=concurrency)]
        tasks.append(tell_forever(core.db, core.doorbell, _redis(settings)))
        if with_jobs:
            tasks.append(supervise(["-m", "jarvis.entrypoints.jobworker"]))
        if with_scheduler:
            tasks.append(run_scheduler(core))
        await asyncio.gather(*tasks)


def worker(concurrency: int, *, with_scheduler: bool, with_jobs: bool) -> None:
    """Events and effects here, jobs in a supervised child."""
    observe(agents=True)
    asyncio.run(until_signal(_worker(concurrency, with_scheduler, with_jobs)))


async def _scheduler() -> None:
    from jarvis.entrypoints.wiring import run_scheduler

    async with open_core(load(CoreSettings), load(RentProgSettings), pool=3) as core:
        await run_scheduler(core)


def scheduler() -> None:
    """Fires slots and timers; any number may run."""
    observe()
    asyncio.run(until_signal(_scheduler()))


def carrier() -> None:
    """Jobs, until a signal comes or Redis goes away; whoever started it starts it again."""
    observe()
    asyncio.run(until_signal(_carry_jobs()))


async def _carry_jobs() -> None:
    """arq workers of every queue, until one of them ends."""
    from jarvis.engine.carrier import QUEUES, work

    settings = load(CoreSettings)
    async with open_core(settings, load(RentProgSettings), pool=8) as core:

        async def run(job_id: UUID) -> bool:
            return await run_job(core.db, core.sync.jobs, job_id)

        await asyncio.gather(*(work(_redis(settings), queue, run) for queue in QUEUES))
