"""The pool: a task with an open transaction needs one connection, however much it reads
meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from jarvis.engine.db import Database, open_database
from jarvis.testing.servers import Servers

SIZE = 3


@pytest.fixture
async def small(servers: Servers) -> AsyncGenerator[Database]:
    name = await servers.database()
    async with open_database(servers.app_dsn(name), max_size=SIZE) as database:
        yield database
    await servers.drop(name)


async def test_as_many_readers_inside_transactions_as_the_pool_is_large_all_end(
    small: Database,
) -> None:
    begun = asyncio.Barrier(SIZE)

    async def handler() -> int:
        async with small.transaction() as tx:
            await tx.execute("SELECT 1")
            await begun.wait()  # every connection is taken now
            return await small.fetchval("SELECT pg_backend_pid()") + len(
                await small.fetch("SELECT 1")
            )

    async with asyncio.timeout(10):
        assert len({*await asyncio.gather(*(handler() for _ in range(SIZE)))}) == SIZE


async def test_what_a_task_reads_in_its_transaction_sees_what_it_wrote_and_others_do_not(
    small: Database,
) -> None:
    count = "SELECT count(*) FROM clock_setting WHERE offset_s = 17"

    with pytest.raises(ZeroDivisionError):
        async with small.transaction() as tx:
            await tx.execute("UPDATE clock_setting SET offset_s = 17")
            assert await small.fetchval(count) == 1
            row = await small.fetchrow(count)
            assert row is not None
            assert row[0] == 1
            assert await asyncio.create_task(small.fetchval(count)) == 0, "another task's view"
            raise ZeroDivisionError
    assert await small.fetchval(count) == 0
    assert await small.execute("UPDATE clock_setting SET offset_s = offset_s") == 1


async def test_a_second_transaction_in_one_task_is_refused_and_the_first_one_stands(
    small: Database,
) -> None:
    async with small.transaction() as tx:
        with pytest.raises(RuntimeError, match="pass it on"):
            async with small.transaction():
                pass
        assert await tx.fetchval("SELECT 1") == 1
    async with small.transaction() as tx:
        assert await tx.fetchval("SELECT 2") == 2
