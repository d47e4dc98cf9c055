"""A group is put to use: the bot is added, asks an administrator what it is for, verifies it and
fills it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.people import DATO, LASHA, PAVEL
from tests.scenes.reconcile import cycle, topics_of
from tests.scenes.setup import change, world
from tests.scenes.topics import BATUMI, MALIBU, TBILISI


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path, world=world()) as opened:
        yield opened


async def test_the_archive_must_be_closed_to_people(app: RunningApp) -> None:
    await change(app, "create_group", person=PAVEL, title="Архив фото")
    await change(app, "enable_topics", chat="Архив фото")
    await change(app, "promote_bot", chat="Архив фото")
    refused = await app.press(PAVEL, app.seen(PAVEL)[-1], "Архив материалов")
    assert "запрет писать для участников" in refused["text"]
    await change(app, "forbid_writing", chat="Архив фото")
    assert "✅" in (await app.press(PAVEL, refused, "Проверить"))["text"]


async def test_only_administrators_decide_and_a_place_is_taken_once(app: RunningApp) -> None:
    assert "настраивает администратор" in (await app.ask(LASHA, "/setup"))["text"]
    await change(app, "create_group", person=DATO, title=BATUMI)
    await change(app, "enable_topics", chat=BATUMI)
    await change(app, "promote_bot", chat=BATUMI)
    assert not [m for m in app.seen(DATO) if "Меня добавили" in m["text"]], (
        "who added the bot is no administrator"
    )
    await app.press(PAVEL, app.seen(PAVEL)[-1], "Форум: Батуми")
    await change(app, "create_group", person=PAVEL, title="Ещё Batumi")
    await change(app, "enable_topics", chat="Ещё Batumi")
    await change(app, "promote_bot", chat="Ещё Batumi")
    card = app.seen(PAVEL)[-1]
    assert ["Форум: Батуми"] not in card["buttons"], "that place is taken"
    unused = await app.press(PAVEL, card, "Не использовать")
    assert "не использую" in unused["text"]
    assert (
        await app.core.db.fetchval("SELECT count(*) FROM chat WHERE purpose = 'branch_forum'") == 1
    )


async def test_a_lost_forum_gives_its_place_to_another(app: RunningApp) -> None:
    for title in (TBILISI, "Branch_Tbilisi 2"):
        await change(app, "create_group", person=PAVEL, title=title)
        await change(app, "enable_topics", chat=title)
        await change(app, "promote_bot", chat=title)
        if title != TBILISI:
            await change(app, "remove_bot", chat=TBILISI)
            await cycle(app)
            card = next(m for m in reversed(app.seen(PAVEL)) if "Меня добавили" in m["text"])
            await app.telegram.press(
                PAVEL, "dm", card["id"], len([b for row in card["buttons"] for b in row]) - 1
            )
            await change(app, "add_bot", chat=title)
        card = next(m for m in reversed(app.seen(PAVEL)) if "Меня добавили" in m["text"])
        await app.press(PAVEL, card, "Форум: Тбилиси")
        await app.quiet(60)
    assert MALIBU in topics_of(app, "Branch_Tbilisi 2")
    await change(app, "add_bot", chat=TBILISI)
    assert "Меня добавили" in app.seen(PAVEL)[-1]["text"], "the old group is a new one now"


async def test_an_employees_own_groups_are_offered_by_name_or_by_who_made_them(
    app: RunningApp,
) -> None:
    await change(app, "create_group", person=PAVEL, title=f"Tasks | {LASHA}")
    card = app.seen(PAVEL)[-1]
    assert card["buttons"][:2] == [["Задачи: Лаша Гогуадзе"], ["Клиенты: Лаша Гогуадзе"]], (
        "the likeliest by its name comes first"
    )
    await change(app, "enable_topics", chat=f"Tasks | {LASHA}")
    await change(app, "promote_bot", chat=f"Tasks | {LASHA}")
    done = await app.press(PAVEL, card, "Задачи: Лаша Гогуадзе")
    assert done["text"] == f"✅ Tasks | {LASHA} · задачи: {LASHA}. Дальше веду сам."
    await app.quiet()
    assert f"Ваша рабочая группа Tasks | {LASHA}" in app.seen(LASHA)[-1]["text"], (
        "its owner is let in"
    )
    await change(app, "create_group", person=DATO, title="Мои клиенты")
    offered = [row[0] for row in app.seen(PAVEL)[-1]["buttons"]]
    assert f"Клиенты: {DATO}" in offered
    assert f"Клиенты: {LASHA}" not in offered, "of all people only who made it"
    await change(app, "enable_topics", chat="Мои клиенты")
    await change(app, "promote_bot", chat="Мои клиенты")
    await app.press(PAVEL, app.seen(PAVEL)[-1], f"Клиенты: {DATO}")
    await app.quiet(60)
    assert topics_of(app, "Мои клиенты"), "the clients with bookings of his have their topics"
    assert (
        "Свои группы сотрудников (20): клиенты 1, задачи 1"
        in (await app.ask(PAVEL, "/setup"))["text"]
    )
