"""People talk to Jarvis in Telegram and see the right answers: the chat is the assertion."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.domains.staff.administration import StaffAdministration
from jarvis.domains.staff.invitations import Invitations
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.scenes.people import GROUP, LASHA, NINO


@pytest.fixture(scope="module")
async def app(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path_factory.mktemp("talk")) as running:
        yield running


async def test_where_is_a_car_and_who_has_it(app: RunningApp) -> None:
    answer = await app.ask(NINO, "где малибу 235?")
    assert "Офлайн-режим" in answer["text"], "the first answer says openly what it is"
    for part in (
        "Malibu 235",
        "TT-235-TT",
        "Тбилиси",
        "В аренде, до сб 14.03, 12:00",
        "№1200: Олег Р.",
        "RentProg, только что",
    ):
        assert part in answer["text"], answer["text"]


async def test_two_cars_of_one_model_are_a_question_with_buttons(app: RunningApp) -> None:
    question = await app.ask(NINO, "где соната")
    assert "Какая машина?" in question["text"]
    assert question["buttons"] == [["Sonata 081 · Тбилиси"], ["Sonata 564 · Батуми"]]
    answer = await app.press(NINO, question, "Sonata 564 · Батуми")
    assert answer["id"] == question["id"], "the answer stands in place of the question"
    assert "SN-564-BA" in answer["text"]
    assert answer["buttons"] == []


async def test_a_group_is_heard_only_when_it_turns_to_jarvis(app: RunningApp) -> None:
    app.telegram.send(NINO, GROUP, "кто завтра на смене? где малибу 235?")
    await app.quiet()
    assert app.seen(NINO, GROUP) == []
    answer = await app.ask(NINO, "Jarvis, где малибу 235?", GROUP)
    assert "Malibu 235" in answer["text"]
    assert answer["reply_to"] is not None
    reply = await app.ask(LASHA, "а приус 417 где?", GROUP, reply_to=int(answer["id"]))
    assert "Prius 417" in reply["text"], "a reply to Jarvis is addressed to it"


async def test_a_photo_is_stored_once_and_said(app: RunningApp, tmp_path: Path) -> None:
    from PIL import Image

    path = tmp_path / "car.jpg"
    Image.new("RGB", (64, 48), "red").save(path)
    photos = [path.read_bytes()]
    assert "Медиа сохранено (1 шт.)" in (await app.ask(NINO, "", photos=photos))["text"]
    assert "Медиа сохранено (2 шт.)" in (await app.ask(NINO, "", photos=photos))["text"]
    key = await app.core.db.fetchval("SELECT storage_key FROM media")
    assert (await app.storage.get(key)) == path.read_bytes()


async def test_a_colleague_joins_by_invitation_and_an_admins_word(app: RunningApp) -> None:
    from jarvis.kit.actor import Role

    employee = await app.core.get(StaffAdministration).add(
        name="Новая Коллега", role=Role.EMPLOYEE, branch="batumi", all_branches=False, language="ru"
    )
    token = await app.core.get(Invitations).create(employee, by="test")
    app.telegram.state.add_person(7009999, "Новая Коллега", "ru")
    assert "Администратор подтвердит" in (await app.ask("Новая Коллега", f"/start {token}"))["text"]
    card = app.seen("Павел Дёмин")[-1]
    assert "Новая Коллега" in card["text"]
    await app.press("Павел Дёмин", card, "Подтвердить")
    assert "Привязано" in app.seen("Павел Дёмин")[-1]["text"]
    assert "Ваша роль: сотрудник, Батуми" in app.seen("Новая Коллега")[-1]["text"]
