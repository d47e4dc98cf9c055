"""What people ask Jarvis about the company's own house, and what they see of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.scenes.house_talk import world
from tests.scenes.people import NINO, PAVEL, STRANGER
from tests.scenes.topics import TBILISI


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=world()) as opened:
        yield opened


async def test_a_new_colleague_is_one_sentence_and_an_administrators_word(app: RunningApp) -> None:
    card = await app.ask(NINO, "прими на работу: Гига Маисурадзе, сотрудник, Тбилиси")
    assert "Новый сотрудник · 👤 Гига Маисурадзе" in card["text"]
    assert "Подтверждает: Павел Дёмин" in card["text"]
    copy = app.seen(PAVEL)[-1]
    assert "Роль: сотрудник" in copy["text"]
    done = await app.press(PAVEL, copy, "Принять: сотрудник")
    assert done["text"].startswith("✅ Новый сотрудник · 👤 Гига Маисурадзе")
    link = app.seen(NINO)[-1]["text"]
    assert "Гига Маисурадзе: перешлите ссылку лично" in link, "who asked for it gets the invitation"
    token = link.partition("start=")[2]
    app.telegram.send(STRANGER, "dm", f"/start {token}")
    await app.quiet()
    await app.press(PAVEL, app.seen(PAVEL)[-1], "Подтвердить")
    await app.quiet()
    assert any(f"Ваша рабочая группа {TBILISI}" in m["text"] for m in app.seen(STRANGER)), (
        "the forum of the branch invites them"
    )
