"""Media that people post in branch forums: stored, removed, put to an operation by its author,
published by Jarvis."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.scenes.material import of_people, picture
from tests.scenes.people import LASHA
from tests.scenes.topics import MALIBU, TBILISI, posts, small_world


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=small_world()) as opened:
        yield opened


async def test_an_album_is_stored_removed_filed_and_published(app: RunningApp) -> None:
    app.telegram.send(
        LASHA, TBILISI, "бампер справа", photos=[picture(n) for n in range(10)], topic=MALIBU
    )
    await app.quiet(30)
    assert not of_people(app, LASHA, TBILISI, MALIBU), "every file of the album is gone"
    (asked,) = app.seen(LASHA)
    assert "медиа сохранено и убрано (10 шт.)" in asked["text"]
    assert asked["buttons"] == [
        ["📝 Чек-лист: Приём №1200"],
        ["📝 Чек-лист: Выдача №1201"],
        ["Приём №1200", "Выдача №1201"],
        ["Повреждение", "Другое"],
    ]
    done = await app.press(LASHA, asked, "Приём №1200")
    await app.quiet(30)
    (done,) = app.seen(LASHA)
    assert (
        done["text"] == "✅ Приём №1200 · Malibu 235 · 10 шт.: сохранено и показано в теме машины"
    )
    assert not done["buttons"]
    shown = [m for m in posts(app, LASHA, TBILISI, MALIBU) if m["media"]]
    assert len(shown) == 10
    assert len({m["album"] for m in shown}) == 1
    assert "Приём №1200" in shown[0]["text"]
    assert "Лаша Гогуадзе" in shown[0]["text"]
    assert "бампер справа" in shown[0]["text"]
    rows = await app.core.db.fetch(
        "SELECT i.filed_key, m.sha256 FROM media_item i JOIN media m ON m.id = i.media_id ORDER BY "
        "i.message"
    )
    assert len(rows) == 10
    assert all(
        r["filed_key"].startswith("cars/")
        and "/operations/" in r["filed_key"]
        and "/20260312/" in r["filed_key"]
        for r in rows
    )
    assert await app.storage.get(rows[0]["filed_key"]) == picture(0)
    assert await app.core.db.fetchval("SELECT count(*) FROM post WHERE gone_at IS NULL") == 10
