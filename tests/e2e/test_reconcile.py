"""What people change in the forums past Jarvis is put right within one look; what he may not change
he tells once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.scenes.people import DATO, LASHA, PAVEL, SABA
from tests.scenes.reconcile import KUTAISI, SERVICE, cycle, topics_of, world
from tests.scenes.topics import BATUMI, TBILISI, posts, topics


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=world()) as opened:
        await cycle(opened)  # what was made while RentProg was read
        yield opened


async def drifts(app: RunningApp) -> int:
    return await app.core.db.fetchval(
        "SELECT count(*) FROM audit_entry WHERE action = 'topic.drift'"
    )


async def test_twenty_drifts_are_healed_or_told_within_one_look(app: RunningApp) -> None:
    forums = [(LASHA, TBILISI), (DATO, BATUMI)]
    before = {
        (forum, title): number
        for person, forum in forums
        for title, number in topics(app, person, forum).items()
    }
    assert len(before) == 14
    names = ("delete_topic", "rename_topic", "close_topic", "unpin_post", "delete_post")
    touched = [
        (names[n % 5], forum, number) for n, ((forum, _), number) in enumerate(before.items())
    ]
    touched += [
        ("rename_topic", forum, number) for name, forum, number in touched if name == "unpin_post"
    ]
    for name, forum, number in touched:
        await app.telegram.change(
            name, {"topic": f"{forum}/{number}", "title": "Кто-то переименовал"}
        )
    await app.telegram.change("demote_bot", {"chat": KUTAISI})
    await app.telegram.change("remove_bot", {"chat": SERVICE})
    await app.telegram.change("delete_topic", {"topic": f"{KUTAISI}/2"})
    assert len(touched) + 3 == 20
    told = {p: len(app.seen(p)) for p in talk_people(app)}
    await cycle(app)
    for person, forum in forums:
        now = topics(app, person, forum)
        assert set(now) == {title for f, title in before if f == forum}
        deleted = {number for name, f, number in touched if name == "delete_topic" and f == forum}
        for title, number in now.items():
            assert (number == before[forum, title]) is (before[forum, title] not in deleted)
            (opening,) = [m for m in posts(app, person, forum, title) if m["service"] is None]
            assert opening["pinned"], title
    assert not topics_of(app, KUTAISI), "no right to make topics: none is made"
    heard = {p: [m["text"] for m in app.seen(p)[n:]] for p, n in told.items()}
    assert {p for p, texts in heard.items() if texts} == {SABA, PAVEL}, (
        "the head of Kutaisi and the administrator"
    )
    (lacks,) = heard[SABA]
    assert (
        "мне не хватает прав: управление темами, удаление сообщений, закрепление сообщений" in lacks
    )
    assert any("меня нет в группе" in text and SERVICE in text for text in heard[PAVEL])
    assert await drifts(app) == len(touched) + 1
    spoken = {p: len(app.seen(p)) for p in told}
    await cycle(app)
    assert {p: len(app.seen(p)) for p in told} == spoken, "each lack is told once"
    assert await drifts(app) == len(touched) + 1, "healed: the second look finds nothing"


def talk_people(app: RunningApp) -> list[str]:
    return [u.name for u in app.telegram.state.users.values() if not u.is_bot and u.started]
