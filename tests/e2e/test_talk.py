"""People talk to Jarvis in Telegram and see the right answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from tests.conftest import Servers
from tests.telegram_house import Talk, open_talk

NINO, LASHA, TAMAR = "Нино Беридзе", "Лаша Гогуадзе", "Тамар Ломидзе"


@pytest.fixture(scope="module")
async def talk(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Talk]:
    async with open_talk(servers, tmp_path_factory.mktemp("talk")) as running:
        yield running


async def test_where_is_a_car_and_who_has_it(talk: Talk) -> None:
    answer = await talk.ask(NINO, "где малибу 235?")
    assert "Офлайн-режим" in answer["text"], "the first answer says openly what it is"
    for part in ("Malibu 235", "TT-235-TT", "Тбилиси", "В аренде, до сб 14.03, 12:00", "№1200: Олег Р.", "RentProg, только что"):
        assert part in answer["text"], answer["text"]


async def test_debug(talk: Talk) -> None:
    for text in [
        "что свободно на выходные в Батуми",
        "а в Кутаиси?",
        "долги по тбилиси",
        "какие сегодня выдачи",
        "бронь 1204",
        "кто менял бронь 1200",
        "приус",
        "что ты умеешь",
        "ывапролд",
        "правила по топливу",
        "свободен ли джимни 077 завтра",
        "ту же, но на пятницу",
        "есть накладки на этой неделе?",
        "покажи клиента Олег Рудин",
        "какие машины в ремонте",
        "где рав 119",
    ]:
        a = await talk.ask(NINO, text)
        print("\n###", text, "\n" + a["text"], a["buttons"])
    a = await talk.ask("Гиорги Капанадзе", "долги по батуми")
    print(a["text"])
    a = await talk.ask(LASHA, "долги по батуми")
    print(a["text"])
    a = await talk.ask("Посторонний", "привет")
    print(a["text"])
    a = await talk.ask("Эка Абуладзе", "სად არის მალიბუ 235?")
    print(a["text"])
    a = await talk.ask("Michael Stone", "what is free this weekend?")
    print(a["text"])
