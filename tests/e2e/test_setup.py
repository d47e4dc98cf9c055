"""A group is put to use: the bot is added, asks an administrator what it is for, verifies it and fills it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.integrations.telegram.sandbox import rpc
from jarvis.kit.world import World
from tests.conftest import Servers
from tests.e2e.test_forums import BATUMI, LASHA, MALIBU, TBILISI, small_world
from tests.e2e.test_reconcile import cycle, topics_of
from tests.telegram_house import Talk, open_talk

PAVEL, DATO = "Павел Дёмин", "Дато Мчедлишвили"


def world() -> World:
    return small_world().model_copy(update={"forums": []})


@pytest.fixture
async def talk(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Talk]:
    monkeypatch.setattr(rpc, "GROUP_PER_MINUTE", 2000)  # the limits have a test of their own
    async with open_talk(servers, tmp_path, world=world(), telegram={"group_per_minute": 2000}) as opened:
        yield opened


async def change(talk: Talk, name: str, **args: str) -> None:
    await talk.telegram.change(name, args)
    await talk.quiet(60)


async def test_a_forum_is_added_verified_and_filled(talk: Talk) -> None:
    await change(talk, "create_group", person=PAVEL, title=TBILISI)
    card = talk.seen(PAVEL)[-1]
    assert f"Меня добавили в группу {TBILISI}" in card["text"]
    assert "Не хватает: темы (настройки группы → Темы), управление темами" in card["text"]
    assert card["buttons"][0] == ["Форум: Тбилиси"], "the likeliest by its name comes first"
    refused = await talk.press(PAVEL, card, "Форум: Тбилиси")
    assert refused["id"] == card["id"]
    assert "Не хватает" in refused["text"]
    assert refused["buttons"] == [["Проверить"]]
    await change(talk, "enable_topics", chat=TBILISI)
    await change(talk, "promote_bot", chat=TBILISI)
    done = await talk.press(PAVEL, refused, "Проверить")
    assert done["text"] == f"✅ {TBILISI} · форум: Тбилиси. Дальше веду сам."
    await talk.quiet(60)
    assert MALIBU in topics_of(talk, TBILISI)
    assert len(topics_of(talk, TBILISI)) == 2, "every car of the branch has its topic"
    overview = await talk.ask(PAVEL, "/setup")
    assert f"🟢 Форум: Тбилиси: {TBILISI}" in overview["text"]
    assert "◌ Форум: Батуми: нет группы" in overview["text"]
    assert "Как добавить" in overview["text"]


async def test_the_archive_must_be_closed_to_people(talk: Talk) -> None:
    await change(talk, "create_group", person=PAVEL, title="Архив фото")
    await change(talk, "enable_topics", chat="Архив фото")
    await change(talk, "promote_bot", chat="Архив фото")
    refused = await talk.press(PAVEL, talk.seen(PAVEL)[-1], "Архив материалов")
    assert "запрет писать для участников" in refused["text"]
    await change(talk, "forbid_writing", chat="Архив фото")
    assert "✅" in (await talk.press(PAVEL, refused, "Проверить"))["text"]


async def test_only_administrators_decide_and_a_place_is_taken_once(talk: Talk) -> None:
    assert "настраивает администратор" in (await talk.ask(LASHA, "/setup"))["text"]
    await change(talk, "create_group", person=DATO, title=BATUMI)
    await change(talk, "enable_topics", chat=BATUMI)
    await change(talk, "promote_bot", chat=BATUMI)
    assert not [m for m in talk.seen(DATO) if "Меня добавили" in m["text"]], "who added the bot is no administrator"
    await talk.press(PAVEL, talk.seen(PAVEL)[-1], "Форум: Батуми")
    await change(talk, "create_group", person=PAVEL, title="Ещё Batumi")
    await change(talk, "enable_topics", chat="Ещё Batumi")
    await change(talk, "promote_bot", chat="Ещё Batumi")
    card = talk.seen(PAVEL)[-1]
    assert ["Форум: Батуми"] not in card["buttons"], "that place is taken"
    unused = await talk.press(PAVEL, card, "Не использовать")
    assert "не использую" in unused["text"]
    assert await talk.core.db.fetchval("SELECT count(*) FROM chat WHERE purpose = 'branch_forum'") == 1


async def test_a_lost_forum_gives_its_place_to_another(talk: Talk) -> None:
    for title in (TBILISI, "Branch_Tbilisi 2"):
        await change(talk, "create_group", person=PAVEL, title=title)
        await change(talk, "enable_topics", chat=title)
        await change(talk, "promote_bot", chat=title)
        if title != TBILISI:
            await change(talk, "remove_bot", chat=TBILISI)
            await cycle(talk)
            card = next(m for m in reversed(talk.seen(PAVEL)) if "Меня добавили" in m["text"])
            await talk.telegram.press(PAVEL, "dm", card["id"], len([b for row in card["buttons"] for b in row]) - 1)
            await change(talk, "add_bot", chat=title)
        card = next(m for m in reversed(talk.seen(PAVEL)) if "Меня добавили" in m["text"])
        await talk.press(PAVEL, card, "Форум: Тбилиси")
        await talk.quiet(60)
    assert MALIBU in topics_of(talk, "Branch_Tbilisi 2")
    await change(talk, "add_bot", chat=TBILISI)
    assert "Меня добавили" in talk.seen(PAVEL)[-1]["text"], "the old group is a new one now"


def environment(talk: Talk, **more: str) -> dict[str, str]:
    return {
        "JARVIS_DATABASE_URL": talk.core.settings.database_url.get_secret_value(), "JARVIS_TELEGRAM_HOST": "127.0.0.1",
        "JARVIS_TELEGRAM_PORT": str(talk.telegram.port), "JARVIS_TELEGRAM_PUBLIC_KEY": talk.telegram.key.public_pem,
        "JARVIS_TELEGRAM_API_ID": "1", "JARVIS_TELEGRAM_API_HASH": "x", **more,
    }  # fmt: skip


async def jarvis(*words: str, env: dict[str, str]) -> tuple[int, str]:
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "jarvis"), *words, env={**os.environ, "COLUMNS": "200", **env},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    out, _ = await child.communicate()
    return child.returncode or 0, out.decode()


async def test_an_employees_own_groups_are_offered_by_name_or_by_who_made_them(talk: Talk) -> None:
    await change(talk, "create_group", person=PAVEL, title=f"Tasks | {LASHA}")
    card = talk.seen(PAVEL)[-1]
    assert card["buttons"][:2] == [["Задачи: Лаша Гогуадзе"], ["Клиенты: Лаша Гогуадзе"]], "the likeliest by its name comes first"
    await change(talk, "enable_topics", chat=f"Tasks | {LASHA}")
    await change(talk, "promote_bot", chat=f"Tasks | {LASHA}")
    done = await talk.press(PAVEL, card, "Задачи: Лаша Гогуадзе")
    assert done["text"] == f"✅ Tasks | {LASHA} · задачи: {LASHA}. Дальше веду сам."
    await talk.quiet()
    assert f"Ваша рабочая группа Tasks | {LASHA}" in talk.seen(LASHA)[-1]["text"], "its owner is let in"
    await change(talk, "create_group", person=DATO, title="Мои клиенты")
    offered = [row[0] for row in talk.seen(PAVEL)[-1]["buttons"]]
    assert f"Клиенты: {DATO}" in offered
    assert f"Клиенты: {LASHA}" not in offered, "of all people only who made it"
    await change(talk, "enable_topics", chat="Мои клиенты")
    await change(talk, "promote_bot", chat="Мои клиенты")
    await talk.press(PAVEL, talk.seen(PAVEL)[-1], f"Клиенты: {DATO}")
    await talk.quiet(60)
    assert topics_of(talk, "Мои клиенты"), "the clients with bookings of his have their topics"
    assert "Свои группы сотрудников (20): клиенты 1, задачи 1" in (await talk.ask(PAVEL, "/setup"))["text"]


@pytest.mark.slow
async def test_the_command_shows_what_is_missing_and_the_steps(talk: Talk) -> None:
    code, said = await jarvis("telegram", "setup", env=environment(talk))
    assert code == 0, said
    assert "forum: Tbilisi" in said
    assert "no group" in said
    assert "Add the bot @geodrive_jarvis_bot as an administrator" in said
    code, said = await jarvis("telegram", "setup", "--create", env=environment(talk))
    assert code != 0
    assert "JARVIS_TELEGRAM_USER_SESSION" in said, "without a session nothing is made"
    assert "Traceback" not in said


@pytest.mark.slow
async def test_a_persons_session_makes_every_group_and_the_bot_fills_them(talk: Talk) -> None:
    env = environment(talk, JARVIS_TELEGRAM_USER_SESSION=talk.telegram.session_of(PAVEL))
    code, said = await jarvis("telegram", "setup", "--create", env=env)
    assert code == 0, said
    await talk.quiet(90)
    assert len(topics_of(talk, "Branch_Tbilisi (forum)")) == 2
    assert MALIBU in topics_of(talk, "Branch_Tbilisi (forum)")
    archive = next(c for c in talk.telegram.state.chats.values() if c.title == "Архив материалов")
    assert archive.read_only
    assert archive.forum
    code, said = await jarvis("telegram", "setup", "--create", "--json", env=env)
    states = {(r["purpose"], r["branch"]): r["state"] for r in json.loads(said)}
    assert states.pop(("hq", None)) == "no group"
    assert set(states.values()) == {"ready"}
    made = [e for e in talk.telegram.ledger.entries() if e["kind"] == "create_group"]
    assert len(made) == 8, "a second run makes nothing"
    code, said = await jarvis("staff", "branch", "gori", "--ru", "Гори", "--en", "Gori", "--ka", "გორი", env=env)
    assert code == 0, said
    code, said = await jarvis("telegram", "setup", "--create", env=env)
    assert "made: Branch_Gori (forum)" in said
    code, said = await jarvis("telegram", "setup", "--create", "--employee", LASHA, env=env)
    assert code == 0, said
    await talk.quiet(90)
    assert "Олег Рудин | Malibu 235" in topics_of(talk, f"{LASHA} | Клиенты")
    assert any(f"Ваша рабочая группа Tasks | {LASHA}" in m["text"] for m in talk.seen(LASHA))
