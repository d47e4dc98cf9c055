"""What people ask Jarvis about the company's own house, and what they see of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.domains.staff.service import StaffService
from jarvis.engine.switches import Switches
from jarvis.testing.app import RunningApp
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.house_talk import world
from tests.scenes.material import picture
from tests.scenes.people import DATO, EKA, LASHA, NINO, PAVEL
from tests.scenes.topics import BATUMI, MALIBU, TBILISI, posts


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path, world=world()) as opened:
        yield opened


async def test_a_role_is_given_with_a_card_and_taken_back(app: RunningApp) -> None:
    card = await app.ask(PAVEL, "переведи Эку Абуладзе в Батуми")
    assert "Филиал: было Тбилиси → станет Батуми" in card["text"]
    assert "Отмена после: 10 мин" in card["text"]
    await app.press(PAVEL, card, "Назначить: Батуми")
    await app.quiet()
    assert any(f"თქვენი სამუშაო ჯგუფი {BATUMI}" in m["text"] for m in app.seen(EKA)), (
        "the groups follow"
    )
    assert not any("не могу убрать" in m["text"] for m in app.seen(PAVEL)), (
        "nobody is to remove who is not there"
    )
    undone = await app.press(PAVEL, card, "Отменить")
    await app.quiet()
    assert any("↩️" in m["text"] and "Филиал: Тбилиси" in m["text"] for m in app.seen(PAVEL)), (
        undone["text"]
    )
    person = await app.core.get(StaffService).actor_by_name(EKA)
    assert person.home_branch == "tbilisi"


async def test_shadow_mode_only_notes_a_role(app: RunningApp) -> None:
    await app.core.get(Switches).throw(
        "effect", "staff.grant_role", "shadow", by=None, by_name="test", reason=None
    )
    card = await app.ask(PAVEL, "сделай Эку Абуладзе механиком")
    await app.press(PAVEL, card, "Назначить: механик")
    await app.quiet()
    assert (
        await app.core.db.fetchval(
            "SELECT count(*) FROM effect WHERE kind = 'staff.grant_role' AND state = 'shadow'"
        )
        == 1
    )
    assert (await app.core.get(StaffService).actor_by_name(EKA)).role == "employee"


async def test_words_go_into_a_topic_under_their_authors_name(app: RunningApp) -> None:
    card = await app.ask(LASHA, "напиши в тему малибу 235: ключи <в сейфе>, код у Нино")
    assert "Текст: «ключи <в сейфе>, код у Нино»" in card["text"]
    assert len(posts(app, LASHA, TBILISI, MALIBU)) == 1, "nothing before the word"
    await app.press(LASHA, card, "Написать в тему")
    await app.quiet()
    assert [m["text"] for m in posts(app, LASHA, TBILISI, MALIBU)][
        -1
    ] == "👤 Лаша Гогуадзе: ключи <в сейфе>, код у Нино"


async def test_a_checklist_opens_in_private_and_its_state_is_told(app: RunningApp) -> None:
    said = await app.ask(LASHA, "открой чек-лист выдачи по 1201")
    texts = [m["text"] for m in app.seen(LASHA)]
    assert any("Выдача №1201 · Malibu 235: открываю в личном чате." in t for t in texts)
    assert any("0 из 14" in t for t in texts), said["text"]
    told = await app.ask(NINO, "какие чек-листы не закрыты в Тбилиси?")
    assert "☐ Выдача №1201 · Malibu 235 · 0 из 14 · Лаша Гогуадзе" in told["text"]
    assert "Не сделано: Кузов, Колёса" in told["text"]
    assert told["buttons"], "the head may open it"


async def test_material_is_found_and_shown_in_private(app: RunningApp) -> None:
    app.telegram.send(LASHA, TBILISI, "", photos=[picture(1)], topic=talk_topic(app))
    await app.quiet(30)
    question = next(m for m in reversed(app.seen(LASHA)) if m["buttons"])
    await app.press(LASHA, question, "Выдача №1201")
    await app.quiet(30)
    found = await app.ask(LASHA, "покажи фото малибу 235")
    assert "наборов материалов 1" in found["text"]
    await app.press(LASHA, found, "1. Выдача")
    await app.quiet(30)
    assert any(m["media"] for m in app.seen(LASHA)), "the files come into the private chat"
    refused = await app.ask(DATO, "покажи фото малибу 235")
    assert "⛔" in refused["text"]


async def test_a_service_chats_subscription_is_a_sentence(app: RunningApp) -> None:
    card = await app.ask(PAVEL, "подпиши чат руководителей на возвраты по Батуми в дайджест")
    assert "🗒 Руководители" in card["text"]
    await app.press(PAVEL, card, "Подписать чат")
    rows = await app.core.db.fetch(
        """SELECT s.mode, b.code FROM subscription s JOIN branch b ON b.id = s.branch_id
            WHERE s.event_class = 'booking_returned'"""
    )
    assert [(r["mode"], r["code"]) for r in rows] == [("digest", "batumi")]


async def test_the_topic_of_a_car_is_a_link(app: RunningApp) -> None:
    said = await app.ask(LASHA, "где тема малибу 235")
    assert TBILISI in said["text"]
    assert 'href="https://t.me/c/' in said["html"]
    assert f'/{talk_topic(app)}"' in said["html"]


def talk_topic(app: RunningApp) -> int:
    chat = next(c for c in app.telegram.chats_of(LASHA) if c["title"] == TBILISI)
    return next(t["id"] for t in chat["topics"] if t["title"] == MALIBU)
