"""Forms and check-lists: filled in by buttons, words and pictures, in one message; what is missing is said."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from jarvis.engine import clockrow
from jarvis.integrations.telegram.sandbox import rpc
from jarvis.kit import faults
from tests.conftest import Servers
from tests.e2e.test_forums import DATO, LASHA, MALIBU, TBILISI, posts, small_world
from tests.e2e.test_material import POINTS, picture
from tests.house import until
from tests.telegram_house import Talk, open_talk

NBSP = "\N{NO-BREAK SPACE}"
NINO, EKA = "Нино Беридзе", "Эка Абуладзе"


@pytest.fixture
async def talk(servers: Servers, tmp_path: Path) -> AsyncGenerator[Talk]:
    world = small_world()
    forums = [f.model_copy(update={"members": [*f.members, NINO]}) if f.title == TBILISI else f for f in world.forums]
    async with open_talk(servers, tmp_path, world=world.model_copy(update={"forums": forums})) as opened:
        yield opened


def sheet(talk: Talk, person: str = LASHA) -> dict[str, Any]:
    """The check-list as it stands: the last message of Jarvis that shows one."""
    return [m for m in talk.seen(person) if m["text"].startswith("📝")][-1]


def plain(message: dict[str, Any]) -> str:
    return str(message["text"]).replace(NBSP, " ")


def labels(message: dict[str, Any]) -> list[str]:
    return [label for row in message["buttons"] for label in row]


async def begin(talk: Talk, person: str = LASHA, name: str = "Выдача №1201 · Malibu 235") -> dict[str, Any]:
    asked = await talk.ask(person, "/checklist 1201")
    await talk.press(person, asked, name)
    return sheet(talk, person)


async def send_photos(talk: Talk, count: int, text: str = "", person: str = LASHA, first: int = 0) -> dict[str, Any]:
    talk.telegram.send(person, "dm", text, photos=[picture(first + n) for n in range(count)])
    await talk.quiet(30)
    return sheet(talk, person)


async def press(talk: Talk, button: str, person: str = LASHA) -> dict[str, Any]:
    await talk.press(person, sheet(talk, person), button)
    return sheet(talk, person)


async def write(talk: Talk, text: str, person: str = LASHA) -> dict[str, Any]:
    talk.telegram.send(person, "dm", text)
    await talk.quiet()
    return sheet(talk, person)


async def test_a_pick_up_is_filled_in_in_one_message_and_reported(talk: Talk) -> None:
    shown = await begin(talk)
    before = len(talk.seen(LASHA))
    assert "0 из 14" in shown["text"]
    assert "Дальше: Кузов. Пришлите фото сюда: 8 шт." in shown["text"]
    shown = await send_photos(talk, 6)
    assert "☐ Кузов: 6 из 8, нет: право, перед справа" in shown["text"]
    shown = await send_photos(talk, 1, "перед справа", first=6)
    assert "7 из 8, нет: право" in shown["text"]
    shown = await send_photos(talk, 1, first=7)
    assert "☑ Кузов: 8 из 8" in shown["text"]
    shown = await send_photos(talk, 4, first=8)
    shown = await send_photos(talk, 2, first=12)
    shown = await send_photos(talk, 1, first=14)
    assert "Дальше: Пробег. Напишите число, км." in shown["text"]
    shown = await write(talk, "48 300 км")
    assert "⛔ Пробег: меньше прежнего: 126 294 км" in plain(shown)
    assert "Верно: 48 300 км" in [label.replace(NBSP, " ") for label in labels(shown)]
    shown = await write(talk, "126 350")
    assert "☑ Пробег: 126 350 км" in plain(shown)
    shown = await press(talk, "75 %")
    shown = await send_photos(talk, 1, first=15)
    shown = await send_photos(talk, 1, first=16)
    shown = await press(talk, "передано")
    assert "Дальше: Что передано. Напишите одним сообщением." in shown["text"], "a conditional point appears"
    shown = await write(talk, "детское кресло")
    shown = await send_photos(talk, 1, first=17)
    shown = await press(talk, "позже")
    shown = await press(talk, "продана")
    shown = await press(talk, "Готово")
    assert "Завершить" not in labels(shown)
    shown = await press(talk, "Готово")
    assert "Все пункты на месте." in shown["text"]
    assert len(talk.seen(LASHA)) == before, "one message, changed in place"
    shown = await press(talk, "Завершить")
    await talk.quiet(30)
    shown = sheet(talk)
    assert "Не сделанного нет." in shown["text"]
    assert "• Что передано: детское кресло" in shown["text"]
    assert shown["buttons"] == [["PDF", "JSON"]]
    topic = posts(talk, LASHA, TBILISI, MALIBU)
    (report,) = [m for m in topic if "Выдача №1201" in m["text"] and "Не сделанного нет" in m["text"]]
    assert report["buttons"] == [["PDF", "JSON"], ["Вернуть на доработку…"]]
    rows = await talk.core.db.fetch("SELECT private, state, operation FROM media_set ORDER BY private")
    assert [(r["private"], r["state"], r["operation"]) for r in rows] == [(False, "filed", "issue"), (True, "filed", "issue")]
    asked = await talk.core.db.fetch(
        "SELECT s.private FROM post p JOIN media_item i ON i.id = p.item_id JOIN media_set s ON s.id = i.set_id"
    )
    assert [r["private"] for r in asked] == [False] * 17, "the client's papers are not published"
    assert await talk.core.db.fetchval("SELECT count(*) FROM form_photo") == 18
    mine, heads = await talk.ask(LASHA, "/car малибу 235"), await talk.ask(NINO, "/car малибу 235")
    assert "наборов материалов 1" in mine["text"], "an employee sees no papers of clients"
    (papers,) = [line for line in heads["text"].splitlines() if "документы клиента" in line]
    await talk.press(NINO, heads, f"{papers[0]}. Выдача")
    await talk.quiet(30)
    assert len([m for m in talk.seen(NINO) if m["media"]]) == 1, "in private, to who may see a client's contacts"
    seen = await talk.core.db.fetch("SELECT outcome FROM audit_entry WHERE action = 'client.papers'")
    assert [r["outcome"] for r in seen] == ["shown"]


async def test_a_point_is_waived_by_a_head_only_and_the_report_says_by_whom_and_why(talk: Talk) -> None:
    await begin(talk)
    await press(talk, "Пункты…")
    await press(talk, "☐ Договор подписан")
    await press(talk, "Пропустить…")
    shown = await press(talk, "клиент отказался")
    assert "☐ Договор подписан: просьба снять с проверки: «клиент отказался»" in shown["text"]
    (asked,) = [m for m in talk.seen(NINO) if "просит снять с проверки" in m["text"]]
    assert asked["buttons"] == [["Снять с проверки", "Пункт нужен"]]
    await talk.press(NINO, asked, "Снять с проверки")
    assert "➖ Договор подписан: снято с проверки: Нино, «клиент отказался»" in sheet(talk)["text"]
    (asked,) = [m for m in talk.seen(NINO) if "Договор" in m["text"]]
    assert "снято с проверки, Нино" in asked["text"]
    assert not asked["buttons"]
    # what anybody may leave out, with a reason of their own
    await press(talk, "Пункты…")
    await press(talk, "☐ Страховка")
    await press(talk, "Пропустить…")
    shown = await press(talk, "Другая причина…")
    assert "Напишите, почему этот пункт не нужен." in shown["text"]
    shown = await write(talk, "страховка клиента <b>своя</b>")
    assert "➖ Страховка: снято с проверки: Лаша, «страховка клиента <b>своя</b>»" in shown["text"]
    await press(talk, "Отчёт")
    shown = sheet(talk)
    assert "Не сделано 12: Кузов, Колёса" in shown["text"]
    assert "Снято с проверки: Страховка («" not in shown["text"]
    assert "Договор подписан (клиент отказался, Нино Беридзе)" in shown["text"]
    shown = await press(talk, "Закрыть, не сделано 12")
    assert "Не сделано 12" in shown["text"]
    states = await talk.core.db.fetch("SELECT state, count(*) AS n FROM form_item GROUP BY state ORDER BY state")
    assert {r["state"]: r["n"] for r in states}["waived"] == 2, "gaps stay on record as gaps"


async def test_another_goes_on_where_the_first_stopped_also_after_a_restart(talk: Talk) -> None:
    await begin(talk)
    await send_photos(talk, 8)
    await talk.stop("bot", "worker")
    talk.start("worker")
    talk.start("bot")
    shown = await send_photos(talk, 4, first=8)
    assert "☑ Колёса: 4 из 4" in shown["text"], "nothing depends on a process"
    await press(talk, "Передать…")
    await talk.press(LASHA, sheet(talk), "Нино Беридзе")
    await talk.quiet()
    (old,) = [m for m in talk.seen(LASHA) if "передан: Нино" in m["text"]]
    assert not old["buttons"]
    shown = sheet(talk, NINO)
    assert "☑ Кузов: 8 из 8" in shown["text"]
    assert "Нино" in shown["text"].splitlines()[1]
    shown = await send_photos(talk, 2, person=NINO, first=12)
    assert "☑ Салон: 2 из 2" in shown["text"]
    # taken back from the list
    listed = await talk.ask(LASHA, "/checklist")
    await talk.press(LASHA, listed, "3/14 · Выдача №1201 · Malibu 235")
    assert "☑ Салон" in sheet(talk)["text"]
    assert [m for m in talk.seen(NINO) if "передан: Лаша" in m["text"]]
    assert await talk.core.db.fetchval("SELECT count(*) FROM form") == 1


async def test_presses_twice_late_and_without_the_right(talk: Talk) -> None:
    shown = await begin(talk)
    await talk.press(LASHA, shown, "Пункты…")
    shown = await press(talk, "☐ Топливо")
    await asyncio.gather(*[talk.telegram.press(LASHA, "dm", shown["id"], "50 %") for _ in range(2)])
    await talk.quiet()
    assert "☑ Топливо: 50 %" in sheet(talk)["text"]
    received = "SELECT count(*) FROM audit_entry WHERE action = 'form' AND outcome = 'received'"
    assert await talk.core.db.fetchval(received) == 1, "twice the same is once"
    # a week later the buttons still work
    await clockrow.set_offset(talk.core.db, talk.core.clock.offset_s + timedelta(days=8).total_seconds())
    await clockrow.load_offset(talk.core.db, talk.core.clock)
    shown = await press(talk, "Пункты…")
    assert "☐ Кузов" in labels(shown)
    # a form that was closed meanwhile says so on the message that was pressed
    stale = next(b for b in await tokens(talk) if b["choice"].startswith("pick|") and b["choice"].endswith("|fuel|75"))
    await press(talk, "Назад")
    await press(talk, "Отчёт")
    await press(talk, "Закрыть, не сделано 13")
    # a phone that was offline still shows the old buttons
    await talk.core.journal.accept(
        source="telegram", kind="callback.button", dedup_key=f"late:{stale['token']}", ordering_key="late",
        payload={"chat_id": 7001004, "message_id": shown["id"], "sender_id": 7001004, "token": stale["token"]},
    )  # fmt: skip
    await talk.quiet()
    assert "Закрыто" in sheet(talk)["text"]
    assert await talk.core.db.fetchval("SELECT choice FROM form_item WHERE key = 'fuel'") == "50", "nothing changes after the end"


async def tokens(talk: Talk) -> list[dict[str, Any]]:
    return [dict(r) for r in await talk.core.db.fetch("SELECT token, choice FROM interaction WHERE kind = 'form' ORDER BY ordinal")]


async def test_the_report_in_the_topic_files_of_it_and_what_a_head_sends_back(talk: Talk) -> None:
    await begin(talk)
    await send_photos(talk, 8)
    await press(talk, "Пункты…")
    await press(talk, "☐ Документы клиента")
    await send_photos(talk, 1, first=9)
    await press(talk, "Отчёт")
    await press(talk, "Закрыть, не сделано 12")
    await talk.quiet(30)
    (report,) = [m for m in posts(talk, LASHA, TBILISI, MALIBU) if "Не сделано 12" in m["text"]]
    toast = await talk.telegram.press(LASHA, TBILISI, int(report["id"]), "Вернуть на доработку…")
    assert toast is not None
    assert "руководитель филиала" in toast
    await talk.quiet()
    denied = "SELECT count(*) FROM audit_entry WHERE action = 'button.press' AND outcome = 'not_allowed'"
    assert await talk.core.db.fetchval(denied) == 1
    for label in ("PDF", "PDF", "JSON"):
        await talk.telegram.press(LASHA, TBILISI, int(report["id"]), label)
    await talk.quiet(60)
    sent = [talk.telegram.state.media[m["media"][0]] for m in talk.seen(LASHA) if m["media"]]
    files = {str(f.name): f.data for f in sent}
    assert len(sent) == 2, "a double press makes one file"
    assert sorted(files) == ["Выдача №1201 Malibu 235.json", "Выдача №1201 Malibu 235.pdf"]
    data = json.loads(files["Выдача №1201 Malibu 235.json"])
    points = {p["key"]: p for p in data["points"]}
    assert data["not_done"][:2] == ["wheels", "interior"]
    assert [p["view"] for p in points["body"]["photos"]][:2] == ["перед", "перед слева"]
    assert base64.b64decode(points["body"]["photos"][0]["data"])[:3] == b"\xff\xd8\xff"
    assert points["documents"]["state"] == "received"
    assert points["documents"]["photos"] == [], "a client's papers are not in the file"
    pdf = PdfReader(BytesIO(files["Выдача №1201 Malibu 235.pdf"]))
    text = "\n".join(page.extract_text() for page in pdf.pages)
    assert "Выдача №1201" in text
    assert "Не сделано 12" in text
    assert "зад слева" in text
    assert sum(len(page.images) for page in pdf.pages) == 8
    # the head sends a point back
    await talk.telegram.press(NINO, TBILISI, int(report["id"]), "Вернуть на доработку…")
    await talk.quiet()
    (asked,) = [m for m in talk.seen(NINO) if "что переделать?" in m["text"]]
    assert asked["buttons"] == [["Кузов", "Документы клиента"]]
    await talk.press(NINO, asked, "Кузов")
    await talk.press(NINO, next(m for m in talk.seen(NINO) if "что переделать?" in m["text"]), "видно не всё")
    assert [m for m in talk.seen(NINO) if "возвращено, «Кузов», видно не всё" in m["text"]]
    shown = sheet(talk)
    assert "⛔ Кузов: видно не всё" in shown["text"]
    shown = await send_photos(talk, 8, first=20)
    assert "☑ Кузов: 8 из 8" in shown["text"]


async def test_photos_in_a_topic_open_the_check_list_and_then_go_to_it(talk: Talk) -> None:
    talk.telegram.send(LASHA, TBILISI, "", photos=[picture(n) for n in range(3)], topic=MALIBU)
    await talk.quiet(30)
    (asked,) = talk.seen(LASHA)
    await talk.press(LASHA, asked, "📝 Чек-лист: Приём №1200")
    await talk.quiet()
    assert "Приём №1200 · Malibu 235: открыт ниже" in talk.seen(LASHA)[0]["text"]
    assert "☐ Кузов: 3 из 8" in sheet(talk)["text"]
    talk.telegram.send(LASHA, TBILISI, "", photos=[picture(n) for n in range(3, 8)], topic=MALIBU)
    await talk.quiet(30)
    assert "☑ Кузов: 8 из 8" in sheet(talk)["text"], "no question while the car's own check-list is being filled in"
    assert len(talk.seen(LASHA)) == 2
    assert not [m for m in posts(talk, LASHA, TBILISI, MALIBU) if m["from"] != "Jarvis"]
    file = {"kind": "document", "data": picture()[:300], "name": "a.jpg", "mime": "image/jpeg"}
    talk.telegram.send(LASHA, "dm", "", photos=[file])
    await talk.quiet(30)
    assert "⛔ Приборка: файл оборван или повреждён" in sheet(talk)["text"]
    shown = await send_photos(talk, 1, first=9)
    assert "☑ Приборка: 1 из 1" in shown["text"]
    await press(talk, "Пункты…")
    await press(talk, "☑ Приборка")
    talk.telegram.send(LASHA, "dm", "", photos=[file | {"data": picture()[:290]}])
    await talk.quiet(30)
    assert "☑ Приборка: 1 из 1" in sheet(talk)["text"], "one too many that is refused takes nothing away"
    await press(talk, "Отчёт")
    await press(talk, "Отменить")
    await talk.quiet(30)
    assert len([m for m in talk.seen(LASHA) if "К чему отнести?" in m["text"]]) == 2, "what was sent for it is not lost"


async def test_the_opening_post_shows_who_fills_in_what_and_the_material(talk: Talk) -> None:
    await until(lambda: _opening(talk, "RentProg"), seconds=30)
    post = next(m for m in posts(talk, LASHA, TBILISI, MALIBU) if m["pinned"])
    assert '<a href="https://rentprog.net/cars/90001">RentProg</a>' in post["html"]
    assert "📝" not in post["text"], "what does not exist is not shown"
    await begin(talk)
    await send_photos(talk, 8)
    talk.start("scheduler")
    await clockrow.set_offset(talk.core.db, talk.core.clock.offset_s + 700)
    await clockrow.load_offset(talk.core.db, talk.core.clock)
    await until(lambda: _opening(talk, "📝 Выдача №1201 · Лаша"), seconds=30)
    await press(talk, "Отчёт")
    await press(talk, "Закрыть, не сделано 13")
    await talk.quiet(30)
    await clockrow.set_offset(talk.core.db, talk.core.clock.offset_s + 700)
    await clockrow.load_offset(talk.core.db, talk.core.clock)
    await until(lambda: _opening(talk, "Материалы: 1 · Выдача"), seconds=60)
    assert not await _opening(talk, "📝")


async def _opening(talk: Talk, text: str) -> bool:
    return any(m["pinned"] and text in m["text"] for m in posts(talk, LASHA, TBILISI, MALIBU))


async def test_words_are_an_answer_only_to_what_asks_for_words(talk: Talk) -> None:
    await begin(talk)
    answer = await talk.ask(LASHA, "что по Malibu 235?")
    assert "Malibu 235" in answer["text"]
    assert "TT-235-TT" in answer["text"], "a picture is asked for, so it was a question"
    await press(talk, "Пункты…")
    await press(talk, "☐ Пробег")
    answer = await talk.ask(LASHA, "сколько свободных машин завтра?")
    assert "вободн" in answer["text"], "no number, no answer"
    shown = await write(talk, "130 000")
    assert "☑ Пробег: 130 000 км" in plain(shown)
    await clockrow.set_offset(talk.core.db, talk.core.clock.offset_s + 3600)
    await clockrow.load_offset(talk.core.db, talk.core.clock)
    talk.telegram.send(LASHA, "dm", "", photos=[picture()])
    await talk.quiet(30)
    assert [m for m in talk.seen(LASHA) if "К чему отнести?" in m["text"]], "an hour later a photo is asked about again"


async def test_the_time_is_up_and_says_once_what_is_missing(talk: Talk) -> None:
    await begin(talk)
    await send_photos(talk, 8)
    talk.start("scheduler")
    await clockrow.set_offset(talk.core.db, talk.core.clock.offset_s + timedelta(days=5).total_seconds())
    await clockrow.load_offset(talk.core.db, talk.core.clock)
    await until(lambda: _has(talk, "⏰ Выдача №1201 · Malibu 235: срок"), seconds=20)
    await talk.quiet(30)
    (told,) = [m for m in talk.seen(LASHA) if m["text"].startswith("⏰")]
    assert "Не сделано 13: Колёса, Салон" in told["text"]
    await talk.press(LASHA, told, "Открыть чек-лист")
    assert "☑ Кузов: 8 из 8" in sheet(talk)["text"]
    assert [m for m in talk.seen(LASHA) if "открыт ниже" in m["text"]]


async def _has(talk: Talk, text: str) -> bool:
    return any(m["text"].startswith(text) for m in talk.seen(LASHA))


async def fill(talk: Talk, name: str, *steps: str) -> dict[str, Any]:
    """A form from `/form`: words are pressed when they stand on a button, else written."""
    asked = await talk.ask(LASHA, "/form")
    await talk.press(LASHA, asked, name)
    for step in steps:
        if step in labels(sheet(talk)):
            await press(talk, step)
        else:
            await write(talk, step)
    return sheet(talk)


async def test_an_absence_a_task_and_a_payment(talk: Talk) -> None:
    shown = await fill(talk, "Отсутствие", "отпуск", "20.03", "18.03")
    assert "⛔ Последний день: раньше первого дня" in shown["text"]
    await write(talk, "25 марта")
    assert "☑ Последний день: ср 25.03" in sheet(talk)["text"]
    await press(talk, EKA)
    await press(talk, "Пропустить")
    await press(talk, "Отправить")
    (told,) = [m for m in talk.seen(NINO) if "Отсутствие" in m["text"]]
    for line in ("• Причина: отпуск", "• Первый день: пт 20.03", "• Кто заменяет: Эка Абуладзе"):
        assert line in told["text"]
    row = await talk.core.db.fetchrow("SELECT day FROM form_item WHERE key = 'last'")
    assert row is not None
    assert row["day"] == date(2026, 3, 25)

    await fill(talk, "Задача", "Отвезти документы в офис", EKA, "Завтра", "Пропустить", "Отправить")
    (told,) = [m for m in talk.seen(EKA) if "დავალება" in m["text"]]  # in her own language
    assert "• რა უნდა გაკეთდეს: Отвезти документы в офис" in told["text"]
    assert "• ვადა: პარ 13.03" in told["text"]

    shown = await fill(talk, "Платёж", "расход", "120,50", "₾", "мойка двух машин")
    assert "☑ Сумма: 120.50" in shown["text"]
    assert "Отправить" not in labels(shown), "the receipt is mandatory"
    await send_photos(talk, 1)
    await press(talk, "Отправить")
    assert [m for m in talk.seen(NINO) if "Платёж" in m["text"] and "мойка двух машин" in m["text"]]

    shown = await fill(talk, "Отсутствие", "отгул")
    await press(talk, "Отменить")
    assert "Отменено" in sheet(talk)["text"]
    assert len([m for m in talk.seen(NINO) if "Отсутствие" in m["text"]]) == 1


async def test_a_problem_with_a_car_reaches_its_topic_and_the_head(talk: Talk) -> None:
    asked = await talk.ask(LASHA, "/checklist Malibu 235")
    assert "Проблема с машиной · Malibu 235" in labels(asked)
    await talk.press(LASHA, asked, "Проблема с машиной · Malibu 235")
    await press(talk, "колесо")
    await press(talk, "нельзя")
    await write(talk, "Прокол справа сзади, " + "запаска стоит, домкрат у клиента остался. " * 3)
    await send_photos(talk, 2)
    await press(talk, "Отправить")
    await talk.quiet(60)
    (told,) = [m for m in talk.seen(NINO) if "Проблема" in m["text"]]
    assert "• Ехать можно: нельзя" in told["text"]
    assert told["text"].count("домкрат у клиента остался.") == 3, "the report has all of it"
    topic = posts(talk, LASHA, TBILISI, MALIBU)
    assert [m for m in topic if "Прокол справа сзади" in m["text"]]
    assert len([m for m in topic if m["media"]]) == 2
    # a colleague of another branch may neither see nor begin
    asked = await talk.ask(DATO, "/checklist Malibu 235")
    assert not asked["buttons"]


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_failure_at_any_point_keeps_one_form_and_one_report(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "_watch", None)  # put back afterwards: the watch belongs to the whole process
    monkeypatch.setattr(rpc, "GROUP_PER_MINUTE", 2000)  # the limits have a test of their own
    async with open_talk(servers, tmp_path, world=small_world(), telegram={"group_per_minute": 2000}) as talk:
        asked = await talk.ask(LASHA, "/checklist Malibu 235")
        for n, point in enumerate(POINTS):

            async def says(text: str, n: int = n) -> bool:
                shown = [m for m in talk.seen(LASHA) if m["text"].startswith("📝 Ежедневный осмотр")]
                return len(shown) == n + 1 and text in shown[-1]["text"]

            monkeypatch.setenv("JARVIS_FAULT", f"{point}:{n % 5 + 1}:cut")  # the failure that this round is about
            faults.arm_again()
            await talk.telegram.press(LASHA, "dm", asked["id"], "Ежедневный осмотр · Malibu 235")
            await until(lambda: says("Дальше: Мойка"), seconds=100)
            talk.telegram.send(LASHA, "dm", "", photos=[picture(n)])
            await until(lambda: says("☑ Мойка: 1 из 1\n"), seconds=100)
            await talk.telegram.press(LASHA, "dm", sheet(talk)["id"], "заправлена")
            await until(lambda: says("☑ Заправка: заправлена"), seconds=100)
            await talk.telegram.press(LASHA, "dm", sheet(talk)["id"], "Отчёт")
            await until(lambda: says("Не сделано 4"), seconds=100)
            await talk.telegram.press(LASHA, "dm", sheet(talk)["id"], "Закрыть, не сделано 4")
            await until(lambda: says("Закрыто"), seconds=100)

            async def reported(n: int = n) -> bool:
                topic = posts(talk, LASHA, TBILISI, MALIBU)
                return len([m for m in topic if "Не сделано 4" in m["text"]]) == n + 1 == len([m for m in topic if m["media"]])

            await until(reported, seconds=100)
            monkeypatch.delenv("JARVIS_FAULT")  # this round is over
            faults.arm_again()
            await talk.quiet(60)
            assert await reported(), point
            assert await talk.core.db.fetchval("SELECT count(*) FROM form WHERE state = 'done'") == n + 1, point


async def test_a_press_that_is_handled_again_takes_nothing_back(talk: Talk) -> None:
    await begin(talk)
    await send_photos(talk, 8)
    await press(talk, "Пункты…")
    await press(talk, "☑ Кузов")
    shown = await press(talk, "Переснять")
    assert "☐ Кузов\n" in shown["text"]
    await send_photos(talk, 8, first=20)
    await talk.core.db.execute(  # as when its worker died between its commit and its end
        """UPDATE event SET state = 'received' WHERE id = (SELECT id FROM event WHERE kind = 'callback.button' ORDER BY seq DESC LIMIT 1)"""
    )
    await talk.quiet(30)
    assert await talk.core.db.fetchval("SELECT state FROM form_item WHERE key = 'body'") == "received"
