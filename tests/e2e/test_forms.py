"""Forms and check-lists: filled in by buttons, words and pictures, in one message; what is missing
is said."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.scenes.forms import NBSP, begin, labels, plain, press, send_photos, sheet, world, write
from tests.scenes.people import LASHA, NINO
from tests.scenes.topics import MALIBU, TBILISI, posts


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=world()) as opened:
        yield opened


async def test_a_pick_up_is_filled_in_in_one_message_and_reported(app: RunningApp) -> None:
    shown = await begin(app)
    before = len(app.seen(LASHA))
    assert "0 из 14" in shown["text"]
    assert "Дальше: Кузов. Пришлите фото сюда: 8 шт." in shown["text"]
    shown = await send_photos(app, 6)
    assert "☐ Кузов: 6 из 8, нет: право, перед справа" in shown["text"]
    shown = await send_photos(app, 1, "перед справа", first=6)
    assert "7 из 8, нет: право" in shown["text"]
    shown = await send_photos(app, 1, first=7)
    assert "☑ Кузов: 8 из 8" in shown["text"]
    shown = await send_photos(app, 4, first=8)
    shown = await send_photos(app, 2, first=12)
    shown = await send_photos(app, 1, first=14)
    assert "Дальше: Пробег. Напишите число, км." in shown["text"]
    shown = await write(app, "48 300 км")
    assert "⛔ Пробег: меньше прежнего: 126 294 км" in plain(shown)
    assert "Верно: 48 300 км" in [label.replace(NBSP, " ") for label in labels(shown)]
    shown = await write(app, "126 350")
    assert "☑ Пробег: 126 350 км" in plain(shown)
    shown = await press(app, "75 %")
    shown = await send_photos(app, 1, first=15)
    shown = await send_photos(app, 1, first=16)
    shown = await press(app, "передано")
    assert "Дальше: Что передано. Напишите одним сообщением." in shown["text"], (
        "a conditional point appears"
    )
    shown = await write(app, "детское кресло")
    shown = await send_photos(app, 1, first=17)
    shown = await press(app, "позже")
    shown = await press(app, "продана")
    shown = await press(app, "Готово")
    assert "Завершить" not in labels(shown)
    shown = await press(app, "Готово")
    assert "Все пункты на месте." in shown["text"]
    assert len(app.seen(LASHA)) == before, "one message, changed in place"
    shown = await press(app, "Завершить")
    await app.quiet(30)
    shown = sheet(app)
    assert "Не сделанного нет." in shown["text"]
    assert "• Что передано: детское кресло" in shown["text"]
    assert shown["buttons"] == [["PDF", "JSON"]]
    topic = posts(app, LASHA, TBILISI, MALIBU)
    (report,) = [
        m for m in topic if "Выдача №1201" in m["text"] and "Не сделанного нет" in m["text"]
    ]
    assert report["buttons"] == [["PDF", "JSON"], ["Вернуть на доработку…"]]
    rows = await app.core.db.fetch(
        "SELECT private, state, operation FROM media_set ORDER BY private"
    )
    assert [(r["private"], r["state"], r["operation"]) for r in rows] == [
        (False, "filed", "issue"),
        (True, "filed", "issue"),
    ]
    asked = await app.core.db.fetch(
        "SELECT s.private FROM post p JOIN media_item i ON i.id = p.item_id JOIN media_set s ON "
        "s.id = i.set_id"
    )
    assert [r["private"] for r in asked] == [False] * 17, "the client's papers are not published"
    assert await app.core.db.fetchval("SELECT count(*) FROM form_photo") == 18
    mine, heads = await app.ask(LASHA, "/car малибу 235"), await app.ask(NINO, "/car малибу 235")
    assert "наборов материалов 1" in mine["text"], "an employee sees no papers of clients"
    (papers,) = [line for line in heads["text"].splitlines() if "документы клиента" in line]
    await app.press(NINO, heads, f"{papers[0]}. Выдача")
    await app.quiet(30)
    assert len([m for m in app.seen(NINO) if m["media"]]) == 1, (
        "in private, to who may see a client's contacts"
    )
    seen = await app.core.db.fetch("SELECT outcome FROM audit_entry WHERE action = 'client.papers'")
    assert [r["outcome"] for r in seen] == ["shown"]


async def test_another_goes_on_where_the_first_stopped_also_after_a_restart(
    app: RunningApp,
) -> None:
    await begin(app)
    await send_photos(app, 8)
    await app.stop("bot", "worker")
    app.start("worker")
    app.start("bot")
    shown = await send_photos(app, 4, first=8)
    assert "☑ Колёса: 4 из 4" in shown["text"], "nothing depends on a process"
    await press(app, "Передать…")
    await app.press(LASHA, sheet(app), "Нино Беридзе")
    await app.quiet()
    (old,) = [m for m in app.seen(LASHA) if "передан: Нино" in m["text"]]
    assert not old["buttons"]
    shown = sheet(app, NINO)
    assert "☑ Кузов: 8 из 8" in shown["text"]
    assert "Нино" in shown["text"].splitlines()[1]
    shown = await send_photos(app, 2, person=NINO, first=12)
    assert "☑ Салон: 2 из 2" in shown["text"]
    # taken back from the list
    listed = await app.ask(LASHA, "/checklist")
    await app.press(LASHA, listed, "3/14 · Выдача №1201 · Malibu 235")
    assert "☑ Салон" in sheet(app)["text"]
    assert [m for m in app.seen(NINO) if "передан: Лаша" in m["text"]]
    assert await app.core.db.fetchval("SELECT count(*) FROM form") == 1
