"""What Jarvis does beside answering: lists that go on, digests, unknown events, partial failures,
slow answers."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import asyncpg
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models.function import AgentInfo, FunctionModel

from jarvis.engine import clockrow
from jarvis.integrations.rentprog.sandbox.changes import Hook
from jarvis.kit.clock import TBILISI
from jarvis.testing.app import RunningApp
from jarvis.testing.core import until
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.people import GIORGI, NINO, PAVEL, TAMAR


def failing(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    raise ModelHTTPError(500, "scripted", "broken")


async def _at(app: RunningApp, moment: datetime) -> None:
    await clockrow.set_offset(app.core.db, (moment - datetime.now(TBILISI)).total_seconds())
    await clockrow.load_offset(app.core.db, app.core.clock)


async def test_a_long_list_goes_on_behind_a_button(servers: Servers, tmp_path: Path) -> None:
    async with running_feature(servers, tmp_path) as app:
        answer = await app.ask(TAMAR, "покажи парк Тбилиси")
        total = int(answer["text"].split("Машин: ")[1].split(" ")[0])
        assert answer["text"].count("•") == 7
        assert answer["buttons"] == [[f"Показать ещё {total - 7}"]]
        rest = await app.press(TAMAR, answer, 0)
        assert rest["id"] != answer["id"], "the first page stays where it was"
        assert rest["text"].count("•") == min(20, total - 7)
        assert re.search(r"RentProg, на чт 12.03, 14:(29|30)", rest["text"]), (
            "the moment of the reading, not of the press"
        )


async def test_bookings_of_a_car_are_for_those_who_may_see_them(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        mechanic = (await app.ask(GIORGI, "где малибу 235?"))["text"]
        assert "В аренде, до сб 14.03, 12:00" in mechanic
        assert "№1200: вт 10.03" in mechanic, (
            "a colleague of another branch sees the booking, not whose it is"
        )
        assert "Олег" not in mechanic
        engineer = (await app.ask("Вера Климова", "где малибу 235?"))["text"]
        assert "В аренде, до сб 14.03, 12:00" in engineer
        assert "№" not in engineer
        head = await app.ask(NINO, "где малибу 235?")
        assert "№1200: Олег Р." in head["text"]
        listed = await app.press(NINO, head, "Брони")
        assert "Malibu 235" in listed["text"]
        assert "№1200" in listed["text"]


async def test_who_had_a_car_is_found_without_a_number(servers: Servers, tmp_path: Path) -> None:
    async with running_feature(servers, tmp_path) as app:
        took = await app.ask(NINO, "кто брал малибу 235 вчера")
        assert "№1200 · Malibu 235 · Олег Р." in took["text"]
        client = await app.ask(NINO, "брони клиента Рудин")
        assert "№1200" in client["text"]
        which = await app.ask(NINO, "какие у нас сонаты")
        assert "Машин: 2" in which["text"]


async def test_the_own_branch_is_assumed_and_the_others_are_one_press_away(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        own = await app.ask("Дато Мчедлишвили", "что свободно завтра вечером")
        assert "Батуми, пт 13.03, 18:00 → пт 13.03, 22:00" in own["text"]
        everywhere = await app.press("Дато Мчедлишвили", own, "Все филиалы")
        assert "все филиалы, пт 13.03, 18:00" in everywhere["text"]
        assert "Тбилиси" in everywhere["text"]


async def test_a_digest_comes_at_its_hour_once_and_not_to_the_muted(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        page = await app.ask(NINO, "/settings")
        page = await app.press(NINO, page, "🗒 18:00")
        assert "Сводка: в 18:00" in page["text"]
        page = await app.press(TAMAR, await app.ask(TAMAR, "/settings"), "🗒 18:00")
        await app.press(TAMAR, page, "Тишина")
        await _at(app, datetime(2026, 3, 12, 18, 0, 1, tzinfo=TBILISI))
        app.start("scheduler")
        await app.stop("scheduler")
        app.start("scheduler")

        async def came() -> bool:
            return "🗒" in app.seen(NINO)[-1]["text"] and "Тбилиси" in app.seen(NINO)[-1]["text"]

        await until(came)
        await app.quiet()
        digests = [m for m in app.seen(NINO) if "Выдачи" in m["text"]]
        assert len(digests) == 1
        for part in ("Тбилиси, чт 12.03", "Выдачи", "возвраты", "Долги", "В ремонте"):
            assert part in digests[0]["text"], digests[0]["text"]
        assert not [m for m in app.seen(TAMAR) if "Выдачи" in m["text"]]


async def test_an_event_without_a_route_is_put_before_an_administrator(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        hook = Hook(
            event="car_update", company_id=101, payload={"mileage": [50_000, 77_777], "id": 90001}
        )
        app.rentprog.data.cars[90001]["mileage"] = 77_777
        body = app.rentprog.body(hook)

        async def publish(key: str) -> None:
            await app.core.journal.accept(
                source="rentprog:tbilisi", kind="rentprog.cars.update", dedup_key=key, body=body
            )
            await app.quiet()

        await publish("one")
        await publish("two")
        cards = [m for m in app.seen(PAVEL) if "rentprog.cars.update" in m["text"]]
        assert len(cards) == 1, "asked once a kind"
        assert "обрабатывать как rentprog.car.update" in cards[0]["text"]
        assert (
            await app.core.db.fetchval("SELECT count(*) FROM car WHERE mileage_km = 77777") == 0
        ), "only proposed"
        settled = await app.press(PAVEL, cards[0], "Обрабатывать так")
        assert "Маршрут: rentprog.cars.update → rentprog.car.update" in settled["text"]
        assert "Поставлено заново: 2" in settled["text"]
        await app.quiet()
        assert (
            await app.core.db.fetchval("SELECT mileage_km FROM car WHERE code = 'Malibu 235'")
            == 77_777
        )
        calls = await app.core.db.fetchval("SELECT count(*) FROM event_route")
        await publish("three")
        assert await app.core.db.fetchval("SELECT count(*) FROM event_route") == calls == 1
        assert (
            await app.core.db.fetchval(
                "SELECT count(*) FROM audit_entry WHERE action = 'event.route'"
            )
            == 1
        )


async def test_a_decided_route_and_its_replay_stand_or_fall_together(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        app.rentprog.data.cars[90001]["mileage"] = 77_777
        body = app.rentprog.body(
            Hook(
                event="car_update",
                company_id=101,
                payload={"mileage": [50_000, 77_777], "id": 90001},
            )
        )
        await app.core.journal.accept(
            source="rentprog:tbilisi", kind="rentprog.cars.update", dedup_key="one", body=body
        )
        await app.quiet()
        owner = await asyncpg.connect(
            servers.owner_dsn(await app.core.db.fetchval("SELECT current_database()"))
        )
        await owner.execute(
            """CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$
               BEGIN RAISE EXCEPTION 'cut off'; END $$;
               CREATE TRIGGER cut BEFORE INSERT ON event FOR EACH ROW
                 WHEN (NEW.dedup_key LIKE 'replay:%')
               EXECUTE FUNCTION cut()"""
        )
        card = next(m for m in app.seen(PAVEL) if "rentprog.cars.update" in m["text"])
        await app.telegram.press(PAVEL, "dm", int(card["id"]), "Обрабатывать так")

        async def failed() -> bool:
            return bool(
                await app.core.db.fetchval(
                    "SELECT true FROM event_status WHERE kind = 'callback.button' AND cause LIKE "
                    "'%cut off%'"
                )
            )

        await until(failed)
        await owner.execute("DROP TRIGGER cut ON event")
        await owner.close()

        async def applied() -> bool:
            return (
                await app.core.db.fetchval("SELECT mileage_km FROM car WHERE code = 'Malibu 235'")
                == 77_777
            )

        await until(applied)


async def test_a_kind_like_no_other_gets_no_proposal(servers: Servers, tmp_path: Path) -> None:
    async with running_feature(servers, tmp_path) as app:
        await app.core.journal.accept(
            source="moon", kind="moon.rise", dedup_key="1", payload={"phase": "full"}
        )
        await app.quiet()
        card = app.seen(PAVEL)[-1]
        assert "Похожего правила нет" in card["text"]
        assert card["buttons"] == [["Не обрабатывать"]]
        assert "Не обрабатывается: moon.rise" in (await app.press(PAVEL, card, 0))["text"]


async def test_of_two_matters_one_fails_and_the_other_is_answered(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(
        servers, tmp_path, models={"bookings": FunctionModel(failing)}
    ) as app:
        answer = (await app.ask(TAMAR, "где малибу 235 и кто должен в Батуми"))["text"]
        assert "Malibu 235" in answer
        assert "⚠️ Не получилось: кто должен в Батуми. Причина: модель не ответила" in answer
        assert "Долги" not in answer


async def test_a_failed_answer_offers_a_retry_and_a_report(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path, models={"router": FunctionModel(failing)}) as app:
        answer = await app.ask(NINO, "где малибу 235?")
        assert "Не получилось ответить: модель не ответила. Ничего не изменено." in answer["text"]
        assert answer["buttons"] == [["Повторить", "Сообщить об ошибке"]]
        code = answer["text"].split("код ")[1][:6]
        report = await app.press(NINO, answer, "Сообщить об ошибке")
        assert f"код {code}" in report["text"], (
            "the report carries the trace of the answer it is about"
        )
        assert await app.core.db.fetchval("SELECT count(*) FROM problem_report") == 1


async def test_a_button_that_only_asks_works_after_nine_days(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        first = await app.ask(NINO, "где соната")
        await _at(app, app.core.clock.now() + timedelta(days=9))
        assert "SN-081" in (await app.press(NINO, first, 0))["text"]
