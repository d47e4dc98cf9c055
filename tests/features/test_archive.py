"""The archive: material of a car for good; a topic closes only when all of it is there, and is
deleted a day later."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from jarvis.domains.chats.models import Subject
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.topics import transcript
from jarvis.domains.topics.archive import SWEPT, portion
from jarvis.domains.topics.checks import PERIOD_S
from jarvis.engine.effects import Origin
from jarvis.kit import faults
from jarvis.kit.errors import InvalidRequest
from jarvis.testing.app import RunningApp
from jarvis.testing.core import NOW, load_all, until
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.archive import ARCHIVE, archived, day, file, world
from tests.scenes.people import DATO, LASHA, TAMAR
from tests.scenes.reconcile import cycle
from tests.scenes.topics import (
    BATUMI,
    MALIBU,
    POINTS,
    SHORT_LEASE,
    TBILISI,
    check_invariant,
    move,
    topics,
)


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path, world=world()) as opened:
        yield opened


async def test_material_is_archived_and_nobody_else_writes_there(app: RunningApp) -> None:
    await file(app, 0, "Приём №1200")
    await file(app, 2, "Повреждение")
    shown = archived(app)
    assert [m["kind"] for m in shown] == ["photo"] * 4
    assert "Приём №1200" in shown[0]["text"]
    assert "Повреждение" in shown[2]["text"]
    with pytest.raises(InvalidRequest):
        app.telegram.send(TAMAR, ARCHIVE, "и я", topic=MALIBU)


async def test_a_car_that_returns_within_the_day_keeps_its_topic(app: RunningApp) -> None:
    number = topics(app, LASHA, TBILISI)[MALIBU]
    await move(app, "batumi")
    await move(app, "tbilisi")
    await day(app)
    assert topics(app, LASHA, TBILISI)[MALIBU] == number
    await check_invariant(app)


async def test_what_was_said_while_a_topic_closed_is_archived_before_it_goes(
    app: RunningApp,
) -> None:
    number = topics(app, LASHA, TBILISI)[MALIBU]
    await app.stop("bot")
    app.telegram.send(LASHA, TBILISI, "Ключ под ковриком", topic=MALIBU)
    await app.rentprog.change("move_car", {"car": "90001", "branch": "batumi"})

    async def closing() -> bool:
        return bool(
            await app.core.db.fetchval("SELECT true FROM effect WHERE kind = 'telegram.topic_edit'")
        )

    await until(closing, seconds=20)
    app.start("bot")
    await app.quiet(60)
    await day(app)
    assert [m["text"].count("Ключ под ковриком") for m in archived(app)] == [1]
    forum = next(c for c in app.telegram.state.chats.values() if c.title == TBILISI)
    assert not forum.topics[number].deleted, "kept for another day"
    await day(app)
    assert forum.topics[number].deleted
    assert [m["text"].count("Ключ под ковриком") for m in archived(app)] == [1]


async def test_a_car_that_moved_before_it_had_its_waiting_topic_leaves_it_all_the_same(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path, world=world(), load=False) as app:
        forum = next(c for c in app.telegram.state.chats.values() if c.title == TBILISI)
        number = topics(app, LASHA, TBILISI)[MALIBU]
        app.telegram.send(LASHA, TBILISI, "Ключ под ковриком", topic=MALIBU)
        await app.rentprog.change("move_car", {"car": "90001", "branch": "batumi"})
        await load_all(app.core)
        await app.quiet(60)
        assert MALIBU in topics(app, DATO, BATUMI)
        await day(app)
        assert forum.topics[number].deleted
        assert [m["text"].count("Ключ под ковриком") for m in archived(app)] == [1]
        await check_invariant(app)


async def test_what_is_deleted_in_the_archive_is_published_again(app: RunningApp) -> None:
    await file(app, 0, "Другое")
    before = [m["id"] for m in archived(app)]
    chat = next(c for c in app.telegram.state.chats.values() if c.title == ARCHIVE)
    chat.messages[before[0]].deleted = True
    await day(app)
    await cycle(app)
    now = [m["id"] for m in archived(app)]
    assert len(now) == 2
    assert before[1] in now
    assert before[0] not in now


async def test_without_rights_in_the_archive_nothing_is_closed_until_they_are_back(
    app: RunningApp,
) -> None:
    await app.telegram.change("demote_bot", {"chat": ARCHIVE})
    await cycle(app)
    assert "не хватает прав" in app.seen("Павел Дёмин")[-1]["text"]
    await file(app, 0, "Другое")
    await move(app, "batumi")
    assert MALIBU in topics(app, LASHA, TBILISI), "its material is nowhere else"
    assert MALIBU in topics(app, DATO, BATUMI), "the car has its new topic all the same"
    await app.telegram.change("promote_bot", {"chat": ARCHIVE})
    await cycle(app)
    assert len(archived(app)) == 2
    assert MALIBU not in topics(app, LASHA, TBILISI)
    await check_invariant(app)


async def test_what_a_repeated_handling_tells_besides_is_archived_too(app: RunningApp) -> None:
    await file(app, 0, "Другое")  # makes the car's topic in the archive
    db, registry = app.core.db, TopicRegistry(app.core.clock)
    car = await app.core.db.fetchval("SELECT car_id FROM topic WHERE title = $1 LIMIT 1", MALIBU)
    origin = Origin(event_id=None, trace_id="handled twice")
    for said in ("Ключ под ковриком", "Бак полный"):
        app.telegram.send(LASHA, TBILISI, said, topic=MALIBU)
        await app.quiet(30)
        async with db.transaction() as tx:
            topic = await registry.live(tx, Subject("car", car), "branch_forum")
            place = await registry.live(tx, Subject("car", car), "archive")
            assert topic is not None
            assert place is not None
            await transcript.copy_messages(tx, origin, registry, topic, place)
        await app.quiet(30)
    shown = "".join(m["text"] for m in archived(app))
    assert [shown.count(said) for said in ("Ключ под ковриком", "Бак полный")] == [1, 1]


async def test_a_topic_that_could_not_be_deleted_goes_another_day(app: RunningApp) -> None:
    forum = next(c for c in app.telegram.state.chats.values() if c.title == TBILISI)
    number = topics(app, LASHA, TBILISI)[MALIBU]
    await move(app, "batumi")
    await app.telegram.change("demote_bot", {"chat": TBILISI})
    await day(app)
    assert not forum.topics[number].deleted
    await app.telegram.change("promote_bot", {"chat": TBILISI})
    await day(app)
    assert forum.topics[number].deleted


def test_no_car_waits_for_those_that_nothing_helps() -> None:
    cars = [uuid4() for _ in range(3 * SWEPT)]
    periods = [portion(cars, NOW + n * timedelta(seconds=PERIOD_S)) for n in range(3)]
    assert {car for swept in periods for car in swept} == set(cars)
    assert portion(cars[:2], NOW) == sorted(cars[:2])
    assert portion([], NOW) == []


async def test_a_cars_material_in_two_taps(app: RunningApp) -> None:
    nothing = await app.ask(LASHA, "/car")
    assert "Материалов пока нет" in nothing["text"]
    await file(app, 0, "Приём №1200")
    await file(app, 2, "Повреждение")
    which = await app.ask(LASHA, "/car")
    assert which["buttons"] == [["Malibu 235"]]
    sets = await app.press(LASHA, which, "Malibu 235")
    assert sets["id"] == which["id"], "one message"
    assert "наборов материалов 2" in sets["text"]
    assert "1. Повреждение" in sets["text"]
    assert "2. Приём №1200 · 12.03.2026 14:30 · Лаша Гогуадзе · 2 шт." in sets["text"]
    for _ in range(2):  # a button of a list works as often as it is pressed
        await app.telegram.press(LASHA, "dm", sets["id"], 1)
        await app.quiet(30)
    shown = [m for m in app.seen(LASHA) if m["media"]]
    assert len(shown) == 4
    assert "Приём №1200" in shown[0]["text"]
    named = await app.ask(LASHA, "/car малибу 235")
    assert "наборов материалов 2" in named["text"]
    assert "Такой машины не нашёл" in (await app.ask(LASHA, "/car дирижабль"))["text"]
    denied = await app.ask("Анна Соколова", "/car малибу 235")
    assert "других филиалов" in denied["text"]
    assert not denied["buttons"]


@pytest.fixture(scope="module")
async def shared(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[RunningApp]:
    """One app for the failures at each point: what a failure leaves is what the next one meets."""
    async with running_feature(
        servers, tmp_path_factory.mktemp("shared"), world=world(), core=SHORT_LEASE
    ) as opened:
        opened.start(
            "scheduler"
        )  # a move that RentProg told of in the same words before is read again after a while
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
async def test_a_failure_at_any_point_of_a_move_loses_no_material(
    shared: RunningApp, point: str
) -> None:
    async def in_batumi() -> bool:
        return MALIBU in topics(shared, DATO, BATUMI)

    async def in_tbilisi() -> bool:
        return MALIBU in topics(shared, LASHA, TBILISI)

    async def left() -> bool:
        return not await in_tbilisi()

    before = len([m for m in archived(shared) if m["media"]])
    await file(shared, before, "Другое")
    shared.telegram.send(LASHA, TBILISI, f"слово {point}", topic=MALIBU)
    await shared.quiet(30)
    with faults.armed(f"{point}:2:cut") as passed:
        await shared.rentprog.change("move_car", {"car": "90001", "branch": "batumi"})
        await until(in_batumi, seconds=60)
        await until(left, seconds=60)
        assert passed[point] >= 2, "the failure came"
    assert len([m for m in archived(shared) if m["media"]]) == before + 2
    assert [m for m in archived(shared) if f"слово {point}" in m["text"]]
    await move(shared, "tbilisi")
    await until(in_tbilisi, seconds=60)
    await shared.quiet(60)
    await check_invariant(shared)
