"""The audit cannot be bent: every tampering is found, and honest writers raise no alarm."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from typing import Any

import asyncpg
import pytest

from benchmarks.tampering import all_found, write
from jarvis.engine import audit
from jarvis.engine.audit_proof import Seal, broken_by, heads, verify
from jarvis.engine.db import Database
from jarvis.kit.canon import canonical
from jarvis.kit.errors import InvalidRequest
from jarvis.testing.servers import Servers

TAMPERINGS = 300  # `python -m benchmarks tampering` runs ten thousand


@pytest.fixture
async def owner(servers: Servers, db: Database) -> AsyncGenerator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(servers.owner_dsn(await db.fetchval("SELECT current_database()")))
    yield connection
    await connection.close()


async def test_honest_writers_side_by_side_raise_no_alarm(db: Database) -> None:
    writing = asyncio.create_task(write(db, 800))
    while not writing.done():
        assert (await verify(db)).whole, "also while they write"
    proof = await verify(db, seals=[await heads(db)])
    assert proof.whole
    assert proof.rows == await db.fetchval("SELECT count(*) FROM audit_entry") == 1200
    assert await db.fetchval("SELECT count(DISTINCT shard) FROM audit_entry") >= 8, "they do not queue on one chain"


async def test_one_transaction_stays_on_one_chain(db: Database) -> None:
    async with db.transaction() as tx:
        for n in range(5):
            await audit.record(tx, action="t", actor_name="t", outcome=str(n))
    assert await db.fetchval("SELECT count(DISTINCT shard) FROM audit_entry") == 1


async def test_what_was_rolled_back_leaves_no_gap(db: Database) -> None:
    with pytest.raises(RuntimeError):
        async with db.transaction() as tx:
            await audit.record(tx, action="t", actor_name="t", outcome="lost")
            raise RuntimeError
    await write(db, 64)
    assert (await verify(db)).whole


@pytest.mark.slow
async def test_every_tampering_is_found_and_named(db: Database, owner: asyncpg.Connection[Any]) -> None:
    await write(db, 400)
    await all_found(owner, TAMPERINGS, random.Random(2026))


async def test_a_tail_that_was_written_anew_shows_only_against_the_signed_heads(db: Database, owner: asyncpg.Connection[Any]) -> None:
    await write(db, 200)
    seal = Seal.read((await heads(db)).signed("key"), "key")
    shard, n = await db.fetchval("SELECT shard FROM audit_head ORDER BY n DESC LIMIT 1"), 1
    await owner.execute(
        f"""DO $$ DECLARE r audit_entry; prev bytea := '\\x'; BEGIN
              UPDATE audit_entry SET outcome = 'forged' WHERE shard = {shard} AND n = {n};
              FOR r IN SELECT * FROM audit_entry WHERE shard = {shard} ORDER BY n LOOP
                prev := audit_link(prev, r.id, r.shard, r.n, r.at, r.action, r.actor_employee_id, r.outcome, r.event_id, r.effect_id,
                                   r.trace_id, r.payload_hash);
                UPDATE audit_entry SET hash = prev WHERE id = r.id;
              END LOOP;
              UPDATE audit_head SET hash = prev WHERE shard = {shard}; END $$"""
    )
    assert (await verify(db)).whole, "the chain alone cannot know"
    flaw = await broken_by(db, seal)
    assert flaw is not None
    assert flaw.shard == shard
    assert "rewritten" in str(flaw)
    with pytest.raises(InvalidRequest, match="not signed"):
        Seal.read(seal.signed("another"), "key")


async def test_words_may_be_erased_on_record_and_the_chain_stays(db: Database) -> None:
    await write(db, 64)
    entry = await db.fetchval("SELECT id FROM audit_entry LIMIT 1")
    await audit.erase(db, entry, by=None, by_name="Павел", reason="a client asked")
    proof = await verify(db)
    assert proof.whole
    assert proof.erased == 1
    assert await db.fetchval("SELECT count(*) FROM audit_payload WHERE audit_entry_id = $1", entry) == 0


async def test_words_written_again_in_another_spelling_are_the_same_words(db: Database, owner: asyncpg.Connection[Any]) -> None:
    await write(db, 8)
    await owner.execute("UPDATE audit_payload SET body = '{\"subject\": ' || ((body::jsonb)->'subject')::text || ', \"details\": "
                        "{\"a\":  ' || ((body::jsonb)->'details'->'a')::text || ', \"b\": 1.00}, \"actor\": '"
                        " || ((body::jsonb)->'actor')::text || '}'")  # fmt: skip
    assert (await verify(db)).whole


def test_one_spelling_for_equal_values() -> None:
    assert canonical({"b": 1.0, "a": [1, 10e-1]}) == canonical({"a": [1.0, 1], "b": 1}) == '{"a":[1,1],"b":1}'
    assert canonical({"a": 0.1}) != canonical({"a": "0.1"})
    assert canonical([True]) != canonical([1])
    for bad in (float("nan"), {1: "x"}, {"x": object()}):
        with pytest.raises(InvalidRequest):
            canonical(bad)
