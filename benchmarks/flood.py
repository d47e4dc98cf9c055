"""The delay of urgent messages while hundreds of messages are due at Telegram's own limits."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.harness.declare import Benchmark, Measured, at_most
from benchmarks.harness.forums import TOPICS, forum_world
from jarvis.engine import effects
from jarvis.engine.effects import Lane, Origin
from jarvis.integrations.telegram.kinds import SEND, target
from jarvis.integrations.telegram.sandbox import TelegramLimits
from jarvis.integrations.telegram.sandbox.state import Chat
from jarvis.messaging import outbox
from jarvis.messaging.markup import escape
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers

PERSON = 7001003
MESSAGES, EVERY_S = 500, 15.0  # an urgent message to a forum and to a person so often


def _origin() -> Origin:
    return Origin(event_id=None, trace_id="0" * 32)


async def flood(servers: Servers, folder: Path) -> Measured:
    """Five hundred messages due at once in forty topics of four forums, at Telegram's own twenty a
    minute."""
    waits: dict[str, list[float]] = {"group": [], "person": []}
    async with running_app(servers, folder, world=forum_world(), limits=TelegramLimits()) as app:
        forums = sorted(
            (c for c in app.telegram.state.chats.values() if c.forum), key=lambda c: c.id
        )
        app.telegram.ledger.clear()
        began = time.perf_counter()
        async with app.core.db.transaction() as tx:
            for n in range(MESSAGES):
                chat = forums[n % 4]
                topic = sorted(chat.topics)[n // 4 % TOPICS]
                await effects.request(
                    tx,
                    _origin(),
                    kind=SEND,
                    target=target(chat.marked_id),
                    key=f"due:{n}",
                    ordering_key=f"t:{chat.id}:{topic}",
                    args={
                        "chat_id": chat.marked_id,
                        "topic": {"number": topic},
                        "text": f"due {n}",
                    },
                )
        number = 0
        while await app.core.db.fetchval(
            "SELECT count(*) FROM effect WHERE state IN ('pending', 'claimed')"
        ):
            chat = forums[number % 4]
            waits["group"].append(await _urgent(app, chat, chat.marked_id, number))
            waits["person"].append(
                await _urgent(app, app.telegram.state.private(PERSON), PERSON, number)
            )
            number += 1
            await asyncio.sleep(EVERY_S)
        took = time.perf_counter() - began
        entries = app.telegram.ledger.entries()
    sent = len([e for e in entries if e["kind"] == "send" and e["text"].startswith("due")])
    assert sent == MESSAGES, f"{sent} of {MESSAGES} messages were sent"
    figures = {
        "took_s": round(took),
        "flood_waits": len([e for e in entries if e["kind"] == "flood"]),
        "urgent_group_max_s": round(max(waits["group"]), 2),
        "urgent_person_max_s": round(max(waits["person"]), 2),
    }
    return Measured(figures=figures, conditions={"messages": sent, "urgent": number})


async def _urgent(app: RunningApp, chat: Chat, chat_id: int, number: int) -> float:
    """Seconds from requesting an urgent message until it is in the chat."""
    text = f"urgent {chat_id} {number}"
    began = time.perf_counter()
    async with app.core.db.transaction() as tx:
        await outbox.send(tx, _origin(), chat_id, escape(text), key=text, lane=Lane.URGENT)
    while not any(m.text == text for m in chat.messages.values()):
        await asyncio.sleep(0.01)
    return time.perf_counter() - began


BENCHMARK = Benchmark(
    name="flood",
    what="500 messages due at once in 40 topics of four forums, at Telegram's own twenty a minute",
    figures=(
        at_most("took_s", "until all were sent"),
        at_most("flood_waits", "times that Telegram made us wait"),
        at_most("urgent_group_max_s", "an urgent message to a forum meanwhile, longest"),
        at_most("urgent_person_max_s", "an urgent message to a person meanwhile, longest"),
    ),
    run=flood,
    slow=True,
)
