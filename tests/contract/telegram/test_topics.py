"""Topics of a forum over real MTProto: made once, found again after an ambiguous answer, changed by
hand past us."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import suppress
from uuid import uuid4

import pytest

from jarvis.engine.db import Database
from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.telegram.gateway import TelegramGateway
from jarvis.integrations.telegram.messages import TelegramMessages
from jarvis.integrations.telegram.sandbox import TelegramSandbox, WorldForum
from jarvis.integrations.telegram.topics import GroupSeen, Seen, TelegramTopics
from jarvis.kit.errors import NotFound, Rejected, Unavailable
from jarvis.testing.core import NOW, until
from tests.scenes.gateway import gateway

FORUM, PLAIN, TITLE = -1000000006001, -1000000005001, "Branch_Tbilisi (forum)"
CAR = "Malibu 235 · TT-235-TT"


@pytest.fixture
async def sandbox() -> AsyncGenerator[TelegramSandbox]:
    running = TelegramSandbox()
    forum = WorldForum(
        title=TITLE,
        branch="tbilisi",
        members=["Нино Беридзе", "Лаша Гогуадзе"],
        topics=["Старая тема"],
    )
    running.load(load_world().model_copy(update={"forums": [forum]}), NOW)
    async with running.running():
        yield running


@pytest.fixture
async def opened(sandbox: TelegramSandbox, db: Database) -> AsyncGenerator[TelegramGateway]:
    async with gateway(sandbox, db) as running:
        await until(lambda: _ready(running))
        yield running


async def _ready(running: TelegramGateway) -> bool:
    return running.ready.is_set()


async def test_a_topic_is_made_written_into_renamed_closed_and_deleted(
    sandbox: TelegramSandbox, opened: TelegramGateway
) -> None:
    topics = TelegramTopics(opened)
    number = await topics.create(uuid4(), FORUM, CAR)
    message = await TelegramMessages(opened).send(uuid4(), FORUM, "<b>Malibu 235</b>", topic=number)
    await topics.pin(FORUM, message)
    await topics.pin(FORUM, message)  # a pinned one is success
    (shown,) = [
        m
        for m in sandbox.messages_of("Нино Беридзе", TITLE, topic=CAR)
        if m["text"] == "Malibu 235"
    ]
    assert (shown["topic"], shown["pinned"]) == (number, True)
    await topics.edit(FORUM, number, title="Malibu 235 · BB-235-BB", closed=True)
    await topics.edit(FORUM, number, closed=True)  # the same again is success
    assert await topics.look(FORUM, [number, 999]) == {
        number: Seen(title="Malibu 235 · BB-235-BB", closed=True)
    }
    await topics.delete(FORUM, number)
    await topics.delete(FORUM, number)
    assert await topics.look(FORUM, [number]) == {}
    with pytest.raises(NotFound, match="topic is gone"):
        await TelegramMessages(opened).send(uuid4(), FORUM, "x", topic=number)
    with pytest.raises(NotFound, match="topic is gone"):
        await topics.edit(FORUM, number, closed=False)


async def test_a_lost_answer_makes_no_second_topic(
    sandbox: TelegramSandbox, opened: TelegramGateway
) -> None:
    topics, effect = TelegramTopics(opened), uuid4()
    before = max(m["id"] for m in sandbox.messages_of("Нино Беридзе", TITLE))
    sandbox.faults.start("truncate", {})
    with pytest.raises(Unavailable):
        await topics.create(effect, FORUM, CAR, after=before)
    sandbox.faults.stop()
    for n in range(60):  # people go on writing: the service message lies behind theirs
        sandbox.send("Лаша Гогуадзе", TITLE, f"сообщение {n}")
    number = 0
    while not number:  # as the effect's own schedule does
        with suppress(Unavailable):
            number = await topics.create(effect, FORUM, CAR, attempt=2, after=before)
    made = [e for e in sandbox.ledger.entries() if e["kind"] == "create_topic"]
    assert [e["topic"] for e in made] == [number]
    assert await topics.create(uuid4(), FORUM, CAR, after=before) != number, (
        "another effect is another topic"
    )


async def test_a_reply_stands_in_the_topic_of_what_it_answers(
    sandbox: TelegramSandbox, opened: TelegramGateway, db: Database
) -> None:
    sandbox.send("Лаша Гогуадзе", TITLE, "масло поменял", topic="Старая тема")

    async def arrived() -> bool:
        return await db.fetchval("SELECT count(*) FROM event WHERE kind = 'message.employee'") == 1

    await until(arrived)
    payload = await db.fetchval("SELECT payload FROM event WHERE kind = 'message.employee'")
    assert (payload["topic"], payload["reply_to"]) == (2, None)
    await TelegramMessages(opened).send(uuid4(), FORUM, "принято", reply_to=payload["message_id"])
    assert [m["text"] for m in sandbox.messages_of("Лаша Гогуадзе", TITLE, topic="Старая тема")][
        1:
    ] == ["масло поменял", "принято"]


async def test_what_the_bot_lacks_is_named(
    sandbox: TelegramSandbox, opened: TelegramGateway
) -> None:
    topics = TelegramTopics(opened)
    sandbox.send("Лаша Гогуадзе", TITLE, "привет")  # the bot learns of a group by its updates
    sandbox.send("Лаша Гогуадзе", "Смена Тбилиси", "привет")
    await until(lambda: _known(topics))
    assert await topics.group(FORUM) == GroupSeen(
        title=TITLE, forum=True, read_only=False, lacks=()
    )
    assert await topics.group(PLAIN) == GroupSeen(
        title="Смена Тбилиси",
        forum=False,
        read_only=False,
        lacks=("manage_topics", "delete_messages", "pin_messages", "invite_users", "ban_users"),
    )
    await sandbox.change("demote_bot", {"chat": TITLE})
    assert "manage_topics" in (await topics.group(FORUM)).lacks
    with pytest.raises(Rejected, match="CHAT_ADMIN_REQUIRED"):
        await topics.create(uuid4(), FORUM, CAR)
    with pytest.raises(Rejected, match="CHANNEL_FORUM_MISSING"):
        await topics.create(uuid4(), PLAIN, CAR)
    with pytest.raises(NotFound, match="the bot is not in the group"):
        await topics.group(-1000000009999)


async def _known(topics: TelegramTopics) -> bool:
    try:
        await topics.group(PLAIN)
    except NotFound:
        return False
    return True


async def test_what_people_change_by_hand_is_seen(
    sandbox: TelegramSandbox, opened: TelegramGateway
) -> None:
    topics = TelegramTopics(opened)
    number = await topics.create(uuid4(), FORUM, CAR)
    await sandbox.change("rename_topic", {"topic": f"{TITLE}/{number}", "title": "моя машина"})
    await sandbox.change("close_topic", {"topic": f"{TITLE}/{number}"})
    assert (await topics.look(FORUM, [number]))[number] == Seen(title="моя машина", closed=True)
    await sandbox.change("delete_topic", {"topic": f"{TITLE}/{number}"})
    assert await topics.look(FORUM, [number]) == {}
