"""The archive: material of a car for good; a topic closes only when all of it is there, and is
deleted a day later."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.scenes.archive import ARCHIVE, archived, day, file, world
from tests.scenes.people import LASHA
from tests.scenes.topics import MALIBU, TBILISI, check_invariant, move, topics


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=world()) as opened:
        yield opened


async def test_a_topic_closes_when_its_material_is_archived_and_goes_a_day_later(
    app: RunningApp,
) -> None:
    await file(app, 0, "Приём №1200")
    number = topics(app, LASHA, TBILISI)[MALIBU]
    _, first = app.telegram.send(LASHA, TBILISI, "Колесо спустило", topic=MALIBU)
    app.telegram.edit(LASHA, TBILISI, first.id, "Колесо спустило, заднее")
    app.telegram.send(LASHA, TBILISI, "Заменил <сам>", topic=MALIBU)
    app.telegram.send(LASHA, TBILISI, "подробно " * 390, topic=MALIBU)
    await app.quiet(30)
    await move(app, "batumi")
    assert MALIBU not in topics(app, LASHA, TBILISI)
    said = [m["text"] for m in archived(app) if "Переписка" in m["text"]]
    assert len(said) == 2, "more than a message holds"
    assert "подробно" in said[1]
    assert "Лаша Гогуадзе: Колесо спустило, заднее" in said[0]
    assert "Заменил <сам>" in said[0]
    assert said[0].count("Колесо") == 1, "the edit replaced what was said"
    entries = app.telegram.ledger.entries()
    closed = next(n for n, e in enumerate(entries) if e["kind"] == "edit_topic" and e["closed"])
    copies = [n for n, e in enumerate(entries) if e["kind"] == "send" and e["chat"] == ARCHIVE]
    assert max(copies) < closed, "archived first, closed then"
    await check_invariant(app)
    await day(app)
    chat = next(c for c in app.telegram.state.chats.values() if c.title == TBILISI)
    assert chat.topics[number].deleted
    assert len([m for m in archived(app) if m["media"]]) == 2
    await move(app, "tbilisi")
    assert topics(app, LASHA, TBILISI)[MALIBU] > number, "a topic that was deleted is made anew"
    await check_invariant(app)
