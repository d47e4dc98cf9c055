"""Jobs in processes of their own: a real kill -9, and a Redis that restarts."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from jarvis.app.build import App
from jarvis.domains.bookings.sync import LOAD
from jarvis.engine import jobs
from jarvis.engine.carrier import enqueue_forever, supervise
from jarvis.testing.core import rentprog_sandbox, running_core, until
from jarvis.testing.servers import Servers

CARRIER = ("-m", "jarvis.entrypoints.jobs")


def _children() -> list[int]:
    """Pids of this process's children that carry jobs: not a demo's fork server, which has read the
    same module."""
    pids = [
        int(pid)
        for file in Path("/proc/self/task").glob("*/children")
        for pid in file.read_text().split()
    ]
    return [
        pid
        for pid in pids
        if Path(f"/proc/{pid}/cmdline").read_text().split("\0")[1:3] == list(CARRIER)
    ]


async def _load(core: App, key: str) -> Any:
    async with core.db.transaction() as tx:
        return await jobs.enqueue(tx, kind=LOAD, dedup_key=key, queue="long", deadline_s=120)


@pytest.mark.slow
async def test_a_killed_carrier_and_a_restarted_redis_stop_no_job(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rentprog_sandbox() as sandbox, running_core(servers, sandbox) as core:
        name = await core.db.fetchval("SELECT current_database()")
        assert core.settings.redis_url is not None
        redis = core.settings.redis_url.get_secret_value()
        for key, value in {
            "DATABASE_URL": servers.app_dsn(name),
            "REDIS_URL": redis,
            "RENTPROG_BASE_URL": sandbox.base_url,
            "RENTPROG_MCP_URL": sandbox.mcp_url,
            "RENTPROG_GET_PER_MINUTE": "6000",
            "RENTPROG_TIMEOUT_S": "20",
            "RENTPROG_COMPANY_TOKENS": str(sandbox.company_tokens).replace("'", '"'),
            "RENTPROG_COMPANY_IDS": str(sandbox.data.companies).replace("'", '"'),
        }.items():
            monkeypatch.setenv(f"JARVIS_{key}", value)
        tasks = [
            asyncio.create_task(supervise([*CARRIER], pause_s=0.2)),
            asyncio.create_task(enqueue_forever(core.db, core.notifier, redis, every_s=0.5)),
        ]

        async def state(job: Any) -> tuple[str, int]:
            row = await core.db.fetchrow("SELECT state, attempt FROM job WHERE id = $1", job)
            assert row is not None
            return row["state"], row["attempt"]

        try:
            sandbox.faults.start("slow", {"seconds": 0.5})
            killed = await _load(core, "killed")

            async def begun() -> bool:
                return bool(
                    await core.db.fetchval("SELECT progress FROM job WHERE id = $1", killed)
                )

            await until(begun, seconds=30)
            (child,) = _children()
            os.kill(child, signal.SIGKILL)
            sandbox.faults.stop()

            async def finished() -> bool:
                return (await state(killed))[0] == "done"

            await until(finished, seconds=30)
            assert await state(killed) == ("done", 2), (
                "another attempt took it up where it was left"
            )
            lists = await core.db.fetch("SELECT state, read_count, saved_count FROM sync_run")
            assert all(r["state"] == "ok" and r["read_count"] == r["saved_count"] for r in lists)

            servers.redis.stop()
            after = await _load(core, "after")
            await asyncio.sleep(1)
            servers.redis.start()

            async def carried() -> bool:
                return (await state(after))[0] == "done"

            await until(carried, seconds=30)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
