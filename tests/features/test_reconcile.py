"""What people change in the forums past Jarvis is put right within one look; what he may not change
he tells once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.people import DATO, LASHA
from tests.scenes.reconcile import cycle, world
from tests.scenes.topics import BATUMI, MALIBU, TBILISI, posts, topics


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path, world=world()) as opened:
        await cycle(opened)  # what was made while RentProg was read
        yield opened


async def test_rights_that_come_back_settle_what_waited(app: RunningApp) -> None:
    await app.telegram.change("demote_bot", {"chat": BATUMI})
    await app.rentprog.change("move_car", {"car": "90001", "branch": "batumi"})
    await app.quiet(30)
    assert MALIBU not in topics(app, DATO, BATUMI)
    (told,) = [m["text"] for m in app.seen(DATO) if "не хватает прав" in m["text"]]
    assert BATUMI in told, "the head hears at once, not with the next look"
    made = await app.core.db.fetchval(
        "SELECT count(*) FROM effect WHERE kind = 'telegram.topic_create' AND state = 'dead'"
    )
    assert made in (1, 2), (
        "a move is two events; the second may come before the look that finds out"
    )
    await cycle(app)
    assert made == await app.core.db.fetchval(
        "SELECT count(*) FROM effect WHERE kind = 'telegram.topic_create' AND state = 'dead'"
    )
    await app.telegram.change("promote_bot", {"chat": BATUMI})
    await cycle(app)
    assert MALIBU in topics(app, DATO, BATUMI)
    assert MALIBU not in topics(app, LASHA, TBILISI)
    (opening,) = posts(app, DATO, BATUMI, MALIBU)
    assert opening["pinned"]
    assert "прав снова хватает" in app.seen(DATO)[-1]["text"]


async def test_a_lost_group_is_told_and_found_again(app: RunningApp) -> None:
    await app.telegram.change("remove_bot", {"chat": BATUMI})
    await cycle(app)
    assert "меня нет в группе" in app.seen(DATO)[-1]["text"]
    await app.telegram.change("add_bot", {"chat": BATUMI})
    await app.rentprog.change("move_car", {"car": "90001", "branch": "batumi"})
    await cycle(app)
    assert MALIBU in topics(app, DATO, BATUMI)


async def test_a_topic_is_looked_at_every_five_minutes_and_not_oftener(app: RunningApp) -> None:
    async def looks() -> list[int]:
        return [
            len(r["args"]["topics"])
            for r in await app.core.db.fetch("SELECT args FROM effect WHERE kind = 'telegram.look'")
        ]

    before = await looks()
    early = (app.core.clock.now() + timedelta(minutes=1)).isoformat()
    await app.core.journal.accept(
        source="test", kind="check.forums", dedup_key="early", payload={"due_at": early}
    )
    await app.quiet(30)
    assert sum(await looks()) == sum(before), "a check that comes too early looks at no topic"
    await cycle(app)
    assert sum(await looks()) == sum(before) + 15
    assert len(await looks()) == len(before) + 2 * 4, "one look a forum and check"
