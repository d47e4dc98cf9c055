"""Forms and check-lists: filled in by buttons, words and pictures, in one message; what is missing
is said."""

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

from jarvis.domains.forms.payloads import AnswerPoint
from jarvis.engine import clockrow
from jarvis.kit import faults
from jarvis.testing.app import RunningApp
from jarvis.testing.core import until
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.forms import begin, fill, labels, plain, press, send_photos, sheet, world, write
from tests.scenes.material import picture
from tests.scenes.people import DATO, EKA, LASHA, NINO
from tests.scenes.topics import MALIBU, POINTS, SHORT_LEASE, TBILISI, posts, small_world

INSPECTION = "📝 Ежедневный осмотр"


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path, world=world()) as opened:
        yield opened


async def test_a_point_is_waived_by_a_head_only_and_the_report_says_by_whom_and_why(
    app: RunningApp,
) -> None:
    await begin(app)
    await press(app, "Пункты…")
    await press(app, "☐ Договор подписан")
    await press(app, "Пропустить…")
    shown = await press(app, "клиент отказался")
    assert "☐ Договор подписан: просьба снять с проверки: «клиент отказался»" in shown["text"]
    (asked,) = [m for m in app.seen(NINO) if "просит снять с проверки" in m["text"]]
    assert asked["buttons"] == [["Снять с проверки", "Пункт нужен"]]
    await app.press(NINO, asked, "Снять с проверки")
    assert "➖ Договор подписан: снято с проверки: Нино, «клиент отказался»" in sheet(app)["text"]
    (asked,) = [m for m in app.seen(NINO) if "Договор" in m["text"]]
    assert "снято с проверки, Нино" in asked["text"]
    assert not asked["buttons"]
    # what anybody may leave out, with a reason of their own
    await press(app, "Пункты…")
    await press(app, "☐ Страховка")
    await press(app, "Пропустить…")
    shown = await press(app, "Другая причина…")
    assert "Напишите, почему этот пункт не нужен." in shown["text"]
    shown = await write(app, "страховка клиента <b>своя</b>")
    assert "➖ Страховка: снято с проверки: Лаша, «страховка клиента <b>своя</b>»" in shown["text"]
    await press(app, "Отчёт")
    shown = sheet(app)
    assert "Не сделано 12: Кузов, Колёса" in shown["text"]
    assert "Снято с проверки: Страховка («" not in shown["text"]
    assert "Договор подписан (клиент отказался, Нино Беридзе)" in shown["text"]
    shown = await press(app, "Закрыть, не сделано 12")
    assert "Не сделано 12" in shown["text"]
    states = await app.core.db.fetch(
        "SELECT state, count(*) AS n FROM form_item GROUP BY state ORDER BY state"
    )
    assert {r["state"]: r["n"] for r in states}["waived"] == 2, "gaps stay on record as gaps"


async def test_presses_twice_late_and_without_the_right(app: RunningApp) -> None:
    shown = await begin(app)
    await app.press(LASHA, shown, "Пункты…")
    shown = await press(app, "☐ Топливо")
    await asyncio.gather(*[app.telegram.press(LASHA, "dm", shown["id"], "50 %") for _ in range(2)])
    await app.quiet()
    assert "☑ Топливо: 50 %" in sheet(app)["text"]
    received = "SELECT count(*) FROM audit_entry WHERE action = 'form' AND outcome = 'received'"
    assert await app.core.db.fetchval(received) == 1, "twice the same is once"
    # a week later the buttons still work
    await clockrow.set_offset(
        app.core.db, app.core.clock.offset_s + timedelta(days=8).total_seconds()
    )
    await clockrow.load_offset(app.core.db, app.core.clock)
    shown = await press(app, "Пункты…")
    assert "☐ Кузов" in labels(shown)
    # a form that was closed meanwhile says so on the message that was pressed
    stale = next(
        b
        for b in await tokens(app)
        if (b["choice"]["point"], b["choice"]["choice"]) == ("fuel", "75")
    )
    await press(app, "Назад")
    await press(app, "Отчёт")
    await press(app, "Закрыть, не сделано 13")
    # a phone that was offline still shows the old buttons
    await app.core.journal.accept(
        source="telegram",
        kind="callback.button",
        dedup_key=f"late:{stale['token']}",
        ordering_key="late",
        payload={
            "chat_id": 7001004,
            "message_id": shown["id"],
            "sender_id": 7001004,
            "token": stale["token"],
        },
    )
    await app.quiet()
    assert "Закрыто" in sheet(app)["text"]
    assert await app.core.db.fetchval("SELECT choice FROM form_item WHERE key = 'fuel'") == "50", (
        "nothing changes after the end"
    )


async def tokens(app: RunningApp) -> list[dict[str, Any]]:
    return [
        {"token": r["token"], "choice": json.loads(r["choice"])}
        for r in await app.core.db.fetch(
            "SELECT token, choice FROM interaction WHERE kind = $1 ORDER BY ordinal",
            AnswerPoint.kind,
        )
    ]


async def test_the_report_in_the_topic_files_of_it_and_what_a_head_sends_back(
    app: RunningApp,
) -> None:
    await begin(app)
    await send_photos(app, 8)
    await press(app, "Пункты…")
    await press(app, "☐ Документы клиента")
    await send_photos(app, 1, first=9)
    await press(app, "Отчёт")
    await press(app, "Закрыть, не сделано 12")
    await app.quiet(30)
    (report,) = [m for m in posts(app, LASHA, TBILISI, MALIBU) if "Не сделано 12" in m["text"]]
    toast = await app.telegram.press(LASHA, TBILISI, int(report["id"]), "Вернуть на доработку…")
    assert toast is not None
    assert "руководитель филиала" in toast
    await app.quiet()
    denied = (
        "SELECT count(*) FROM audit_entry WHERE action = 'button.press' AND outcome = 'not_allowed'"
    )
    assert await app.core.db.fetchval(denied) == 1
    for label in ("PDF", "PDF", "JSON"):
        await app.telegram.press(LASHA, TBILISI, int(report["id"]), label)
    await app.quiet(60)
    sent = [app.telegram.state.media[m["media"][0]] for m in app.seen(LASHA) if m["media"]]
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
    await app.telegram.press(NINO, TBILISI, int(report["id"]), "Вернуть на доработку…")
    await app.quiet()
    (asked,) = [m for m in app.seen(NINO) if "что переделать?" in m["text"]]
    assert asked["buttons"] == [["Кузов", "Документы клиента"]]
    await app.press(NINO, asked, "Кузов")
    await app.press(
        NINO, next(m for m in app.seen(NINO) if "что переделать?" in m["text"]), "видно не всё"
    )
    assert [m for m in app.seen(NINO) if "возвращено, «Кузов», видно не всё" in m["text"]]
    shown = sheet(app)
    assert "⛔ Кузов: видно не всё" in shown["text"]
    shown = await send_photos(app, 8, first=20)
    assert "☑ Кузов: 8 из 8" in shown["text"]


async def test_photos_in_a_topic_open_the_check_list_and_then_go_to_it(app: RunningApp) -> None:
    app.telegram.send(LASHA, TBILISI, "", photos=[picture(n) for n in range(3)], topic=MALIBU)
    await app.quiet(30)
    (asked,) = app.seen(LASHA)
    await app.press(LASHA, asked, "📝 Чек-лист: Приём №1200")
    await app.quiet()
    assert "Приём №1200 · Malibu 235: открыт ниже" in app.seen(LASHA)[0]["text"]
    assert "☐ Кузов: 3 из 8" in sheet(app)["text"]
    app.telegram.send(LASHA, TBILISI, "", photos=[picture(n) for n in range(3, 8)], topic=MALIBU)
    await app.quiet(30)
    assert "☑ Кузов: 8 из 8" in sheet(app)["text"], (
        "no question while the car's own check-list is being filled in"
    )
    assert len(app.seen(LASHA)) == 2
    assert not [m for m in posts(app, LASHA, TBILISI, MALIBU) if m["from"] != "Jarvis"]
    file = {"kind": "document", "data": picture()[:300], "name": "a.jpg", "mime": "image/jpeg"}
    app.telegram.send(LASHA, "dm", "", photos=[file])
    await app.quiet(30)
    assert "⛔ Приборка: файл оборван или повреждён" in sheet(app)["text"]
    shown = await send_photos(app, 1, first=9)
    assert "☑ Приборка: 1 из 1" in shown["text"]
    await press(app, "Пункты…")
    await press(app, "☑ Приборка")
    app.telegram.send(LASHA, "dm", "", photos=[file | {"data": picture()[:290]}])
    await app.quiet(30)
    assert "☑ Приборка: 1 из 1" in sheet(app)["text"], (
        "one too many that is refused takes nothing away"
    )
    await press(app, "Отчёт")
    await press(app, "Отменить")
    await app.quiet(30)
    assert len([m for m in app.seen(LASHA) if "К чему отнести?" in m["text"]]) == 2, (
        "what was sent for it is not lost"
    )


async def test_the_opening_post_shows_who_fills_in_what_and_the_material(app: RunningApp) -> None:
    await until(lambda: _opening(app, "RentProg"), seconds=30)
    post = next(m for m in posts(app, LASHA, TBILISI, MALIBU) if m["pinned"])
    assert '<a href="https://rentprog.net/cars/90001">RentProg</a>' in post["html"]
    assert "📝" not in post["text"], "what does not exist is not shown"
    await begin(app)
    await send_photos(app, 8)
    app.start("scheduler")
    await clockrow.set_offset(app.core.db, app.core.clock.offset_s + 700)
    await clockrow.load_offset(app.core.db, app.core.clock)
    await until(lambda: _opening(app, "📝 Выдача №1201 · Лаша"), seconds=30)
    await press(app, "Отчёт")
    await press(app, "Закрыть, не сделано 13")
    await app.quiet(30)
    await clockrow.set_offset(app.core.db, app.core.clock.offset_s + 700)
    await clockrow.load_offset(app.core.db, app.core.clock)
    await until(lambda: _opening(app, "Материалы: 1 · Выдача"), seconds=60)
    assert not await _opening(app, "📝")


async def _opening(app: RunningApp, text: str) -> bool:
    return any(m["pinned"] and text in m["text"] for m in posts(app, LASHA, TBILISI, MALIBU))


async def test_words_are_an_answer_only_to_what_asks_for_words(app: RunningApp) -> None:
    await begin(app)
    answer = await app.ask(LASHA, "что по Malibu 235?")
    assert "Malibu 235" in answer["text"]
    assert "TT-235-TT" in answer["text"], "a picture is asked for, so it was a question"
    await press(app, "Пункты…")
    await press(app, "☐ Пробег")
    answer = await app.ask(LASHA, "сколько свободных машин завтра?")
    assert "вободн" in answer["text"], "no number, no answer"
    shown = await write(app, "130 000")
    assert "☑ Пробег: 130 000 км" in plain(shown)
    await clockrow.set_offset(app.core.db, app.core.clock.offset_s + 3600)
    await clockrow.load_offset(app.core.db, app.core.clock)
    app.telegram.send(LASHA, "dm", "", photos=[picture()])
    await app.quiet(30)
    assert [m for m in app.seen(LASHA) if "К чему отнести?" in m["text"]], (
        "an hour later a photo is asked about again"
    )


async def test_the_time_is_up_and_says_once_what_is_missing(app: RunningApp) -> None:
    await begin(app)
    await send_photos(app, 8)
    app.start("scheduler")
    await clockrow.set_offset(
        app.core.db, app.core.clock.offset_s + timedelta(days=5).total_seconds()
    )
    await clockrow.load_offset(app.core.db, app.core.clock)
    await until(lambda: _has(app, "⏰ Выдача №1201 · Malibu 235: срок"), seconds=20)
    await app.quiet(30)
    (told,) = [m for m in app.seen(LASHA) if m["text"].startswith("⏰")]
    assert "Не сделано 13: Колёса, Салон" in told["text"]
    await app.press(LASHA, told, "Открыть чек-лист")
    assert "☑ Кузов: 8 из 8" in sheet(app)["text"]
    assert [m for m in app.seen(LASHA) if "открыт ниже" in m["text"]]


async def _has(app: RunningApp, text: str) -> bool:
    return any(m["text"].startswith(text) for m in app.seen(LASHA))


async def test_an_absence_a_task_and_a_payment(app: RunningApp) -> None:
    shown = await fill(app, "Отсутствие", "отпуск", "20.03", "18.03")
    assert "⛔ Последний день: раньше первого дня" in shown["text"]
    await write(app, "25 марта")
    assert "☑ Последний день: ср 25.03" in sheet(app)["text"]
    await write(app, "эка")
    await press(app, "Пропустить")
    await press(app, "Отправить")
    (told,) = [m for m in app.seen(NINO) if "Отсутствие" in m["text"]]
    for line in ("• Причина: отпуск", "• Первый день: пт 20.03", "• Кто заменяет: Эка Абуладзе"):
        assert line in told["text"]
    row = await app.core.db.fetchrow("SELECT day FROM form_item WHERE key = 'last'")
    assert row is not None
    assert row["day"] == date(2026, 3, 25)

    await fill(app, "Задача", "Отвезти документы в офис", EKA, "Завтра", "Пропустить", "Отправить")
    (told,) = [m for m in app.seen(EKA) if "დავალება" in m["text"]]  # in her own language
    assert "• რა უნდა გაკეთდეს: Отвезти документы в офис" in told["text"]
    assert "• ვადა: პარ 13.03" in told["text"]

    shown = await fill(app, "Платёж", "расход", "120,50", "₾", "мойка двух машин")
    assert "☑ Сумма: 120.50" in shown["text"]
    assert "Отправить" not in labels(shown), "the receipt is mandatory"
    await send_photos(app, 1)
    await press(app, "Отправить")
    assert [m for m in app.seen(NINO) if "Платёж" in m["text"] and "мойка двух машин" in m["text"]]

    shown = await fill(app, "Отсутствие", "отгул")
    await press(app, "Отменить")
    assert "Отменено" in sheet(app)["text"]
    assert len([m for m in app.seen(NINO) if "Отсутствие" in m["text"]]) == 1


async def test_a_problem_with_a_car_reaches_its_topic_and_the_head(app: RunningApp) -> None:
    assert "По «999999» чек-листов нет" in (await app.ask(LASHA, "/checklist 999999"))["text"]
    asked = await app.ask(LASHA, "/checklist Malibu 235")
    assert "Проблема с машиной · Malibu 235" in labels(asked)
    await app.press(LASHA, asked, "Проблема с машиной · Malibu 235")
    await press(app, "колесо")
    await press(app, "нельзя")
    await write(app, "Прокол справа сзади, " + "запаска стоит, домкрат у клиента остался. " * 3)
    await send_photos(app, 2)
    await press(app, "Отправить")
    await app.quiet(60)
    (told,) = [m for m in app.seen(NINO) if "Проблема" in m["text"]]
    assert "• Ехать можно: нельзя" in told["text"]
    assert told["text"].count("домкрат у клиента остался.") == 3, "the report has all of it"
    topic = posts(app, LASHA, TBILISI, MALIBU)
    assert [m for m in topic if "Прокол справа сзади" in m["text"]]
    assert len([m for m in topic if m["media"]]) == 2
    # a colleague of another branch may neither see nor begin
    asked = await app.ask(DATO, "/checklist Malibu 235")
    assert not asked["buttons"]


@pytest.fixture(scope="module")
async def shared(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[RunningApp]:
    """One app for the failures at each point: what a failure leaves is what the next one meets."""
    async with running_feature(
        servers, tmp_path_factory.mktemp("shared"), world=small_world(), core=SHORT_LEASE
    ) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
async def test_a_failure_at_any_point_keeps_one_form_and_one_report(
    shared: RunningApp, point: str
) -> None:
    asked = await shared.ask(LASHA, "/checklist Malibu 235")
    done = len([m for m in shared.seen(LASHA) if m["text"].startswith(INSPECTION)])
    topic = posts(shared, LASHA, TBILISI, MALIBU)
    reports, media = (
        len([m for m in topic if "Не сделано 4" in m["text"]]),
        len([m for m in topic if m["media"]]),
    )

    async def says(text: str) -> bool:
        shown = [m for m in shared.seen(LASHA) if m["text"].startswith(INSPECTION)]
        return len(shown) == done + 1 and text in shown[-1]["text"]

    async def reported() -> bool:
        now = posts(shared, LASHA, TBILISI, MALIBU)
        found = (
            len([m for m in now if "Не сделано 4" in m["text"]]),
            len([m for m in now if m["media"]]),
        )
        return found == (reports + 1, media + 1)

    with faults.armed(f"{point}:3:cut") as passed:
        await shared.telegram.press(LASHA, "dm", asked["id"], "Ежедневный осмотр · Malibu 235")
        await until(lambda: says("Дальше: Мойка"), seconds=100)
        shared.telegram.send(LASHA, "dm", "", photos=[picture(done)])
        await until(lambda: says("☑ Мойка: 1 из 1\n"), seconds=100)
        await shared.telegram.press(LASHA, "dm", sheet(shared)["id"], "заправлена")
        await until(lambda: says("☑ Заправка: заправлена"), seconds=100)
        await shared.telegram.press(LASHA, "dm", sheet(shared)["id"], "Отчёт")
        await until(lambda: says("Не сделано 4"), seconds=100)
        await shared.telegram.press(LASHA, "dm", sheet(shared)["id"], "Закрыть, не сделано 4")
        await until(lambda: says("Закрыто"), seconds=100)
        await until(reported, seconds=100)
        assert passed[point] >= 3, "the failure came"
    await shared.quiet(60)
    assert await reported()
    assert (
        await shared.core.db.fetchval("SELECT count(*) FROM form WHERE state = 'done'") == done + 1
    )


async def test_a_press_that_is_handled_again_takes_nothing_back(app: RunningApp) -> None:
    await begin(app)
    await send_photos(app, 8)
    await press(app, "Пункты…")
    await press(app, "☑ Кузов")
    shown = await press(app, "Переснять")
    assert "☐ Кузов\n" in shown["text"]
    await send_photos(app, 8, first=20)
    await app.core.db.execute(  # as when its worker died between its commit and its end
        """UPDATE delivery SET state = 'pending'
            WHERE event_id = (SELECT id FROM event WHERE kind = 'callback.button' ORDER BY seq DESC
              LIMIT 1)"""
    )
    await app.quiet(30)
    assert (
        await app.core.db.fetchval("SELECT state FROM form_item WHERE key = 'body'") == "received"
    )
