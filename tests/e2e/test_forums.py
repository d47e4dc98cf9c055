"""Topics of cars, as people see them in the forums of their branches, after moves, deletions by
hand, repeats and failures."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.core import move_clock
from jarvis.testing.servers import Servers
from tests.scenes.people import DATO, LASHA
from tests.scenes.topics import (
    BATUMI,
    MALIBU,
    TBILISI,
    check_invariant,
    move,
    posts,
    small_world,
    topics,
)


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=small_world()) as opened:
        yield opened


async def test_a_move_closes_the_old_topic_and_a_return_opens_it_again(app: RunningApp) -> None:
    first = topics(app, LASHA, TBILISI)[MALIBU]
    await move(app, "batumi", both=True)  # RentProg tells of it twice
    assert MALIBU not in topics(app, LASHA, TBILISI)
    (opening,) = posts(app, DATO, BATUMI, MALIBU)
    assert "Батуми" in opening["text"]
    assert opening["pinned"]
    await check_invariant(app)
    await move(app, "kutaisi")  # no forum there: no topic
    assert MALIBU not in topics(app, DATO, BATUMI)
    await check_invariant(app)
    await move(app, "tbilisi")
    assert topics(app, LASHA, TBILISI)[MALIBU] == first
    await check_invariant(app)


@pytest.mark.slow
async def test_any_sequence_of_moves_deletions_and_restarts_leaves_one_topic(
    app: RunningApp,
) -> None:
    chance = random.Random(11)
    for _ in range(12):
        what = chance.choice(["move", "move", "delete", "restart"])
        if what == "move":
            here = app.rentprog.data.cars[90001]["company_id"]
            codes = [b for b, company in app.rentprog.data.companies.items() if company != here]
            await app.rentprog.change("move_car", {"car": "90001", "branch": chance.choice(codes)})
        elif what == "delete" and MALIBU in topics(app, DATO, BATUMI):
            await app.telegram.change(
                "delete_topic", {"topic": f"{BATUMI}/{topics(app, DATO, BATUMI)[MALIBU]}"}
            )
        elif what == "restart":
            await app.stop("worker", "bot")
            app.start("worker")
            app.start("bot")
    await move_clock(app.core, timedelta(minutes=11))
    await app.rentprog.change("set_mileage", {"car": "90001", "mileage": "150000"})
    await app.quiet(120)
    await check_invariant(app)
