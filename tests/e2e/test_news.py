"""News in the service chats: at once or in the evening, without a client's data, as administrators set it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jarvis.kit.world import WorldForum
from tests.conftest import Servers
from tests.e2e.test_forums import LASHA, TBILISI, small_world
from tests.telegram_house import Talk, open_talk

TAMAR, OLGA, KETI, PAVEL = "Тамар Ломидзе", "Ольга Вершинина", "Кети Надирадзе", "Павел Дёмин"
LEADERS, SALES, MARKETING = "Руководители", "Продажи", "Маркетинг"


@pytest.fixture
async def talk(servers: Servers, tmp_path: Path) -> AsyncGenerator[Talk]:
    world = small_world()
    forums = [
        WorldForum(title=TBILISI, branch="tbilisi", members=[LASHA]),
        WorldForum(title=LEADERS, purpose="leaders", members=[TAMAR]),
        WorldForum(title=SALES, purpose="sales", members=[OLGA, TAMAR]),
        WorldForum(title=MARKETING, purpose="marketing", members=[KETI]),
    ]
    async with open_talk(servers, tmp_path, world=world.model_copy(update={"forums": forums})) as opened:
        yield opened


def heard(talk: Talk, person: str, chat: str) -> list[str]:
    return [m["text"] for m in talk.seen(person, chat)]


async def evening(talk: Talk) -> None:
    now = datetime.now(UTC)
    await talk.core.journal.accept(
        source="jarvis", kind="check.service.digest", dedup_key=f"evening:{now}", payload={"due_at": now.isoformat()}
    )
    await talk.quiet(30)


async def booked(talk: Talk, **extra: Any) -> None:
    await talk.rentprog.change("create_booking", {"car": "Malibu 235", "client": "70007", "start": "40", "days": "3", **extra})
    await talk.quiet(30)


def private_words(talk: Talk) -> set[str]:
    """Names and phones of every client of the world."""
    rows = talk.rentprog.data.clients.values()
    return {str(v) for c in rows for v in (c.get("lastname"), c.get("phone"), c.get("name")) if v and len(str(v)) > 3}


async def test_the_first_reading_is_no_news_and_a_new_booking_is(talk: Talk) -> None:
    assert not heard(talk, OLGA, SALES), "what RentProg had before we came"
    await booked(talk)
    (news,) = heard(talk, OLGA, SALES)
    assert news.startswith("📅 ТБИЛИСИ · Новая бронь: №")
    assert "Malibu 235" in news
    assert not heard(talk, KETI, MARKETING), "marketing reads in the evening"
    await evening(talk)
    (digest,) = heard(talk, KETI, MARKETING)
    assert "Сводка, чт 12.03" in digest
    assert "Новая бронь: 1" in digest
    await evening(talk)
    assert len(heard(talk, KETI, MARKETING)) == 1, "nothing new, no message"
    texts = heard(talk, OLGA, SALES) + heard(talk, KETI, MARKETING) + heard(talk, TAMAR, LEADERS)
    found = [word for word in private_words(talk) for text in texts if word in text]
    assert private_words(talk)
    assert not found, "no client's name or phone"


async def test_a_move_and_a_problem_reach_the_leaders(talk: Talk) -> None:
    await talk.rentprog.change("move_car", {"car": "90001", "branch": "batumi"})
    await talk.quiet(60)
    await evening(talk)
    assert [t for t in heard(talk, TAMAR, LEADERS) if "Перегон: 1" in t and "Malibu 235 · Тбилиси → Батуми" in t]
    from tests.e2e.test_forms import press, send_photos, write

    asked = await talk.ask("Дато Мчедлишвили", "/checklist Malibu 235")
    await talk.press("Дато Мчедлишвили", asked, "Проблема с машиной · Malibu 235")
    for label in ("колесо", "нельзя"):
        await press(talk, label, "Дато Мчедлишвили")
    await write(talk, "Звонил клиент Олег, прокол", "Дато Мчедлишвили")
    await send_photos(talk, 1, person="Дато Мчедлишвили")
    await press(talk, "Отправить", "Дато Мчедлишвили")
    await talk.quiet(60)
    (problem,) = [t for t in heard(talk, TAMAR, LEADERS) if t.startswith("⚠️ БАТУМИ")]
    assert "Malibu 235 · Что случилось: колесо · Ехать можно: нельзя" in problem
    assert "Олег" not in problem, "free words stay in the car's topic"


async def test_an_administrator_changes_who_hears_of_what(talk: Talk) -> None:
    asked = await talk.ask(PAVEL, "/subscriptions")
    await talk.press(PAVEL, asked, SALES)
    page = talk.seen(PAVEL)[-1]
    assert "Новая бронь: сразу" in page["text"]
    for label in ("Новая бронь", "Тбилиси", "не присылать"):
        await talk.press(PAVEL, talk.seen(PAVEL)[-1], label)
    page = talk.seen(PAVEL)[-1]
    assert "Новая бронь: сразу (Тбилиси не присылать)" in page["text"]
    await booked(talk)
    assert not heard(talk, OLGA, SALES)
    assert await talk.core.db.fetchval("SELECT outcome FROM audit_entry WHERE action = 'subscription.set'") == "off"
    answer = await talk.ask(LASHA, "/subscriptions")
    assert answer["text"] == "Подписки меняет администратор."


async def test_a_new_group_becomes_a_service_chat(talk: Talk) -> None:
    await talk.core.db.execute("UPDATE chat SET purpose = NULL WHERE title = $1", MARKETING)
    await talk.telegram.change("create_group", {"person": PAVEL, "title": "Маркетинг Geodrive"})
    await talk.quiet(30)
    asked = next(m for m in talk.seen(PAVEL) if "Для чего она?" in m["text"])
    await talk.press(PAVEL, asked, "Чат маркетинга")
    await talk.quiet(30)
    assert "Дальше веду сам" in talk.seen(PAVEL)[-1]["text"]
    rows = await talk.core.db.fetch(
        "SELECT event_class, mode FROM subscription s JOIN chat c ON c.id = s.chat_id WHERE c.title = 'Маркетинг Geodrive'"
    )
    assert {(r["event_class"], r["mode"]) for r in rows} == {("booking_created", "digest"), ("booking_cancelled", "digest")}
