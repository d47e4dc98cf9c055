"""What people change in the forums past Jarvis is put right within one look; what he may not change he tells once."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from jarvis.engine.timing import Scheduler
from jarvis.kit.world import World, WorldForum, load_world
from jarvis.orchestrator import reconcile
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.e2e.test_acting import move_clock
from tests.e2e.test_forums import BATUMI, DATO, LASHA, MALIBU, TBILISI, posts, topics

SABA, PAVEL = "Саба Кикнадзе", "Павел Дёмин"
KUTAISI, SERVICE = "Branch_Kutaisi (forum)", "Branch_Service-center (forum)"


def world() -> World:
    """Eight cars in Tbilisi, six in Batumi, one in each of the other two forums."""
    whole = load_world()
    cars = [c for b, n in (("tbilisi", 8), ("batumi", 6), ("kutaisi", 1)) for c in [c for c in whole.cars if c.branch == b][:n]]
    kept = {c.id for c in cars}
    forums = [
        WorldForum(title=TBILISI, branch="tbilisi", members=[LASHA]), WorldForum(title=BATUMI, branch="batumi", members=[DATO]),
        WorldForum(title=KUTAISI, branch="kutaisi", members=[]), WorldForum(title=SERVICE, branch="service-center", members=[]),
    ]  # fmt: skip
    return whole.model_copy(update={"cars": cars, "bookings": [b for b in whole.bookings if b.car in kept], "forums": forums})


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=world()) as opened:
        await cycle(opened)  # what was made while RentProg was read
        yield opened


async def cycle(app: RunningApp) -> None:
    """The next look at everything."""
    await move_clock(app, timedelta(minutes=5))
    await Scheduler(app.core.db, app.core.clock, reconcile.CHECKS).tick()
    await app.quiet(60)


async def drifts(app: RunningApp) -> int:
    return await app.core.db.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'topic.drift'")


async def test_twenty_drifts_are_healed_or_told_within_one_look(app: RunningApp) -> None:
    forums = [(LASHA, TBILISI), (DATO, BATUMI)]
    before = {(forum, title): number for person, forum in forums for title, number in topics(app, person, forum).items()}
    assert len(before) == 14
    names = ("delete_topic", "rename_topic", "close_topic", "unpin_post", "delete_post")
    touched = [(names[n % 5], forum, number) for n, ((forum, _), number) in enumerate(before.items())]
    touched += [("rename_topic", forum, number) for name, forum, number in touched if name == "unpin_post"]
    for name, forum, number in touched:
        await app.telegram.change(name, {"topic": f"{forum}/{number}", "title": "Кто-то переименовал"})
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
    assert {p for p, texts in heard.items() if texts} == {SABA, PAVEL}, "the head of Kutaisi and the administrator"
    (lacks,) = heard[SABA]
    assert "мне не хватает прав: управление темами, удаление сообщений, закрепление сообщений" in lacks
    assert any("меня нет в группе" in text and SERVICE in text for text in heard[PAVEL])
    assert await drifts(app) == len(touched) + 1
    spoken = {p: len(app.seen(p)) for p in told}
    await cycle(app)
    assert {p: len(app.seen(p)) for p in told} == spoken, "each lack is told once"
    assert await drifts(app) == len(touched) + 1, "healed: the second look finds nothing"


def talk_people(app: RunningApp) -> list[str]:
    return [u.name for u in app.telegram.state.users.values() if not u.is_bot and u.started]


def topics_of(app: RunningApp, forum: str) -> list[str]:
    chat = next(c for c in app.telegram.state.chats.values() if c.title == forum)
    return [t.title for t in chat.topics.values() if not t.deleted]


async def test_rights_that_come_back_settle_what_waited(app: RunningApp) -> None:
    await app.telegram.change("demote_bot", {"chat": BATUMI})
    await app.rentprog.change("move_car", {"car": "90001", "branch": "batumi"})
    await app.quiet(30)
    assert MALIBU not in topics(app, DATO, BATUMI)
    (told,) = [m["text"] for m in app.seen(DATO) if "не хватает прав" in m["text"]]
    assert BATUMI in told, "the head hears at once, not with the next look"
    made = await app.core.db.fetchval("SELECT count(*) FROM effect WHERE kind = 'telegram.topic_create' AND state = 'dead'")
    assert made in (1, 2), "a move is two events; the second may come before the look that finds out"
    await cycle(app)
    assert made == await app.core.db.fetchval("SELECT count(*) FROM effect WHERE kind = 'telegram.topic_create' AND state = 'dead'")
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
        return [len(r["args"]["topics"]) for r in await app.core.db.fetch("SELECT args FROM effect WHERE kind = 'telegram.look'")]

    before = await looks()
    early = (app.core.clock.now() + timedelta(minutes=1)).isoformat()
    await app.core.journal.accept(source="test", kind="check.forums", dedup_key="early", payload={"due_at": early})
    await app.quiet(30)
    assert sum(await looks()) == sum(before), "a check that comes too early looks at no topic"
    await cycle(app)
    assert sum(await looks()) == sum(before) + 15
    assert len(await looks()) == len(before) + 2 * 4, "one look a forum and check"
