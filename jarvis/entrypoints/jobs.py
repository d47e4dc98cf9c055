"""Runs jobs with arq: the supervised child of a worker, or a process of its own. It ends when Redis
goes away, and its supervisor restarts it."""

from __future__ import annotations

import asyncio
from uuid import UUID

from jarvis.app.build import open_app
from jarvis.app.process import observe, until_signal
from jarvis.engine.carrier import QUEUES, work
from jarvis.engine.jobs import run_job


async def _carry() -> None:
    """arq workers of every queue, until one of them ends."""
    async with open_app(("services", "jobs"), pool=8) as app:

        async def carried(job_id: UUID) -> bool:
            return await run_job(app.db, app.jobs, job_id)

        await asyncio.gather(*(work(app.settings.redis, queue, carried) for queue in QUEUES))


def run() -> None:
    """Run jobs until a signal comes or Redis goes away."""
    observe()
    asyncio.run(until_signal(_carry()))


if __name__ == "__main__":
    run()
