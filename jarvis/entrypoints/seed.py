"""Empties a demo's database, and seeds an empty one with every noun's part of a world."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from graphlib import TopologicalSorter
from typing import cast

import asyncpg

from jarvis.app.discovery import Found, features
from jarvis.app.feature import Feature, Seed, Seeding
from jarvis.engine.audit_checkpoints import Checkpoints
from jarvis.engine.audit_proof import CHAINS, begin_checkpoints
from jarvis.engine.db import Database
from jarvis.kit.clock import Clock
from jarvis.kit.world import World

# Everything but the schema's own rows, among them the look-up tables, whose key is a name; the
# audit and the memory can only be emptied by the owner. The order is that in which a transaction
# comes to them: its business first, then a head of the audit, then the entry.
_TABLES_SQL = """SELECT string_agg(format('%I', tablename), ', '
                                   ORDER BY tablename LIKE 'audit%', tablename <> 'audit_head',
                                     tablename) FROM pg_tables
                  WHERE schemaname = 'public' AND tablename NOT IN ('migration', 'branch',
                    'clock_setting', 'event_subscription')
                    AND NOT EXISTS (SELECT FROM information_schema.key_column_usage k
                                     WHERE k.constraint_schema = 'public'
                                       AND k.constraint_name = tablename || '_pkey'
                                       AND k.column_name = 'name')"""
_TRIES = 30  # a transaction that waits for another of our tables continues once we release ours


async def wipe(owner: Database, checkpoints: Checkpoints) -> None:
    """Empty every table of a demo's database (with the owner's role), atomically for concurrent
    writers.

    It then counts as another database: its audit and the audit's checkpoints start anew.
    """
    for left in reversed(range(_TRIES)):
        try:
            await _empty(owner)
            break
        except (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError):
            if not left:
                raise
            await asyncio.sleep(0.2)
    await begin_checkpoints(
        owner, checkpoints, by_name="demo", reason="the demo's database was emptied"
    )


async def _empty(owner: Database) -> None:
    async with owner.transaction() as tx:
        await tx.execute("SET LOCAL lock_timeout = '2s'")
        await tx.execute(f"TRUNCATE {await tx.fetchval(_TABLES_SQL)} CASCADE")
        await tx.execute(
            "INSERT INTO audit_head (shard) SELECT generate_series(0, $1::int - 1)", CHAINS
        )
        await tx.execute("INSERT INTO audit_database DEFAULT VALUES")
        await tx.execute("DELETE FROM event_subscription WHERE routed_as IS NOT NULL")


async def seed(db: Database, clock: Clock, world: World) -> None:
    """Every noun's part of the world; running it again changes nothing."""
    for found, seeding in in_order(features()):
        (entry,) = found.objects([seeding.seed])
        await cast(Seed, entry)(db, clock, world)


def in_order(found: Sequence[Found[Feature]]) -> list[tuple[Found[Feature], Seeding]]:
    """The features that seed something, each after those whose part it needs.

    Raises:
        ValueError: a dependency seeds nothing, or dependencies form a cycle.
    """
    seeding = {each.manifest.name: (each, each.manifest.seeding) for each in found}
    parts = {name: (each, part) for name, (each, part) in seeding.items() if part is not None}
    for name, (_, part) in parts.items():
        if unknown := part.after - parts.keys():
            raise ValueError(
                f"the seeding of {name} waits for {sorted(unknown)}, which seed nothing"
            )
    order = TopologicalSorter({name: sorted(part.after) for name, (_, part) in parts.items()})
    return [parts[name] for name in order.static_order()]
