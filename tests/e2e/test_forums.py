"""Topics of cars, as people see them in the forums of their branches, after moves, deletions by hand, repeats and failures."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jarvis.kit import faults
from jarvis.kit.world import World, WorldForum, load_world
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.core import until
from jarvis.testing.servers import Servers
from tests.e2e.test_acting import move_clock

LASHA, DATO = "Лаша Гогуадзе", "Дато Мчедлишвили"
TBILISI, BATUMI = "Branch_Tbilisi (forum)", "Branch_Batumi (forum)"
MALIBU = "Malibu 235 · TT-235-TT"


def small_world() -> World:
    """Two cars a branch, so that a group's twenty messages a minute are enough for everything."""
    world = load_world()
    cars = [c for b in ("tbilisi", "batumi", "kutaisi") for c in [c for c in world.cars if c.branch == b][:2]]
    kept = {c.id for c in cars}
    forums = [
        WorldForum(title=TBILISI, branch="tbilisi", members=[LASHA], topics=["Курилка", MALIBU]),
        WorldForum(title=BATUMI, branch="batumi", members=[DATO]),
    ]
    bookings = [b for b in world.bookings if b.car in kept]
    return world.model_copy(update={"cars": cars, "bookings": bookings, "forums": forums})


POINTS = (
    "tx.before_commit", "tx.after_commit", "event.claimed", "event.handled", "effect.claimed", "effect.attempted", "effect.answered",
    "telegram.before_send", "telegram.sent",
)  # fmt: skip


@pytest.fixture(scope="module")
async def shared(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[RunningApp]:
    """One app for the failures at each point: what a failure leaves is what the next one meets."""
    async with running_app(servers, tmp_path_factory.mktemp("shared"), world=small_world()) as opened:
        yield opened


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=small_world()) as opened:
        yield opened


def topics(app: RunningApp, person: str, forum: str) -> dict[str, Any]:
    """Open topics of a forum as a person sees them: title to number."""
    chat = next(c for c in app.telegram.chats_of(person) if c["title"] == forum)
    return {t["title"]: t["id"] for t in chat["topics"] if not t["closed"]}


def posts(app: RunningApp, person: str, forum: str, topic: str) -> list[dict[str, Any]]:
    number = topics(app, person, forum)[topic]
    return [m for m in app.telegram.messages_of(person, forum, topic=topic) if m["id"] != number]


async def move(app: RunningApp, branch: str, **extra: Any) -> None:
    await app.rentprog.change("move_car", {"car": "90001", "branch": branch, **extra})
    await app.quiet(60)


async def check_invariant(app: RunningApp) -> None:
    """Each active car of a branch with a forum has one open topic there and none elsewhere; ours and Telegram's rows agree."""
    rows = await app.core.db.fetch(
        """SELECT c.id, b.code, array_agg(ch.title ORDER BY ch.title) FILTER (WHERE t.id IS NOT NULL) AS forums,
                  array_agg(t.title) FILTER (WHERE t.id IS NOT NULL) AS titles
             FROM car c JOIN branch b ON b.id = c.branch_id LEFT JOIN topic t ON t.car_id = c.id AND t.state = 'open'
              AND t.purpose = 'branch_forum'
             LEFT JOIN chat ch ON ch.id = t.chat_id WHERE c.active GROUP BY c.id, b.code"""
    )
    want = {"tbilisi": [TBILISI], "batumi": [BATUMI]}
    assert [r["forums"] for r in rows] == [want.get(r["code"]) for r in rows]
    shown = [*topics(app, LASHA, TBILISI), *topics(app, DATO, BATUMI)]
    assert sorted(t for r in rows for t in r["titles"] or ()) == sorted(t for t in shown if t != "Курилка")


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
    assert MALIBU not in [e["title"] for e in made], "a topic that waited under this title was taken, no second one made"


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


async def test_the_opening_is_edited_in_place_and_not_too_often(app: RunningApp) -> None:
    app.start("scheduler")
    before = posts(app, LASHA, TBILISI, MALIBU)[0]
    for km in (130_000, 131_000, 132_000):
        await app.rentprog.change("set_mileage", {"car": "90001", "mileage": str(km)})
        await app.quiet()
    assert posts(app, LASHA, TBILISI, MALIBU)[0]["text"] == before["text"], "ten minutes have not passed"
    await move_clock(app, timedelta(minutes=11))

    async def edited() -> bool:
        (post,) = posts(app, LASHA, TBILISI, MALIBU)
        return "Пробег 132" in post["text"] and post["id"] == before["id"]

    await until(edited)


async def test_a_booking_that_goes_to_another_car_changes_both_posts(app: RunningApp) -> None:
    booking = next(b for b in app.rentprog.data.bookings.values() if b["number"] == 1201)
    rav = next(t for t in topics(app, LASHA, TBILISI) if t.startswith("RAV4"))
    await move_clock(app, timedelta(minutes=11))
    await app.rentprog.change("change_booking", {"booking": str(booking["id"]), "field": "car_id", "value": "90002"})
    await app.quiet(30)
    assert "№1201" not in posts(app, LASHA, TBILISI, MALIBU)[0]["text"]
    assert "№1201" in posts(app, LASHA, TBILISI, rav)[0]["text"]


async def test_a_post_that_was_refused_is_written_with_the_next_change(app: RunningApp) -> None:
    app.telegram.state.chats[-1000000006001].messages[posts(app, LASHA, TBILISI, MALIBU)[0]["id"]].sender = 1  # no post of ours now
    for minutes, km in ((11, 130_000), (22, 131_000)):
        await move_clock(app, timedelta(minutes=minutes))
        await app.rentprog.change("set_mileage", {"car": "90001", "mileage": str(km)})
        await app.quiet(30)
        if km == 130_000:
            assert await app.core.db.fetchval("SELECT opening_digest IS NULL FROM topic WHERE title = $1", MALIBU)
            app.telegram.state.chats[-1000000006001].messages[posts(app, LASHA, TBILISI, MALIBU)[0]["id"]].sender = app.telegram.bot_id
    assert "Пробег 131" in posts(app, LASHA, TBILISI, MALIBU)[0]["text"]


async def test_a_topic_deleted_by_hand_is_made_again_after_a_look(app: RunningApp) -> None:
    number = topics(app, LASHA, TBILISI)[MALIBU]
    await app.telegram.change("delete_topic", {"topic": f"{TBILISI}/{number}"})
    await move_clock(app, timedelta(minutes=11))
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
async def test_a_failure_at_any_point_of_a_move_leaves_one_topic(shared: RunningApp, point: str, hit: int) -> None:
    to = "tbilisi" if MALIBU in topics(shared, DATO, BATUMI) else "batumi"
    with faults.armed(f"{point}:{hit}:cut") as passed:
        await move(shared, to)
        assert passed[point] >= hit, "the failure came"
    await check_invariant(shared)


@pytest.mark.slow
async def test_any_sequence_of_moves_deletions_and_restarts_leaves_one_topic(app: RunningApp) -> None:
    chance = random.Random(11)
    for _ in range(12):
        what = chance.choice(["move", "move", "delete", "restart"])
        if what == "move":
            here = app.rentprog.data.cars[90001]["company_id"]
            codes = [b for b, company in app.rentprog.data.companies.items() if company != here]
            await app.rentprog.change("move_car", {"car": "90001", "branch": chance.choice(codes)})
        elif what == "delete" and MALIBU in topics(app, DATO, BATUMI):
            await app.telegram.change("delete_topic", {"topic": f"{BATUMI}/{topics(app, DATO, BATUMI)[MALIBU]}"})
        elif what == "restart":
            await app.stop("worker", "bot")
            app.start("worker")
            app.start("bot")
    await move_clock(app, timedelta(minutes=11))
    await app.rentprog.change("set_mileage", {"car": "90001", "mileage": "150000"})
    await app.quiet(120)
    await check_invariant(app)
