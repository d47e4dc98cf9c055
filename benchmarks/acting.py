"""Figures of acting: claims against a bare queue, the audit's append and verify, a card from its press to its receipt."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg

from jarvis.engine import audit
from jarvis.engine.audit_proof import verify
from jarvis.engine.db import Database, open_database
from jarvis.engine.journal import Journal

Row = dict[str, Any]
EVENTS = 1200
BATCH = 10
ROUNDS = 3
PAUSE_S = 1.5  # as people pause; a chat takes one message a second, and that is not measured here
_BARE_CLAIM = """UPDATE bench_queue q SET state = 'claimed' FROM (
             SELECT id FROM bench_queue WHERE state = 'ready' ORDER BY id LIMIT 10 FOR UPDATE SKIP LOCKED) r
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


async def claims(app_dsn: str) -> Row:
    """Claim ten and finish each of them: the journal (order by key, lease, fence) against a bare SKIP LOCKED queue, in turns."""
    result: Row = {}
    async with open_database(app_dsn, max_size=6) as db:
        journal = Journal(db)

        async def ours(number: int) -> int:
            events = await journal.claim(f"bench{number}", limit=BATCH)
            for event in events:
                await journal.done(event)
            return len(events)

        async def bare(number: int) -> int:
            rows = await db.fetch(_BARE_CLAIM)
            for row in rows:
                await db.execute("UPDATE bench_queue SET state = 'done' WHERE id = $1", row["id"])
            return len(rows)

        for workers in (1, 2, 4):
            rates: dict[str, list[float]] = {"ours": [], "bare": []}
            for _ in range(ROUNDS):
                await db.execute("DELETE FROM bench_queue")
                await db.execute("INSERT INTO bench_queue (state) SELECT 'ready' FROM generate_series(1, $1)", EVENTS)
                rates["bare"].append(await _drain(workers, bare))
                await db.execute(
                    """INSERT INTO event (source, kind, dedup_key, ordering_key, trace_id)
                       SELECT 'bench', 'bench', gen_random_uuid()::text, 'k' || n, 't' FROM generate_series(1, $1) n""",
                    EVENTS,
                )
                rates["ours"].append(await _drain(workers, ours))
            ours_s, bare_s = (statistics.median(rates[name]) for name in ("ours", "bare"))
            result |= {f"ours_per_s_{workers}w": round(ours_s), f"bare_per_s_{workers}w": round(bare_s),
                       f"share_{workers}w": round(ours_s / bare_s, 2)}  # fmt: skip
    return result


async def _append(db: Database, rows: int, writers: int) -> list[float]:
    """Milliseconds of each append in a transaction of its own."""
    took: list[float] = []

    async def one(number: int) -> None:
        for n in range(rows // writers):
            async with db.transaction() as tx:
                began = time.perf_counter()
                await audit.record(tx, action="bench", actor_name=f"Сотрудник {number}", outcome="ok", subject=f"rentprog:booking:{n}",
                                   details={"n": n, "words": "продление"})  # fmt: skip
                took.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(one(n) for n in range(writers)))
    return took


async def audit_figures(app_dsn: str, *, rows: int = 20_000) -> Row:
    """Appending (the call inside its transaction) by one writer and by eight, and verifying what they wrote."""
    async with open_database(app_dsn, max_size=8) as db:
        alone = await _append(db, 2000, 1)
        together = await _append(db, rows, 8)
        proof, rates = await verify(db), list[float]()
        for _ in range(ROUNDS):
            began = time.perf_counter()
            proof = await verify(db)
            rates.append(proof.rows / (time.perf_counter() - began))
        assert proof.whole, proof.flaws
    return {
        "append_p50_ms": round(statistics.median(alone), 2), "append_p50_ms_8_writers": round(statistics.median(together), 2),
        "verified_rows": proof.rows, "verify_rows_per_s": round(statistics.median(rates)),
    }  # fmt: skip


async def approvals(servers: Any, folder: Path) -> Row:
    """In the chat of the Telegram sandbox, with RentProg's sandbox behind: words → card, press → receipt, undo → done."""
    from jarvis.testing.app import running_app

    took: dict[str, list[float]] = {"card": [], "receipt": [], "undo": []}
    async with running_app(servers, folder) as app:
        person = "Лаша Гогуадзе"

        async def timed(step: str, act: Callable[[], Awaitable[object]], word: str, after: int) -> Any:
            began = time.perf_counter()
            await act()
            while True:
                found = [m for m in app.seen(person) if m["id"] > after and word in m["text"]]
                if found:
                    took[step].append((time.perf_counter() - began) * 1000)
                    return found[-1]
                await asyncio.sleep(0.002)

        async def say() -> None:
            app.telegram.send(person, "dm", "продли 1200 до 15.03")

        for _ in range(20):
            after = max((m["id"] for m in app.seen(person)), default=0)
            card = await timed("card", say, "Подтвердите", after)
            await asyncio.sleep(PAUSE_S)
            await timed("receipt", lambda card=card: app.telegram.press(person, "dm", int(card["id"]), 0), "RentProg принял", after)
            await asyncio.sleep(PAUSE_S)
            await timed("undo", lambda card=card: app.telegram.press(person, "dm", int(card["id"]), 0), "Отменено", after)
            await asyncio.sleep(PAUSE_S)
    return {f"{step}_{name}_ms": round(value, 1) for step, times in took.items()
            for name, value in (("p50", statistics.median(times)), ("max", max(times)))}  # fmt: skip


async def prepare(owner: str) -> None:
    """The bare queue beside our tables."""
    connection = await asyncpg.connect(owner)
    await connection.execute("CREATE TABLE bench_queue (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL)")
    await connection.execute("CREATE INDEX ON bench_queue (id) WHERE state = 'ready'")
    await connection.close()
