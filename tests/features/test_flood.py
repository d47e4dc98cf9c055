"""Five hundred messages due at once: no flood wait from Telegram, what is urgent overtakes, changes
of one message coalesce."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.engine.effects import Lane
from jarvis.integrations.telegram.sandbox import TelegramLimits
from jarvis.messaging import outbox
from jarvis.messaging.markup import escape, html
from jarvis.testing.app import RunningApp
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.flood import origin
from tests.scenes.people import NINO_ID


async def test_thirty_changes_of_a_status_become_a_few(app: RunningApp) -> None:
    (group,) = [c.marked_id for c in app.telegram.state.chats.values() if c.kind == "group"][:1]
    async with app.core.db.transaction() as tx:
        first = await outbox.send(tx, origin(), group, escape("0 из 30"), key="status")
    await app.quiet()
    for n in range(1, 31):
        async with app.core.db.transaction() as tx:
            await outbox.edit(tx, origin(), group, html("{} из 30", n), of=first, key=f"status:{n}")
    await app.quiet(100)
    messages = [m for m in app.telegram.state.chats[group].messages.values() if "из 30" in m.text]
    assert [m.text for m in messages] == ["30 из 30"]
    states = await app.core.db.fetch(
        "SELECT state, count(*) AS n FROM effect WHERE kind = 'telegram.edit' GROUP BY state"
    )
    assert {r["state"] for r in states} <= {"done", "dropped"}
    assert not [e for e in app.telegram.ledger.entries() if e["kind"] == "flood"]


async def test_a_change_waits_for_its_message(app: RunningApp) -> None:
    async with app.core.db.transaction() as tx:
        first = await outbox.send(tx, origin(), NINO_ID, escape("Смотрю…"), key="first")
        await outbox.edit(
            tx, origin(), NINO_ID, escape("Промежуточное"), of=first, key="second", lane=Lane.URGENT
        )
        await outbox.edit(tx, origin(), NINO_ID, escape("Ответ"), of=first, key="third")
    await app.quiet()
    texts = [m.text for m in app.telegram.state.chats[NINO_ID].messages.values()]
    assert texts == ["Ответ"], "one message, however the lanes run"


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    # a minute as short as what counts as in flight: a change that waits for room is waited for
    async with running_feature(servers, tmp_path, limits=TelegramLimits(minute_s=3.0)) as opened:
        yield opened
