"""Many cars that go to one branch at once: the heads of the branch see how far their topics are, in
one message."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.core import until
from jarvis.testing.servers import Servers
from tests.scenes.moves import CARS, world
from tests.scenes.people import DATO
from tests.scenes.topics import BATUMI, topics


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=world(), core={"moves_look_s": 0.3}) as opened:
        yield opened


async def test_a_head_sees_how_many_topics_are_ready(app: RunningApp) -> None:
    app.start("scheduler")
    await app.stop("bot")  # Telegram is slow
    for number in range(CARS):
        await app.rentprog.change(
            "move_car",
            {
                "car": str(90001 + number if number < 4 else [90006, 90014][number - 4]),
                "branch": "batumi",
            },
        )

    async def counted() -> bool:
        return bool(
            await app.core.db.fetchval(
                "SELECT true FROM effect WHERE args->>'text' LIKE '%тем готово 0 из 6' LIMIT 1"
            )
        )

    await until(counted, seconds=20)
    app.start("bot")

    async def ready() -> bool:
        return [m["text"] for m in app.seen(DATO) if "готово" in m["text"]] == [
            f"✅ {BATUMI}: машины переехали, тем готово 6 из 6"
        ]

    await until(ready, seconds=60)
    assert len(topics(app, DATO, BATUMI)) == CARS
