"""Five hundred messages due at once: no flood wait from Telegram, what is urgent overtakes, changes
of one message coalesce."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from jarvis.engine import effects
from jarvis.engine.effects import Lane
from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.telegram.kinds import ALBUM, SEND, target
from jarvis.integrations.telegram.sandbox import TelegramLimits, WorldForum
from jarvis.kit.world import World
from jarvis.messaging import outbox
from jarvis.messaging.markup import escape, html
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers
from tests.scenes.flood import origin
from tests.scenes.people import LASHA, NINO_ID

BRANCHES = ("tbilisi", "batumi", "kutaisi", "service-center")
QUICK = TelegramLimits(minute_s=3.0)  # Telegram's minute, twenty times faster


def world() -> World:
    forums = [
        WorldForum(
            title=f"Branch_{b}", branch=b, members=[LASHA], topics=[f"T{n}" for n in range(10)]
        )
        for b in BRANCHES
    ]
    return load_world().model_copy(update={"cars": [], "bookings": [], "forums": forums})


@pytest.mark.slow
async def test_five_hundred_messages_meet_no_flood_wait(servers: Servers, tmp_path: Path) -> None:
    async with running_app(servers, tmp_path, world=world(), limits=QUICK) as app:
        chats = sorted(c.marked_id for c in app.telegram.state.chats.values() if c.forum)
        numbers = {c: sorted(app.telegram.state.chats[c].topics) for c in chats}
        app.telegram.ledger.clear()
        async with app.core.db.transaction() as tx:
            for n in range(500):
                chat = chats[n % 4]
                topic = numbers[chat][n // 4 % 10]
                await effects.request(
                    tx,
                    origin(),
                    kind=SEND,
                    target=target(chat),
                    key=f"due:{n}",
                    ordering_key=f"topic:{chat}:{topic}",
                    args={"chat_id": chat, "topic": {"number": topic}, "text": f"due {n}"},
                )
            for n in range(4):
                await outbox.send(
                    tx,
                    origin(),
                    chats[0],
                    html("urgent {}", n),
                    key=f"urgent:{n}",
                    lane=Lane.URGENT,
                )
            await outbox.send(
                tx, origin(), NINO_ID, escape("to a person"), key="person", lane=Lane.URGENT
            )
        await app.quiet(110)
        sent = [e for e in app.telegram.ledger.entries() if e["kind"] == "send"]
        assert not [e for e in app.telegram.ledger.entries() if e["kind"] == "flood"]
        assert sorted(e["text"] for e in sent if e["text"].startswith("due")) == sorted(
            f"due {n}" for n in range(500)
        )
        in_first = [e["text"] for e in sent if e["chat_id"] == chats[0]]
        assert all(in_first.index(f"urgent {n}") <= 20 for n in range(4)), (
            "within the first minute, whatever waits"
        )
        assert [e["text"] for e in sent].index("to a person") <= 30
        for chat in chats:
            for topic in numbers[chat]:
                mine = [
                    int(e["text"][4:]) for e in sent if e["topic"] == topic and e["chat_id"] == chat
                ]
                assert mine == sorted(mine), "the order within a topic is kept"


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, limits=TelegramLimits()) as opened:
        yield opened


@pytest.mark.slow
async def test_an_album_is_not_starved_by_what_is_in_no_hurry(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_app(servers, tmp_path, world=world(), limits=QUICK) as app:
        chat = min(c.marked_id for c in app.telegram.state.chats.values() if c.forum)
        topic = min(app.telegram.state.chats[chat].topics)
        await app.storage.put("a.jpg", b"\xff\xd8picture", content_type="image/jpeg")
        app.telegram.ledger.clear()
        items = [
            {"item": str(n), "key": "a.jpg", "kind": "photo", "name": "a.jpg", "mime": "image/jpeg"}
            for n in range(10)
        ]
        # sixteen messages went out, one each fifth of a second: places come free one by one
        for name in ("normal", "all"):
            await app.core.db.execute(
                """INSERT INTO rate_window (name, taken) SELECT $1,
                    array_agg(now() - n * interval '0.2 s') FROM generate_series(0, 15) n
                   ON CONFLICT (name) DO UPDATE SET taken = EXCLUDED.taken""",
                f"{target(chat)}:{name}",
            )
        async with app.core.db.transaction() as tx:
            for n in range(60):
                await outbox.send(
                    tx,
                    origin(),
                    chat,
                    html("slow {}", n),
                    key=f"slow:{n}",
                    lane=Lane.BULK,
                    ordering_key=f"slow:{n % 20}",
                )
            await effects.request(
                tx,
                origin(),
                kind=ALBUM,
                target=target(chat),
                key="album",
                ordering_key="album",
                args={
                    "chat_id": chat,
                    "topic": {"number": topic},
                    "caption": "album",
                    "items": items,
                },
            )
        await app.quiet(60)
        sent = [e for e in app.telegram.ledger.entries() if e["kind"] == "send"]
        assert len(sent) == 70
        place = next(n for n, e in enumerate(sent) if e["text"] == "album")
        assert place <= 20, f"after {place} slow ones"
        assert not [e for e in app.telegram.ledger.entries() if e["kind"] == "flood"]
