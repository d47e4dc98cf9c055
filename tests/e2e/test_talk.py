"""People talk to Jarvis in Telegram and see the right answers: the chat is the assertion."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.conftest import Servers
from tests.telegram_house import Talk, open_talk

NINO, LASHA, TAMAR, GOCHA = "Нино Беридзе", "Лаша Гогуадзе", "Тамар Ломидзе", "Гоча Путкарадзе"
GROUP = "Смена Тбилиси"


@pytest.fixture(scope="module")
async def talk(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Talk]:
    async with open_talk(servers, tmp_path_factory.mktemp("talk")) as running:
        yield running


async def test_where_is_a_car_and_who_has_it(talk: Talk) -> None:
    answer = await talk.ask(NINO, "где малибу 235?")
    assert "Офлайн-режим" in answer["text"], "the first answer says openly what it is"
    for part in ("Malibu 235", "TT-235-TT", "Тбилиси", "В аренде, до сб 14.03, 12:00", "№1200: Олег Р.", "RentProg, только что"):
        assert part in answer["text"], answer["text"]


async def test_what_is_free_at_the_weekend_and_a_follow_up(talk: Talk) -> None:
    answer = await talk.ask(LASHA, "что свободно на выходные в Батуми")
    assert "Батуми, сб 14.03, 09:00 → вс 15.03, 20:00" in answer["text"]
    assert "Camry 909" in answer["text"]
    assert "Juke 145" not in answer["text"], "that car is still out after its return time"
    answer = await talk.ask(LASHA, "а в Кутаиси?")
    assert "Кутаиси, сб 14.03, 09:00 → вс 15.03, 20:00" in answer["text"]


async def test_debts_are_apart_from_what_is_due(talk: Talk) -> None:
    answer = await talk.ask("Дато Мчедлишвили", "долги по батуми")
    assert "Долги: 520 ₾ · 3" in answer["text"]
    assert "Отдельно, к оплате при выдаче (не долг): 1 160 ₾ · 5" in answer["text"]


async def test_two_cars_of_one_model_are_a_question_with_buttons(talk: Talk) -> None:
    question = await talk.ask(NINO, "где соната")
    assert "Какая машина?" in question["text"]
    assert question["buttons"] == [["Sonata 081 · Тбилиси"], ["Sonata 564 · Батуми"]]
    answer = await talk.press(NINO, question, "Sonata 564 · Батуми")
    assert answer["id"] == question["id"], "the answer stands in place of the question"
    assert "SN-564-BA" in answer["text"]
    assert answer["buttons"] == []


async def test_an_unknown_booking_is_said_to_be_unknown(talk: Talk) -> None:
    assert "Бронь №9999 не найдена" in (await talk.ask(NINO, "бронь 9999"))["text"]


async def test_who_changed_a_booking(talk: Talk) -> None:
    await talk.rentprog.change("change_booking", {"booking": "1204", "field": "location_end", "value": "Вокзал"})
    answer = await talk.ask(NINO, "кто менял бронь 1204?")
    assert "Оператор · место возврата: Офис → Вокзал" in answer["text"]


async def test_a_role_is_refused_in_words_and_on_record(talk: Talk) -> None:
    answer = await talk.ask("Гиорги Капанадзе", "долги по батуми")
    assert "⛔ Долги: не для вашей роли" in answer["text"]
    denied = await talk.core.db.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'tool.list_debts' AND outcome = 'denied'")
    assert denied >= 1


async def test_a_foreign_branch_is_refused_with_a_name(talk: Talk) -> None:
    answer = await talk.ask(LASHA, "долги по батуми")
    assert "Показываю только свои филиалы. Батуми: спросите Дато Мчедлишвили." in answer["text"]
    assert "320" not in answer["text"]


async def test_a_stranger_gets_one_polite_refusal(talk: Talk) -> None:
    answer = await talk.ask("Посторонний", "где малибу?")
    assert "вас нет в списке" in answer["text"]
    talk.telegram.send("Посторонний", "dm", "ау")
    await talk.quiet()
    assert len(talk.seen("Посторонний")) == 1
    assert await talk.core.db.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'message.stranger'") == 2


async def test_a_dismissed_person_is_a_stranger(talk: Talk) -> None:
    assert "вас нет в списке" in (await talk.ask("Отар Квирикашвили", "кто должен?"))["text"]


async def test_a_group_is_heard_only_when_it_turns_to_jarvis(talk: Talk) -> None:
    talk.telegram.send(NINO, GROUP, "кто завтра на смене? где малибу 235?")
    await talk.quiet()
    assert talk.seen(NINO, GROUP) == []
    answer = await talk.ask(NINO, "Jarvis, где малибу 235?", GROUP)
    assert "Malibu 235" in answer["text"]
    assert answer["reply_to"] is not None
    reply = await talk.ask(LASHA, "а приус 417 где?", GROUP, reply_to=int(answer["id"]))
    assert "Prius 417" in reply["text"], "a reply to Jarvis is addressed to it"


async def test_nothing_crosses_between_people(talk: Talk) -> None:
    await talk.ask(NINO, "свободен ли джимни 077 завтра")
    answer = await talk.ask("Роман Лыков", "ту же, но на пятницу")
    assert "Jimny" not in answer["text"]


async def test_personal_data_is_masked_by_role_and_place(talk: Talk) -> None:
    assert "•••" in (await talk.ask(LASHA, "покажи клиента Emma Lindqvist"))["text"]
    head = await talk.ask(NINO, "покажи клиента Emma Lindqvist")
    assert "+995599101203" in head["text"]
    group = await talk.ask(NINO, "Jarvis, покажи клиента Emma Lindqvist", GROUP)
    assert "+995599101203" not in group["text"]
    assert "Lindqvist" not in group["text"].replace("«", "")
    assert await talk.core.db.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'client.contact'") == 1


async def test_the_answer_comes_in_the_language_of_the_request(talk: Talk) -> None:
    assert "თბილისი" in (await talk.ask("Эка Абуладзе", "სად არის მალიბუ 235?"))["text"]
    assert "Rented, until Sat 14 Mar, 12:00" in (await talk.ask("Эка Абуладзе", "where is malibu 235?"))["text"]
    assert "Тбилиси" in (await talk.ask("Эка Абуладзе", "gde malibu 235"))["text"]


async def test_two_matters_are_answered_together(talk: Talk) -> None:
    answer = await talk.ask(TAMAR, "где малибу 235 и кто должен в Батуми")
    assert "Malibu 235" in answer["text"]
    assert "Долги: 520 ₾" in answer["text"]


async def test_what_it_does_not_understand_it_says(talk: Talk) -> None:
    answer = await talk.ask(GOCHA, "ывапролд")
    assert "Этого не понял" in answer["text"]
    assert len(answer["buttons"]) == 3
    assert "не моя работа" in (await talk.ask(GOCHA, "напиши стих про весну"))["text"]


async def test_commands_and_settings(talk: Talk) -> None:
    assert "Чем помогу" in (await talk.ask(GOCHA, "/help"))["text"]
    page = await talk.ask(GOCHA, "/settings")
    page = await talk.press(GOCHA, page, "English")
    assert "Language: English" in page["text"]
    page = await talk.press(GOCHA, page, "Mute")
    assert "Mute: yes" in page["text"]
    assert "Fresh start" in (await talk.ask(GOCHA, "/new"))["text"]
    assert "forgotten" in (await talk.ask(GOCHA, "/forget"))["text"]
    assert "Nothing to report" not in (await talk.ask(GOCHA, "/report wrong car"))["text"]


async def test_a_double_tap_is_one_answer_and_strangers_taps_are_none(talk: Talk) -> None:
    question = await talk.ask(NINO, "Jarvis, где соната", GROUP)
    toast = await talk.telegram.press(LASHA, GROUP, int(question["id"]), 0)
    assert toast == "Это выбирает тот, кто спрашивал"
    await talk.telegram.press(NINO, GROUP, int(question["id"]), 0)
    await talk.quiet()
    assert await talk.core.db.fetchval("SELECT count(*) FROM interaction WHERE used_at IS NOT NULL AND group_key LIKE 'answer:%'") >= 2
    answer = talk.seen(NINO, GROUP)[-1]
    assert "Sonata 081" in answer["text"]


async def test_a_photo_is_stored_once_and_said(talk: Talk, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "car.jpg"
    Image.new("RGB", (64, 48), "red").save(path)
    assert "Медиа сохранено (1 шт.)" in (await talk.ask(NINO, "", photos=[str(path)]))["text"]
    assert "Медиа сохранено (2 шт.)" in (await talk.ask(NINO, "", photos=[str(path)]))["text"]
    key = await talk.core.db.fetchval("SELECT storage_key FROM media")
    assert (await talk.storage.get(key)) == path.read_bytes()


async def test_an_invitation_that_nobody_decided_in_a_week_says_so_and_loses_its_buttons(talk: Talk) -> None:
    from jarvis.engine import clockrow
    from jarvis.kit.actor import Role

    employee = await talk.core.staff.add(
        name="Поздняя Коллега", role=Role.EMPLOYEE, branch="batumi", all_branches=False, language="ru"
    )
    token = await talk.core.staff.invite(employee, by="test")
    talk.telegram.state.add_person(7009998, "Поздняя Коллега", "ru")
    await talk.ask("Поздняя Коллега", f"/start {token}")
    card = talk.seen("Павел Дёмин")[-1]
    await clockrow.set_offset(talk.core.db, talk.core.clock.offset_s + 8 * 86400)
    await clockrow.load_offset(talk.core.db, talk.core.clock)
    lapsed = await talk.press("Павел Дёмин", card, "Подтвердить")
    assert lapsed["id"] == card["id"]
    assert "Поздняя Коллега" in lapsed["text"]
    assert "Срок вышел" in lapsed["text"]
    assert not lapsed["buttons"]
    assert await talk.core.staff.actor_of_telegram(7009998) is None


async def test_a_colleague_joins_by_invitation_and_an_admins_word(talk: Talk) -> None:
    from jarvis.kit.actor import Role

    employee = await talk.core.staff.add(name="Новая Коллега", role=Role.EMPLOYEE, branch="batumi", all_branches=False, language="ru")
    token = await talk.core.staff.invite(employee, by="test")
    talk.telegram.state.add_person(7009999, "Новая Коллега", "ru")
    assert "Администратор подтвердит" in (await talk.ask("Новая Коллега", f"/start {token}"))["text"]
    card = talk.seen("Павел Дёмин")[-1]
    assert "Новая Коллега" in card["text"]
    await talk.press("Павел Дёмин", card, "Подтвердить")
    assert "Привязано" in talk.seen("Павел Дёмин")[-1]["text"]
    assert "Ваша роль: сотрудник, Батуми" in talk.seen("Новая Коллега")[-1]["text"]


async def test_the_house_has_every_route_of_the_table(talk: Talk) -> None:
    from tests.unit.test_routes import EXPECTED

    assert set(talk.house.routes) == set(EXPECTED)
