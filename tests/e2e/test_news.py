"""News in the service chats: at once or in the evening, without a client's data, as administrators set it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jarvis.kit.world import WorldForum
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.e2e.test_forums import LASHA, TBILISI, small_world

TAMAR, OLGA, KETI, PAVEL = "Тамар Ломидзе", "Ольга Вершинина", "Кети Надирадзе", "Павел Дёмин"
LEADERS, SALES, MARKETING = "Руководители", "Продажи", "Маркетинг"


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    world = small_world()
    forums = [
        WorldForum(title=TBILISI, branch="tbilisi", members=[LASHA]),
        WorldForum(title=LEADERS, purpose="leaders", members=[TAMAR]),
        WorldForum(title=SALES, purpose="sales", members=[OLGA, TAMAR]),
        WorldForum(title=MARKETING, purpose="marketing", members=[KETI]),
    ]
    async with running_app(servers, tmp_path, world=world.model_copy(update={"forums": forums})) as opened:
        yield opened


def heard(app: RunningApp, person: str, chat: str) -> list[str]:
    return [m["text"] for m in app.seen(person, chat)]


async def evening(app: RunningApp) -> None:
    now = datetime.now(UTC)
    await app.core.journal.accept(
        source="jarvis", kind="check.service.digest", dedup_key=f"evening:{now}", payload={"due_at": now.isoformat()}
    )
    await app.quiet(30)


async def booked(app: RunningApp, **extra: Any) -> None:
    await app.rentprog.change("create_booking", {"car": "Malibu 235", "client": "70007", "start": "40", "days": "3", **extra})
    await app.quiet(30)


def private_words(app: RunningApp) -> set[str]:
    """Names and phones of every client of the world."""
    rows = app.rentprog.data.clients.values()
    return {str(v) for c in rows for v in (c.get("lastname"), c.get("phone"), c.get("name")) if v and len(str(v)) > 3}


async def test_the_first_reading_is_no_news_and_a_new_booking_is(app: RunningApp) -> None:
    assert not heard(app, OLGA, SALES), "what RentProg had before we came"
    await booked(app)
    (news,) = heard(app, OLGA, SALES)
    assert news.startswith("📅 ТБИЛИСИ · Новая бронь: №")
    assert "Malibu 235" in news
    assert not heard(app, KETI, MARKETING), "marketing reads in the evening"
    await evening(app)
    (digest,) = heard(app, KETI, MARKETING)
    assert "Сводка, чт 12.03" in digest
    assert "Новая бронь: 1" in digest
    await evening(app)
    assert len(heard(app, KETI, MARKETING)) == 1, "nothing new, no message"
    texts = heard(app, OLGA, SALES) + heard(app, KETI, MARKETING) + heard(app, TAMAR, LEADERS)
    found = [word for word in private_words(app) for text in texts if word in text]
    assert private_words(app)
    assert not found, "no client's name or phone"


async def test_a_move_and_a_problem_reach_the_leaders(app: RunningApp) -> None:
    await app.rentprog.change("move_car", {"car": "90001", "branch": "batumi"})
    await app.quiet(60)
    await evening(app)
    assert [t for t in heard(app, TAMAR, LEADERS) if "Перегон: 1" in t and "Malibu 235 · Тбилиси → Батуми" in t]
    from tests.e2e.test_forms import press, send_photos, write

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
    assert await app.core.db.fetchval("SELECT outcome FROM audit_entry WHERE action = 'subscription.set'") == "off"
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
        "SELECT event_class, mode FROM subscription s JOIN chat c ON c.id = s.chat_id WHERE c.title = 'Маркетинг Geodrive'"
    )
    assert {(r["event_class"], r["mode"]) for r in rows} == {("booking_created", "digest"), ("booking_cancelled", "digest")}
