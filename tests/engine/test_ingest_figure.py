"""The figure of ingest counts the rows behind the answers."""

from __future__ import annotations

import asyncpg
import pytest

from benchmarks.harness import bodies
from benchmarks.harness.load import Answers
from benchmarks.harness.places import fresh_place
from benchmarks.ingest import BARE, OURS, arrived
from jarvis.testing.servers import Servers


async def test_an_answered_delivery_without_its_row_fails_the_figure(servers: Servers) -> None:
    answers = Answers(run=bodies.new_run(), requests=1, seconds=1.0, p50_ms=1.0, p99_ms=1.0)
    async with fresh_place(servers) as place:
        owner = await asyncpg.connect(place.owner)
        for sql in (OURS, BARE):
            with pytest.raises(AssertionError, match="0 rows"):
                await arrived(owner, sql, answers, 16)
        await owner.close()
