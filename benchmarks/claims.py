"""Claiming events and finishing them, against a bare queue."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.harness.declare import Benchmark, Figure, Measured, at_least
from benchmarks.harness.places import fresh_place
from jarvis.engine.db import open_database
from jarvis.engine.deliveries import Deliveries
from jarvis.engine.subscriptions import UNROUTED, DeliveryLane
from jarvis.testing.servers import Servers

EVENTS = 1200
BATCH = 10
ROUNDS = 3
_BARE_CLAIM = """UPDATE bench_queue q SET state = 'claimed' FROM (
             SELECT id FROM bench_queue WHERE state = 'ready' ORDER BY id LIMIT 10
               FOR UPDATE SKIP LOCKED) r
            WHERE q.id = r.id RETURNING q.id"""


async def _drain(workers: int, turn: Callable[[int], Awaitable[int]]) -> float:
    """Rows a second until nothing is left."""

    async def one(number: int) -> int:
        total = 0
        while count := await turn(number):
            total += count
        return total

    began = time.perf_counter()
    total = sum(await asyncio.gather(*(one(n) for n in range(workers))))
    assert total == EVENTS, total
    return total / (time.perf_counter() - began)


async def claims(servers: Servers, folder: Path) -> Measured:
    """Claim ten and finish each: deliveries (order, fairness, lease, fence) against a bare SKIP
    LOCKED queue, in turns."""
    figures: dict[str, float] = {}
    async with fresh_place(servers) as place, open_database(place.app, max_size=6) as db:
        deliveries = Deliveries(db)

        async def ours(number: int) -> int:
            claimed = await deliveries.claim(
                f"bench{number}", DeliveryLane.VENDORS, [UNROUTED], limit=BATCH
            )
            for delivery in claimed:
                await deliveries.done(delivery)
            return len(claimed)

        async def bare(number: int) -> int:
            rows = await db.fetch(_BARE_CLAIM)
            for row in rows:
                await db.execute("UPDATE bench_queue SET state = 'done' WHERE id = $1", row["id"])
            return len(rows)

        for workers in (1, 2, 4):
            rates: dict[str, list[float]] = {"ours": [], "bare": []}
            for _ in range(ROUNDS):
                await db.execute("DELETE FROM bench_queue")
                await db.execute(
                    "INSERT INTO bench_queue (state) SELECT 'ready' FROM generate_series(1, $1)",
                    EVENTS,
                )
                rates["bare"].append(await _drain(workers, bare))
                await db.execute(
                    """SELECT count(*) FROM generate_series(1, $1) n CROSS JOIN LATERAL
                         event_accept('bench', 'bench', gen_random_uuid()::text, 'k' || n, NULL,
                           '{}', 't', NULL, NULL)""",
                    EVENTS,
                )
                rates["ours"].append(await _drain(workers, ours))
            ours_s, bare_s = (statistics.median(rates[name]) for name in ("ours", "bare"))
            figures[f"ours_per_s_{workers}w"], figures[f"bare_per_s_{workers}w"] = (
                round(ours_s),
                round(bare_s),
            )
            figures[f"share_{workers}w"] = round(ours_s / bare_s, 2)
    return Measured(figures=figures)


def _figures(workers: int) -> tuple[Figure, ...]:
    who = "1 worker" if workers == 1 else f"{workers} workers"
    return (
        at_least(f"ours_per_s_{workers}w", f"{who}: deliveries a second"),
        at_least(f"bare_per_s_{workers}w", f"{who}: rows a second from the bare queue"),
        at_least(f"share_{workers}w", f"{who}: ours of the bare queue", goal=0.5),
    )


BENCHMARK = Benchmark(
    name="claims",
    what="claim ten deliveries and finish each (order by key, fair to senders, lease, fence), "
    "against a bare SKIP LOCKED queue",
    figures=(*_figures(1), *_figures(2), *_figures(4)),
    run=claims,
)
