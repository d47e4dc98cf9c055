"""From the commit of an event to the first line of its handler, with the notifier and without
it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.harness.declare import Benchmark, Measured, at_most
from benchmarks.harness.places import fresh_place
from benchmarks.harness.stats import share
from jarvis.engine.db import Database, open_database
from jarvis.engine.journal import Journal
from jarvis.engine.notifier import RedisNotifier, open_notifier
from jarvis.engine.subscriptions import DeliveryLane, on
from jarvis.engine.worker import Handling
from jarvis.testing.servers import Servers
from jarvis.testing.work import worker_over


async def _starts(db: Database, notifier: RedisNotifier, count: int) -> list[float]:
    seen: dict[str, float] = {}

    async def handler(handling: Handling) -> None:
        seen[str(handling.event.payload["n"])] = time.perf_counter()

    worker = await worker_over(
        db, notifier, on(handler, "bench", name="bench", lane=DeliveryLane.PEOPLE), name="bench"
    )
    task = asyncio.create_task(worker.run())
    await asyncio.sleep(1.2)
    took: list[float] = []
    for n in range(count):
        key = f"{id(notifier)}-{n}"
        await Journal(db).accept(source="bench", kind="bench", dedup_key=key, payload={"n": key})
        began = time.perf_counter()
        while key not in seen:
            await asyncio.sleep(0.0005)
        took.append((seen[key] - began) * 1000)
        await asyncio.sleep(0.013)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return took


async def latency(servers: Servers, folder: Path) -> Measured:
    """One event after another, each while the worker is idle."""
    figures: dict[str, float] = {}
    async with fresh_place(servers) as place:
        for name, url, count in (
            ("with_redis", servers.redis_url(), 150),
            ("without_redis", None, 15),
        ):
            async with (
                open_notifier(url) as notifier,
                open_database(place.app, notifier=notifier) as db,
            ):
                took = await _starts(db, notifier, count)
            figures |= {
                f"{name}_p50_ms": round(share(took, 0.5), 1),
                f"{name}_max_ms": round(max(took), 1),
            }
    return Measured(figures=figures)


BENCHMARK = Benchmark(
    name="latency",
    what="event committed until its rule starts",
    figures=(
        at_most("with_redis_p50_ms", "with the notifier, p50", goal=25),
        at_most("with_redis_max_ms", "with the notifier, longest"),
        at_most("without_redis_p50_ms", "with Redis gone, p50"),
        at_most("without_redis_max_ms", "with Redis gone, longest", goal=1500),
    ),
    run=latency,
)
