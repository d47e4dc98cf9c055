"""People talk to Jarvis in Telegram and see the right answers: the chat is the assertion."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from jarvis.app.build import subscriptions
from jarvis.domains.staff.administration import StaffAdministration
from jarvis.domains.staff.invitations import Invitations
from jarvis.domains.staff.service import StaffService
from jarvis.engine.subscriptions import UNROUTED
from jarvis.testing.app import RunningApp
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.people import GOCHA, GROUP, LASHA, NINO, TAMAR


@pytest.fixture(scope="module")
async def app(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path_factory.mktemp("talk")) as running:
        yield running


async def test_what_is_free_at_the_weekend_and_a_follow_up(app: RunningApp) -> None:
    answer = await app.ask(LASHA, "что свободно на выходные в Батуми")
    assert "Батуми, сб 14.03, 09:00 → вс 15.03, 20:00" in answer["text"]
    assert "Camry 909" in answer["text"]
    assert "Juke 145" not in answer["text"], "that car is still out after its return time"
    answer = await app.ask(LASHA, "а в Кутаиси?")
    assert "Кутаиси, сб 14.03, 09:00 → вс 15.03, 20:00" in answer["text"]


async def test_debts_are_apart_from_what_is_due(app: RunningApp) -> None:
    answer = await app.ask("Дато Мчедлишвили", "долги по батуми")
    assert "Долги: 520 ₾ · 3" in answer["text"]
    assert "Отдельно, к оплате при выдаче (не долг): 1 160 ₾ · 5" in answer["text"]


async def test_an_unknown_booking_is_said_to_be_unknown(app: RunningApp) -> None:
    assert "Бронь №9999 не найдена" in (await app.ask(NINO, "бронь 9999"))["text"]


async def test_who_changed_a_booking(app: RunningApp) -> None:
    await app.rentprog.change(
        "change_booking", {"booking": "1204", "field": "location_end", "value": "Вокзал"}
    )
    answer = await app.ask(NINO, "кто менял бронь 1204?")
    assert "Оператор · место возврата: Офис → Вокзал" in answer["text"]


async def test_a_role_is_refused_in_words_and_on_record(app: RunningApp) -> None:
    answer = await app.ask("Гиорги Капанадзе", "долги по батуми")
    assert "⛔ Долги: не для вашей роли" in answer["text"]
    denied = await app.core.db.fetchval(
        "SELECT count(*) FROM audit_entry WHERE action = 'tool.list_debts' AND outcome = 'denied'"
    )
    assert denied >= 1


async def test_a_foreign_branch_is_refused_with_a_name(app: RunningApp) -> None:
    answer = await app.ask(LASHA, "долги по батуми")
    assert "Показываю только свои филиалы. Батуми: спросите Дато Мчедлишвили." in answer["text"]
    assert "320" not in answer["text"]


async def test_a_stranger_gets_one_polite_refusal(app: RunningApp) -> None:
    answer = await app.ask("Посторонний", "где малибу?")
    assert "вас нет в списке" in answer["text"]
    app.telegram.send("Посторонний", "dm", "ау")
    await app.quiet()
    assert len(app.seen("Посторонний")) == 1
    assert (
        await app.core.db.fetchval(
            "SELECT count(*) FROM audit_entry WHERE action = 'message.stranger'"
        )
        == 2
    )


async def test_a_dismissed_person_is_a_stranger(app: RunningApp) -> None:
    assert "вас нет в списке" in (await app.ask("Отар Квирикашвили", "кто должен?"))["text"]


async def test_nothing_crosses_between_people(app: RunningApp) -> None:
    await app.ask(NINO, "свободен ли джимни 077 завтра")
    answer = await app.ask("Роман Лыков", "ту же, но на пятницу")
    assert "Jimny" not in answer["text"]


async def test_personal_data_is_masked_by_role_and_place(app: RunningApp) -> None:
    assert "•••" in (await app.ask(LASHA, "покажи клиента Emma Lindqvist"))["text"]
    head = await app.ask(NINO, "покажи клиента Emma Lindqvist")
    assert "+995599101203" in head["text"]
    group = await app.ask(NINO, "Jarvis, покажи клиента Emma Lindqvist", GROUP)
    assert "+995599101203" not in group["text"]
    assert "Lindqvist" not in group["text"].replace("«", "")
    assert (
        await app.core.db.fetchval(
            "SELECT count(*) FROM audit_entry WHERE action = 'client.contact'"
        )
        == 1
    )


async def test_the_answer_comes_in_the_language_of_the_request(app: RunningApp) -> None:
    assert "თბილისი" in (await app.ask("Эка Абуладзе", "სად არის მალიბუ 235?"))["text"]
    assert (
        "Rented, until Sat 14 Mar, 12:00"
        in (await app.ask("Эка Абуладзе", "where is malibu 235?"))["text"]
    )
    assert "Тбилиси" in (await app.ask("Эка Абуладзе", "gde malibu 235"))["text"]


async def test_two_matters_are_answered_together(app: RunningApp) -> None:
    answer = await app.ask(TAMAR, "где малибу 235 и кто должен в Батуми")
    assert "Malibu 235" in answer["text"]
    assert "Долги: 520 ₾" in answer["text"]


async def test_what_it_does_not_understand_it_says(app: RunningApp) -> None:
    answer = await app.ask(GOCHA, "ывапролд")
    assert "Этого не понял" in answer["text"]
    assert len(answer["buttons"]) == 3
    assert "не моя работа" in (await app.ask(GOCHA, "напиши стих про весну"))["text"]


async def test_commands_and_settings(app: RunningApp) -> None:
    assert "Malibu 235" in (await app.ask(GOCHA, "где малибу 235?"))["text"]
    assert "Чем помогу" in (await app.ask(GOCHA, "/help"))["text"]
    page = await app.ask(GOCHA, "/settings")
    page = await app.press(GOCHA, page, "English")
    assert "Language: English" in page["text"]
    page = await app.press(GOCHA, page, "Mute")
    assert "Mute: yes" in page["text"]
    assert "Fresh start" in (await app.ask(GOCHA, "/new"))["text"]
    assert "forgotten" in (await app.ask(GOCHA, "/forget"))["text"]
    assert "Nothing to report" not in (await app.ask(GOCHA, "/report wrong car"))["text"]


async def test_a_double_tap_is_one_answer_and_strangers_taps_are_none(app: RunningApp) -> None:
    question = await app.ask(NINO, "Jarvis, где соната", GROUP)
    toast = await app.telegram.press(LASHA, GROUP, int(question["id"]), 0)
    assert toast == "Это выбирает тот, кто спрашивал"
    await app.telegram.press(NINO, GROUP, int(question["id"]), 0)
    await app.quiet()
    assert (
        await app.core.db.fetchval(
            "SELECT count(*) FROM interaction WHERE used_at IS NOT NULL AND group_key LIKE "
            "'answer:%'"
        )
        >= 2
    )
    answer = app.seen(NINO, GROUP)[-1]
    assert "Sonata 081" in answer["text"]


async def test_an_invitation_that_nobody_decided_in_a_week_says_so_and_loses_its_buttons(
    app: RunningApp,
) -> None:
    from jarvis.engine import clockrow
    from jarvis.kit.actor import Role

    employee = await app.core.get(StaffAdministration).add(
        name="Поздняя Коллега",
        role=Role.EMPLOYEE,
        branch="batumi",
        all_branches=False,
        language="ru",
    )
    token = await app.core.get(Invitations).create(employee, by="test")
    app.telegram.state.add_person(7009998, "Поздняя Коллега", "ru")
    await app.ask("Поздняя Коллега", f"/start {token}")
    card = app.seen("Павел Дёмин")[-1]
    await clockrow.set_offset(app.core.db, app.core.clock.offset_s + 8 * 86400)
    await clockrow.load_offset(app.core.db, app.core.clock)
    lapsed = await app.press("Павел Дёмин", card, "Подтвердить")
    assert lapsed["id"] == card["id"]
    assert "Поздняя Коллега" in lapsed["text"]
    assert "Срок вышел" in lapsed["text"]
    assert not lapsed["buttons"]
    assert await app.core.get(StaffService).actor_of_telegram(7009998) is None


async def test_the_app_has_built_every_subscriber_of_the_table(app: RunningApp) -> None:
    assert set(app.core.subscribers) - {UNROUTED} == set(subscriptions())
