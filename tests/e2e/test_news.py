"""News in the service chats: at once or in the evening, without a client's data, as administrators
set it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.scenes.news import booked, evening, heard, world
from tests.scenes.people import KETI, LEADERS, MARKETING, OLGA, SALES, TAMAR


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=world()) as opened:
        yield opened


def private_words(app: RunningApp) -> set[str]:
    """Names and phones of every client of the world."""
    rows = app.rentprog.data.clients.values()
    return {
        str(v)
        for c in rows
        for v in (c.get("lastname"), c.get("phone"), c.get("name"))
        if v and len(str(v)) > 3
    }


async def test_the_first_reading_is_no_news_and_a_new_booking_is(app: RunningApp) -> None:
    assert not heard(app, OLGA, SALES), "what RentProg had before we came"
    await booked(app)
    (news,) = heard(app, OLGA, SALES)
    assert news.startswith("📅 ТБИЛИСИ · Новая бронь: №")
    assert "Malibu 235" in news
    assert not heard(app, KETI, MARKETING), "marketing reads in the evening"
    await evening(app)
    (digest,) = heard(app, KETI, MARKETING)
    assert "Сводка, чт 12.03" in digest
    assert "Новая бронь: 1" in digest
    await evening(app)
    assert len(heard(app, KETI, MARKETING)) == 1, "nothing new, no message"
    texts = heard(app, OLGA, SALES) + heard(app, KETI, MARKETING) + heard(app, TAMAR, LEADERS)
    found = [word for word in private_words(app) for text in texts if word in text]
    assert private_words(app)
    assert not found, "no client's name or phone"
