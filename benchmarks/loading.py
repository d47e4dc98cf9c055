"""The first load of RentProg: from an empty mirror until all resulting work is done."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.harness.declare import Benchmark, Measured, at_most
from jarvis.entrypoints.sandboxes import load_world
from jarvis.entrypoints.seed import seed
from jarvis.entrypoints.worker import PARTS, run_worker
from jarvis.testing.core import load_all, rentprog_sandbox, running_core, until
from jarvis.testing.servers import Servers

ROUNDS = 3


async def _round(servers: Servers) -> dict[str, float]:
    world = load_world()
    async with (
        rentprog_sandbox(world) as rentprog,
        running_core(servers, rentprog, parts=PARTS, process="worker") as core,
    ):
        await seed(core.db, core.clock, world)
        worker = asyncio.create_task(run_worker(core))

        async def handled() -> bool:
            return not await core.db.fetchval(
                "SELECT count(*) FROM delivery WHERE state IN ('pending', 'claimed')"
            )

        await until(handled)
        rows = (
            "SELECT (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM delivery) "
            "AS deliveries"
        )
        before = await core.db.fetchrow(rows)
        began = time.perf_counter()
        report = await load_all(core)
        loaded = time.perf_counter()
        await until(handled, seconds=200)
        ended = time.perf_counter()
        after = await core.db.fetchrow(rows)
        dead = await core.db.fetchval("SELECT count(*) FROM delivery WHERE state <> 'done'")
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
    assert report["state"] == "ok", report
    assert not dead
    assert before is not None
    assert after is not None
    return {
        "load_s": loaded - began,
        "rest_s": ended - began,
        **{name: after[name] - before[name] for name in ("events", "deliveries")},
    }


async def loading(servers: Servers, folder: Path) -> Measured:
    """The median of a few rounds, each over a database of its own; the worker runs concurrently, as
    in production."""
    rounds = [await _round(servers) for _ in range(ROUNDS)]
    middle = {name: round(sorted(r[name] for r in rounds)[ROUNDS // 2], 2) for name in rounds[0]}
    return Measured(figures=middle, conditions={"rounds": ROUNDS, "world": "the demo's"})


BENCHMARK = Benchmark(
    name="loading",
    what="RentProg of the demo's world read whole for the first time; Telegram's effects stand and "
    "are not sent",
    figures=(
        at_most("load_s", "the load itself"),
        at_most("rest_s", "until every delivery that follows was handled"),
        at_most("events", "events"),
        at_most("deliveries", "deliveries"),
    ),
    run=loading,
)
