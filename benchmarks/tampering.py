"""Ten thousand manipulations of an audit, and a hundred thousand regular rows by eight writers."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.harness.declare import Benchmark, Measured, at_least, at_most
from benchmarks.harness.places import fresh_place
from jarvis.engine import audit
from jarvis.engine.audit_checkpoints import Checkpoint
from jarvis.engine.audit_proof import verify
from jarvis.engine.db import Database, open_database
from jarvis.testing.servers import Servers

TAMPERINGS = 10_000
HONEST = 100_000
SEED = 2026


async def write(db: Database, rows: int, *, writers: int = 8) -> None:
    """Eight regular writers; every second transaction writes two entries."""

    async def one(number: int) -> None:
        for n in range(rows // writers):
            async with db.transaction() as tx:
                for part in range(1 + n % 2):
                    await audit.record(
                        tx,
                        action=f"test.{part}",
                        actor_name=f"Имя {number}",
                        outcome="ok",
                        subject=f"№{n}",
                        details={"b": 1.0, "a": [n, None]},
                    )

    await asyncio.gather(*(one(n) for n in range(writers)))


def tampering(chance: random.Random, row: asyncpg.Record) -> tuple[str, tuple[Any, ...]]:
    """One manipulation of a row, a payload, a head or a tail, with the owner's rights."""
    field = chance.choice(["action", "outcome", "trace_id"])
    return chance.choice(
        [
            (f"UPDATE audit_entry SET {field} = 'forged' WHERE id = $1", (row["id"],)),
            (
                "UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE id = $1",
                (row["id"],),
            ),
            ("UPDATE audit_entry SET hash = sha256(hash) WHERE id = $1", (row["id"],)),
            (
                "WITH gone AS (DELETE FROM audit_payload WHERE audit_entry_id = $1) DELETE FROM "
                "audit_entry WHERE id = $1",
                (row["id"],),
            ),
            (
                "UPDATE audit_payload SET body = replace(body, 'Имя', 'Другое') WHERE "
                "audit_entry_id = $1",
                (row["id"],),
            ),
            ("DELETE FROM audit_payload WHERE audit_entry_id = $1", (row["id"],)),
            (CUT, (row["shard"], row["n"])),
        ]
    )


CUT = """WITH gone AS (SELECT id FROM audit_entry WHERE shard = $1 AND n >= $2),
              words AS (DELETE FROM audit_payload WHERE audit_entry_id IN (SELECT id FROM gone)),
              rows AS (DELETE FROM audit_entry WHERE id IN (SELECT id FROM gone))
         UPDATE audit_head SET n = $2 - 1,
                hash = coalesce((SELECT hash FROM audit_entry WHERE shard = $1 AND n = $2 - 1),
                  '\\x') WHERE shard = $1"""


async def all_found(owner: asyncpg.Connection[Any], turns: int, chance: random.Random) -> None:
    """Apply this many manipulations, each rolled back; fails at the first that is not detected and
    named."""
    # the same fetch, fetchrow and fetchval, inside the transaction that is rolled back
    as_database: Any = owner
    heads = {
        r["shard"]: (r["n"], r["hash"].hex())
        for r in await owner.fetch("SELECT shard, n, hash FROM audit_head WHERE n > 0")
    }
    signed = Checkpoint(database="bench", number=1, at=datetime.now(UTC), heads=heads)
    rows = await owner.fetch("SELECT id, shard, n FROM audit_entry")
    for turn in range(turns):
        row = chance.choice(rows)
        transaction = owner.transaction()
        await transaction.start()
        sql, args = tampering(chance, row)
        await owner.execute(sql, *args)
        flaws = (await verify(as_database, checkpoint=signed)).flaws
        assert flaws, (turn, sql)
        assert flaws[0].shard == row["shard"], (turn, sql, flaws)
        assert flaws[0].n in (row["n"], row["n"] + 1), (turn, sql, flaws)
        await transaction.rollback()
    assert (await verify(as_database, checkpoint=signed)).whole


async def run(servers: Servers, folder: Path) -> Measured:
    """Fails at the first manipulation that is not detected and named, or at a false alarm."""
    async with fresh_place(servers) as place, open_database(place.app, max_size=10) as db:
        owner = await asyncpg.connect(place.owner)
        await write(db, 400)
        await all_found(owner, TAMPERINGS, random.Random(SEED))
        await owner.close()
        alarms = 0
        began = time.perf_counter()
        writing = asyncio.create_task(write(db, HONEST * 2 // 3))
        while not writing.done():
            alarms += not (await verify(db)).whole
            await asyncio.sleep(1)
        await writing
        proof = await verify(db)
        assert proof.whole, proof.flaws
        assert not alarms
    figures = {
        "tamperings_found": TAMPERINGS,
        "honest_rows": proof.rows,
        "false_alarms": alarms,
        "honest_s": round(time.perf_counter() - began, 1),
    }
    return Measured(figures=figures, conditions={"seed": SEED})


BENCHMARK = Benchmark(
    name="tampering",
    what="an audit bent in ten thousand ways, and eight honest writers under a verification every "
    "second",
    figures=(
        at_least("tamperings_found", "tamperings found and named", goal=TAMPERINGS),
        at_least("honest_rows", "honest rows"),
        at_most("false_alarms", "false alarms", goal=0),
        at_most("honest_s", "seconds that the honest rows took"),
    ),
    run=run,
    slow=True,
)
