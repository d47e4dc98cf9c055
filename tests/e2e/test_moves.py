"""Many cars that go to one branch at once: the heads of the branch see how far their topics are, in one message."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.integrations.telegram.sandbox import rpc
from jarvis.kit.world import World, WorldForum, load_world
from jarvis.orchestrator import moves
from tests.conftest import Servers
from tests.e2e.test_forums import BATUMI, DATO, LASHA, TBILISI, topics
from tests.house import until
from tests.telegram_house import Talk, open_talk

CARS = 6


def world() -> World:
    whole = load_world()
    cars = [c for c in whole.cars if c.branch == "tbilisi"][:CARS]
    kept = {c.id for c in cars}
    forums = [
        WorldForum(title=TBILISI, branch="tbilisi", members=[LASHA]), WorldForum(title=BATUMI, branch="batumi", members=[DATO]),
    ]  # fmt: skip
    return whole.model_copy(update={"cars": cars, "bookings": [b for b in whole.bookings if b.car in kept], "forums": forums})


@pytest.fixture
async def talk(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Talk]:
    monkeypatch.setattr(moves, "LOOK_S", 0.3)  # nobody waits a quarter of a minute here
    monkeypatch.setattr(rpc, "GROUP_PER_MINUTE", 2000)  # the limits have a test of their own
    async with open_talk(servers, tmp_path, world=world(), telegram={"group_per_minute": 2000}) as opened:
        yield opened


async def test_a_head_sees_how_many_topics_are_ready(talk: Talk) -> None:
    talk.start("scheduler")
    await talk.stop("bot")  # Telegram is slow
    for number in range(CARS):
        await talk.rentprog.change(
            "move_car", {"car": str(90001 + number if number < 4 else [90006, 90014][number - 4]), "branch": "batumi"}
        )

    async def counted() -> bool:
        return bool(await talk.core.db.fetchval("SELECT true FROM effect WHERE args->>'text' LIKE '%тем готово 0 из 6' LIMIT 1"))

    await until(counted, seconds=20)
    talk.start("bot")

    async def ready() -> bool:
        return [m["text"] for m in talk.seen(DATO) if "готово" in m["text"]] == [f"✅ {BATUMI}: машины переехали, тем готово 6 из 6"]

    await until(ready, seconds=60)
    assert len(topics(talk, DATO, BATUMI)) == CARS


async def test_a_few_moves_are_no_news(talk: Talk) -> None:
    talk.start("scheduler")
    await talk.stop("bot")
    for car in ("90001", "90002"):
        await talk.rentprog.change("move_car", {"car": car, "branch": "batumi"})

    async def looked() -> bool:
        return await talk.core.db.fetchval("SELECT count(*) > 2 FROM event WHERE kind = 'moves.progress' AND state = 'done'")

    await until(looked, seconds=20)
    talk.start("bot")

    async def over() -> bool:
        return not await talk.core.db.fetchval("SELECT true FROM timer WHERE kind = 'moves.progress' AND state = 'armed'")

    await until(over, seconds=40)
    assert [m for m in talk.seen(DATO) if "готово" in m["text"]] == []
