"""Many cars that go to one branch at once: the heads of the branch see how far their topics are, in
one message."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp
from jarvis.testing.core import until
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.moves import world
from tests.scenes.people import DATO


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_feature(
        servers, tmp_path, world=world(), core={"moves_look_s": 0.3}
    ) as opened:
        yield opened


async def test_a_few_moves_are_no_news(app: RunningApp) -> None:
    app.start("scheduler")
    await app.stop("bot")
    for car in ("90001", "90002"):
        await app.rentprog.change("move_car", {"car": car, "branch": "batumi"})

    async def looked() -> bool:
        return await app.core.db.fetchval(
            "SELECT count(*) > 2 FROM event_status WHERE kind = 'moves.progress' AND state = 'done'"
        )

    await until(looked, seconds=20)
    app.start("bot")

    async def over() -> bool:
        return not await app.core.db.fetchval(
            "SELECT true FROM timer WHERE kind = 'moves.progress' AND state = 'armed'"
        )

    await until(over, seconds=40)
    assert [m for m in app.seen(DATO) if "готово" in m["text"]] == []
