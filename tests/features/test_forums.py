"""Topics of cars, as people see them in the forums of their branches, after moves, deletions by
hand, repeats and failures."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from jarvis.kit import faults
from jarvis.testing.app import RunningApp
from jarvis.testing.core import move_clock, until
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.people import DATO, LASHA
from tests.scenes.topics import (
    BATUMI,
    MALIBU,
    POINTS,
    SHORT_LEASE,
    TBILISI,
    check_invariant,
    move,
    posts,
    small_world,
    topics,
)


@pytest.fixture(scope="module")
async def shared(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[RunningApp]:
    """One app for the failures at each point: what a failure leaves is what the next one meets."""
    async with running_feature(
        servers, tmp_path_factory.mktemp("shared"), world=small_world(), core=SHORT_LEASE
    ) as opened:
        # a move that RentProg told of in the same words before is read again after a while
        opened.start("scheduler")
        yield opened


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path, world=small_world()) as opened:
        yield opened


async def test_each_car_has_a_topic_with_a_pinned_opening(app: RunningApp) -> None:
    await check_invariant(app)
    (opening,) = posts(app, LASHA, TBILISI, MALIBU)
    assert opening["pinned"]
    assert "Malibu 235 · TT-235-TT · Тбилиси" in opening["text"]
    assert "В аренде, до 14.03.2026 12:00" in opening["text"]
    assert "№1200: 10.03.2026 12:00 → 14.03.2026 12:00" in opening["text"], "times are absolute"
    assert "Следующая: №1201, выдача 16.03.2026" in opening["text"]
    assert "Пробег 126" in opening["text"]
    made = [e for e in app.telegram.ledger.entries() if e["kind"] == "create_topic"]
    assert MALIBU not in [e["title"] for e in made], (
        "a topic that waited under this title was taken, no second one made"
    )


async def test_the_opening_is_edited_in_place_and_not_too_often(app: RunningApp) -> None:
    app.start("scheduler")
    before = posts(app, LASHA, TBILISI, MALIBU)[0]
    for km in (130_000, 131_000, 132_000):
        await app.rentprog.change("set_mileage", {"car": "90001", "mileage": str(km)})
        await app.quiet()
    assert posts(app, LASHA, TBILISI, MALIBU)[0]["text"] == before["text"], (
        "ten minutes have not passed"
    )
    await move_clock(app.core, timedelta(minutes=11))

    async def edited() -> bool:
        (post,) = posts(app, LASHA, TBILISI, MALIBU)
        return "Пробег 132" in post["text"] and post["id"] == before["id"]

    await until(edited)


async def test_a_booking_that_goes_to_another_car_changes_both_posts(app: RunningApp) -> None:
    booking = next(b for b in app.rentprog.data.bookings.values() if b["number"] == 1201)
    rav = next(t for t in topics(app, LASHA, TBILISI) if t.startswith("RAV4"))
    await move_clock(app.core, timedelta(minutes=11))
    await app.rentprog.change(
        "change_booking", {"booking": str(booking["id"]), "field": "car_id", "value": "90002"}
    )
    await app.quiet(30)
    assert "№1201" not in posts(app, LASHA, TBILISI, MALIBU)[0]["text"]
    assert "№1201" in posts(app, LASHA, TBILISI, rav)[0]["text"]


async def test_a_post_that_was_refused_is_written_with_the_next_change(app: RunningApp) -> None:
    # no post of ours now
    app.telegram.state.chats[-1000000006001].messages[
        posts(app, LASHA, TBILISI, MALIBU)[0]["id"]
    ].sender = 1
    for minutes, km in ((11, 130_000), (22, 131_000)):
        await move_clock(app.core, timedelta(minutes=minutes))
        await app.rentprog.change("set_mileage", {"car": "90001", "mileage": str(km)})
        await app.quiet(30)
        if km == 130_000:
            assert await app.core.db.fetchval(
                "SELECT opening_digest IS NULL FROM topic WHERE title = $1", MALIBU
            )
            app.telegram.state.chats[-1000000006001].messages[
                posts(app, LASHA, TBILISI, MALIBU)[0]["id"]
            ].sender = app.telegram.bot_id
    assert "Пробег 131" in posts(app, LASHA, TBILISI, MALIBU)[0]["text"]


async def test_a_topic_deleted_by_hand_is_made_again_after_a_look(app: RunningApp) -> None:
    number = topics(app, LASHA, TBILISI)[MALIBU]
    await app.telegram.change("delete_topic", {"topic": f"{TBILISI}/{number}"})
    await move_clock(app.core, timedelta(minutes=11))
    await app.rentprog.change("set_mileage", {"car": "90001", "mileage": "140000"})
    await app.quiet(30)
    assert topics(app, LASHA, TBILISI)[MALIBU] > number
    (opening,) = posts(app, LASHA, TBILISI, MALIBU)
    assert "Пробег 140" in opening["text"]
    assert opening["pinned"]
    await check_invariant(app)


@pytest.mark.slow
@pytest.mark.parametrize("hit", [1, 3])
@pytest.mark.parametrize("point", POINTS)
async def test_a_failure_at_any_point_of_a_move_leaves_one_topic(
    shared: RunningApp, point: str, hit: int
) -> None:
    to = "tbilisi" if MALIBU in topics(shared, DATO, BATUMI) else "batumi"

    async def moved() -> bool:
        await shared.quiet(60)
        return (MALIBU in topics(shared, DATO, BATUMI)) is (to == "batumi")

    with faults.armed(f"{point}:{hit}:cut") as passed:
        # a post may be edited again: a third effect of the move
        await move_clock(shared.core, timedelta(minutes=11))
        await move(shared, to)
        await until(moved, seconds=60)
        assert passed[point] >= hit, "the failure came"
    await check_invariant(shared)
