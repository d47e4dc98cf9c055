"""arq as the transport of jobs: one queue per length class, JSON only, a supervised child
process."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.worker import Worker, func
from redis.exceptions import RedisError

from jarvis.engine.db import DATABASE_AWAY, Database
from jarvis.engine.jobs import CHANNEL, JobLog
from jarvis.engine.loop import not_cancelled
from jarvis.engine.notifier import RedisNotifier

_log = logging.getLogger(__name__)
QUEUES = ("short", "long")


def _dump(value: dict[str, Any]) -> bytes:
    return json.dumps(value, default=str).encode()


def _load(raw: bytes) -> dict[str, Any]:
    return json.loads(raw)


def redis_settings(url: str) -> RedisSettings:
    """arq's settings; it fails fast, since the supervisor restarts it."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 1
    settings.conn_retries = 3
    settings.conn_retry_delay = 1
    return settings


def queue_name(queue: str) -> str:
    return f"jarvis:jobs:{queue}"


async def enqueue_forever(
    db: Database, notifier: RedisNotifier, url: str, *, every_s: float = 2.0
) -> None:
    """Enqueue due jobs in arq, again when no worker took them; survives outages of Redis."""
    log = JobLog(db)
    pool: ArqRedis | None = None
    while not_cancelled():
        try:
            await log.sweep()
            if pool is None:
                pool = await create_pool(
                    redis_settings(url), job_serializer=_dump, job_deserializer=_load
                )
            for row in await log.due():
                await pool.enqueue_job(
                    "run",
                    str(row["id"]),
                    _job_id=f"{row['id']}:{row['attempt']}:{uuid4().hex}",
                    _queue_name=queue_name(row["queue"]),
                )
        except (RedisError, *DATABASE_AWAY) as error:
            _log.warning("jobs wait: %s", type(error).__name__)
            if pool is not None:
                await pool.aclose()
            pool = None
            await asyncio.sleep(1.0)
        await notifier.wait(CHANNEL, "teller", every_s)


async def work(url: str, queue: str, run: Callable[[UUID], Awaitable[bool]]) -> None:
    """Run jobs of one queue until arq stops (it stops when Redis restarts)."""

    async def run_one(ctx: dict[Any, Any], job_id: str) -> None:
        del ctx
        await run(UUID(job_id))

    worker = Worker(
        functions=[func(run_one, name="run", timeout=3600, max_tries=1, keep_result=0)],
        queue_name=queue_name(queue),
        redis_settings=redis_settings(url),
        job_serializer=_dump,
        job_deserializer=_load,
        handle_signals=False,
        max_jobs=4,
        poll_delay=0.1,
        health_check_interval=15,
        job_completion_wait=5,
    )
    try:
        await worker.main()
    finally:
        await worker.close()


async def supervise(argv: list[str], *, pause_s: float = 1.0) -> None:
    """Run a child process and start it again whenever it ends; ends it when cancelled."""
    while True:
        child = await asyncio.create_subprocess_exec(sys.executable, *argv)
        try:
            code = await child.wait()
            _log.warning("the job carrier ended with %s; starting it again", code)
        except asyncio.CancelledError:
            if child.returncode is None:
                child.terminate()
                try:
                    async with asyncio.timeout(5):
                        await child.wait()
                except TimeoutError:
                    child.kill()
            raise
        await asyncio.sleep(pause_s)
