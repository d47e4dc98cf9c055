"""A group is put to use: the bot is added, asks an administrator what it is for, verifies it and
fills it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.scenes.people import LASHA, PAVEL
from tests.scenes.reconcile import topics_of
from tests.scenes.setup import change, world
from tests.scenes.topics import MALIBU, TBILISI


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=world()) as opened:
        yield opened


async def test_a_forum_is_added_verified_and_filled(app: RunningApp) -> None:
    await change(app, "create_group", person=PAVEL, title=TBILISI)
    card = app.seen(PAVEL)[-1]
    assert f"Меня добавили в группу {TBILISI}" in card["text"]
    assert "Не хватает: темы (настройки группы → Темы), управление темами" in card["text"]
    assert card["buttons"][0] == ["Форум: Тбилиси"], "the likeliest by its name comes first"
    refused = await app.press(PAVEL, card, "Форум: Тбилиси")
    assert refused["id"] == card["id"]
    assert "Не хватает" in refused["text"]
    assert refused["buttons"] == [["Проверить"]]
    await change(app, "enable_topics", chat=TBILISI)
    await change(app, "promote_bot", chat=TBILISI)
    done = await app.press(PAVEL, refused, "Проверить")
    assert done["text"] == f"✅ {TBILISI} · форум: Тбилиси. Дальше веду сам."
    await app.quiet(60)
    assert MALIBU in topics_of(app, TBILISI)
    assert len(topics_of(app, TBILISI)) == 2, "every car of the branch has its topic"
    overview = await app.ask(PAVEL, "/setup")
    assert f"🟢 Форум: Тбилиси: {TBILISI}" in overview["text"]
    assert "◌ Форум: Батуми: нет группы" in overview["text"]
    assert "Как добавить" in overview["text"]


def environment(app: RunningApp, **more: str) -> dict[str, str]:
    return {
        "JARVIS_DATABASE_URL": app.core.settings.database_url.get_secret_value(),
        "JARVIS_TELEGRAM_HOST": "127.0.0.1",
        "JARVIS_TELEGRAM_PORT": str(app.telegram.port),
        "JARVIS_TELEGRAM_PUBLIC_KEY": app.telegram.key.public_pem,
        "JARVIS_TELEGRAM_API_ID": "1",
        "JARVIS_TELEGRAM_API_HASH": "x",
        **more,
    }


async def jarvis(*words: str, env: dict[str, str]) -> tuple[int, str]:
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "jarvis"),
        *words,
        env={**os.environ, "COLUMNS": "200", **env},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await child.communicate()
    return child.returncode or 0, out.decode()


@pytest.mark.slow
async def test_the_command_shows_what_is_missing_and_the_steps(app: RunningApp) -> None:
    code, said = await jarvis("telegram", "setup", env=environment(app))
    assert code == 0, said
    assert "forum: Tbilisi" in said
    assert "no group" in said
    assert "Add the bot @geodrive_jarvis_bot as an administrator" in said
    code, said = await jarvis("telegram", "setup", "--create", env=environment(app))
    assert code != 0
    assert "JARVIS_TELEGRAM_USER_SESSION" in said, "without a session nothing is made"
    assert "Traceback" not in said


@pytest.mark.slow
async def test_a_persons_session_makes_every_group_and_the_bot_fills_them(app: RunningApp) -> None:
    env = environment(app, JARVIS_TELEGRAM_USER_SESSION=app.telegram.session_of(PAVEL))
    code, said = await jarvis("telegram", "setup", "--create", env=env)
    assert code == 0, said
    await app.quiet(90)
    assert len(topics_of(app, "Branch_Tbilisi (forum)")) == 2
    assert MALIBU in topics_of(app, "Branch_Tbilisi (forum)")
    archive = next(c for c in app.telegram.state.chats.values() if c.title == "Архив материалов")
    assert archive.read_only
    assert archive.forum
    code, said = await jarvis("telegram", "setup", "--create", "--json", env=env)
    states = {(r["purpose"], r["branch"]): r["state"] for r in json.loads(said)}
    assert states.pop(("hq", None)) == "no group"
    assert set(states.values()) == {"ready"}
    made = [e for e in app.telegram.ledger.entries() if e["kind"] == "create_group"]
    assert len(made) == 8, "a second run makes nothing"
    code, said = await jarvis(
        "staff", "branch", "gori", "--ru", "Гори", "--en", "Gori", "--ka", "გორი", env=env
    )
    assert code == 0, said
    code, said = await jarvis("telegram", "setup", "--create", env=env)
    assert "made: Branch_Gori (forum)" in said
    code, said = await jarvis("telegram", "setup", "--create", "--employee", LASHA, env=env)
    assert code == 0, said
    await app.quiet(90)
    assert "Олег Рудин | Malibu 235" in topics_of(app, f"{LASHA} | Клиенты")
    assert any(f"Ваша рабочая группа Tasks | {LASHA}" in m["text"] for m in app.seen(LASHA))
