"""News in the service chats: at once or in the evening, without a client's data, as administrators
set it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.news import booked, evening, heard, world
from tests.scenes.people import LASHA, LEADERS, MARKETING, OLGA, PAVEL, SALES, TAMAR


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path, world=world()) as opened:
        yield opened


async def test_a_move_and_a_problem_reach_the_leaders(app: RunningApp) -> None:
    await app.rentprog.change("move_car", {"car": "90001", "branch": "batumi"})
    await app.quiet(60)
    await evening(app)
    assert [
        t
        for t in heard(app, TAMAR, LEADERS)
        if "Перегон: 1" in t and "Malibu 235 · Тбилиси → Батуми" in t
    ]
    from tests.scenes.forms import press, send_photos, write

    asked = await app.ask("Дато Мчедлишвили", "/checklist Malibu 235")
    await app.press("Дато Мчедлишвили", asked, "Проблема с машиной · Malibu 235")
    for label in ("колесо", "нельзя"):
        await press(app, label, "Дато Мчедлишвили")
    await write(app, "Звонил клиент Олег, прокол", "Дато Мчедлишвили")
    await send_photos(app, 1, person="Дато Мчедлишвили")
    await press(app, "Отправить", "Дато Мчедлишвили")
    await app.quiet(60)
    (problem,) = [t for t in heard(app, TAMAR, LEADERS) if t.startswith("⚠️ БАТУМИ")]
    assert "Malibu 235 · Что случилось: колесо · Ехать можно: нельзя" in problem
    assert "Олег" not in problem, "free words stay in the car's topic"


async def test_an_administrator_changes_who_hears_of_what(app: RunningApp) -> None:
    asked = await app.ask(PAVEL, "/subscriptions")
    await app.press(PAVEL, asked, SALES)
    page = app.seen(PAVEL)[-1]
    assert "Новая бронь: сразу" in page["text"]
    for label in ("Новая бронь", "Тбилиси", "не присылать"):
        await app.press(PAVEL, app.seen(PAVEL)[-1], label)
    page = app.seen(PAVEL)[-1]
    assert "Новая бронь: сразу (Тбилиси не присылать)" in page["text"]
    await booked(app)
    assert not heard(app, OLGA, SALES)
    assert (
        await app.core.db.fetchval(
            "SELECT outcome FROM audit_entry WHERE action = 'subscription.set'"
        )
        == "off"
    )
    answer = await app.ask(LASHA, "/subscriptions")
    assert answer["text"] == "Подписки меняет администратор."


async def test_a_new_group_becomes_a_service_chat(app: RunningApp) -> None:
    await app.core.db.execute("UPDATE chat SET purpose = NULL WHERE title = $1", MARKETING)
    await app.telegram.change("create_group", {"person": PAVEL, "title": "Маркетинг Geodrive"})
    await app.quiet(30)
    asked = next(m for m in app.seen(PAVEL) if "Для чего она?" in m["text"])
    await app.press(PAVEL, asked, "Чат маркетинга")
    await app.quiet(30)
    assert "Дальше веду сам" in app.seen(PAVEL)[-1]["text"]
    rows = await app.core.db.fetch(
        "SELECT event_class, mode FROM subscription s JOIN chat c ON c.id = s.chat_id WHERE "
        "c.title = 'Маркетинг Geodrive'"
    )
    assert {(r["event_class"], r["mode"]) for r in rows} == {
        ("booking_created", "digest"),
        ("booking_cancelled", "digest"),
    }
