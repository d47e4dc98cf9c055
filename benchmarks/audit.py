"""Appending to the audit inside a transaction, and verifying all that was appended."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

from benchmarks.harness.declare import Benchmark, Measured, at_least, at_most
from benchmarks.harness.places import fresh_place
from jarvis.engine import audit
from jarvis.engine.audit_proof import verify
from jarvis.engine.db import Database, open_database
from jarvis.testing.servers import Servers

ROWS = 20_000
ROUNDS = 3


async def _append(db: Database, rows: int, writers: int) -> list[float]:
    """Milliseconds of each append in a transaction of its own."""
    took: list[float] = []

    async def one(number: int) -> None:
        for n in range(rows // writers):
            async with db.transaction() as tx:
                began = time.perf_counter()
                await audit.record(
                    tx,
                    action="bench",
                    actor_name=f"Сотрудник {number}",
                    outcome="ok",
                    subject=f"rentprog:booking:{n}",
                    details={"n": n, "words": "продление"},
                )
                took.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(one(n) for n in range(writers)))
    return took


async def audit_figures(servers: Servers, folder: Path) -> Measured:
    """Appending (the call inside its transaction) by one writer and by eight, and verifying what
    they wrote."""
    async with fresh_place(servers) as place, open_database(place.app, max_size=8) as db:
        alone = await _append(db, 2000, 1)
        together = await _append(db, ROWS, 8)
        proof, rates = await verify(db), list[float]()
        for _ in range(ROUNDS):
            began = time.perf_counter()
            proof = await verify(db)
            rates.append(proof.rows / (time.perf_counter() - began))
        assert proof.whole, proof.flaws
    assert proof.rows >= ROWS, proof.rows
    figures = {
        "append_p50_ms": round(statistics.median(alone), 2),
        "append_p50_ms_8_writers": round(statistics.median(together), 2),
        "verify_rows_per_s": round(statistics.median(rates)),
    }
    return Measured(figures=figures, conditions={"verified_rows": proof.rows})


BENCHMARK = Benchmark(
    name="audit",
    what="what an entry adds to its transaction, and how fast the chain is verified",
    figures=(
        at_most("append_p50_ms", "one writer, p50", goal=1),
        at_most("append_p50_ms_8_writers", "eight writers at once, p50"),
        at_least("verify_rows_per_s", "rows verified a second", goal=100_000),
    ),
    run=audit_figures,
)
