"""Figures of the Telegram house: how soon an album is gone, how long a check-list takes, how long what is urgent waits in a flood."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from jarvis.engine import effects
from jarvis.engine.effects import Lane, Origin
from jarvis.integrations.telegram.kinds import SEND, target
from jarvis.integrations.telegram.sandbox.state import Chat
from jarvis.kit.world import World, WorldForum, load_world
from jarvis.orchestrator import outbox
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers

Row = dict[str, Any]
LASHA, PERSON, CAR = "Лаша Гогуадзе", 7001003, "Malibu 235"
ALBUMS, PAUSE_S = 30, 2.0
MESSAGES, TOPICS, EVERY_S = 500, 10, 15.0  # topics a forum; an urgent message to a forum and to a person so often


def _world() -> World:
    branches = ("tbilisi", "batumi", "kutaisi", "service-center")
    forums = [WorldForum(title=f"Branch_{b}", branch=b, members=[LASHA], topics=[f"T{n}" for n in range(TOPICS)]) for b in branches]
    return load_world().model_copy(update={"cars": [], "bookings": [], "forums": forums})


def _photo() -> bytes:
    """As a phone's photo arrives through Telegram: 1280 by 960 pixels, some 250 kB, no two alike."""
    out = BytesIO()
    Image.effect_noise((1280, 960), 25).convert("RGB").save(out, "JPEG", quality=60)
    return out.getvalue()


def _origin() -> Origin:
    return Origin(event_id=None, trace_id="0" * 32)


async def moderation(servers: Servers, folder: Path) -> Row:
    """From ten photos in a topic until the last of them is gone from it, one album after another."""
    times: list[float] = []
    async with running_app(servers, folder, world=_world()) as app:
        forum = min((c for c in app.telegram.state.chats.values() if c.forum), key=lambda c: c.id)
        for _ in range(ALBUMS):
            photos = [await asyncio.to_thread(_photo) for _ in range(10)]
            began = time.perf_counter()
            app.telegram.send(LASHA, forum.title, "", photos=photos, topic="T0")
            while any(m.sender != app.telegram.bot_id and not m.deleted for m in forum.messages.values()):
                await asyncio.sleep(0.01)
            times.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE_S)
    ordered = sorted(times)
    return {"albums": ALBUMS, "p50_s": round(ordered[ALBUMS // 2], 2), "p95_s": round(ordered[int(ALBUMS * 0.95)], 2),
            "max_s": round(ordered[-1], 2)}  # fmt: skip


async def flood(servers: Servers, folder: Path) -> Row:
    """Five hundred messages due at once in forty topics of four forums, at Telegram's own twenty a minute."""
    waits: dict[str, list[float]] = {"group": [], "person": []}
    async with running_app(servers, folder, world=_world()) as app:
        forums = sorted((c for c in app.telegram.state.chats.values() if c.forum), key=lambda c: c.id)
        app.telegram.ledger.clear()
        began = time.perf_counter()
        async with app.core.db.transaction() as tx:
            for n in range(MESSAGES):
                chat = forums[n % 4]
                topic = sorted(chat.topics)[n // 4 % TOPICS]
                await effects.request(
                    tx, _origin(), kind=SEND, target=target(chat.marked_id), key=f"due:{n}", ordering_key=f"t:{chat.id}:{topic}",
                    args={"chat_id": chat.marked_id, "topic": {"number": topic}, "text": f"due {n}"},
                )  # fmt: skip
        number = 0
        while await app.core.db.fetchval("SELECT count(*) FROM effect WHERE state IN ('pending', 'claimed')"):
            chat = forums[number % 4]
            waits["group"].append(await _urgent(app, chat, chat.marked_id, number))
            waits["person"].append(await _urgent(app, app.telegram.state.private(PERSON), PERSON, number))
            number += 1
            await asyncio.sleep(EVERY_S)
        took = time.perf_counter() - began
        entries = app.telegram.ledger.entries()
    return {
        "messages": len([e for e in entries if e["kind"] == "send" and e["text"].startswith("due")]), "took_s": round(took),
        "flood_waits": len([e for e in entries if e["kind"] == "flood"]), "urgent": number,
        "urgent_group_max_s": round(max(waits["group"]), 2), "urgent_person_max_s": round(max(waits["person"]), 2),
    }  # fmt: skip


async def _urgent(app: RunningApp, chat: Chat, chat_id: int, number: int) -> float:
    """Seconds from asking for an urgent message until it stands in the chat."""
    text = f"urgent {chat_id} {number}"
    began = time.perf_counter()
    async with app.core.db.transaction() as tx:
        await outbox.send(tx, _origin(), chat_id, text, key=text, lane=Lane.URGENT)
    while not any(m.text == text for m in chat.messages.values()):
        await asyncio.sleep(0.01)
    return time.perf_counter() - began


# what one does at each point of a pick-up: the point's name, then photos to send, words to write or a button to press
PICKUP: tuple[tuple[str, int | str], ...] = (
    ("Кузов", 8), ("Колёса", 4), ("Салон", 2), ("Приборка", 1), ("Пробег", "130 000"), ("Топливо", "75 %"), ("Техпаспорт", 1),
    ("Багажник", 1), ("Допоборудование", "не нужно"), ("Документы", 1), ("Оплата", "позже"), ("Страховка", "продана"),
    ("Договор", "Готово"), ("Проведено", "Готово"),
)  # fmt: skip


async def checklist(servers: Servers, folder: Path) -> Row:
    """A pick-up's check-list of fourteen points by a script that acts as soon as the message asks for the next point."""
    world = load_world().model_copy(update={"forums": []})
    steps: list[float] = []
    async with running_app(servers, folder, world=world) as app:
        asked = await app.ask(LASHA, "/checklist 1201")
        began = time.perf_counter()
        await app.telegram.press(LASHA, "dm", int(asked["id"]), f"Выдача №1201 · {CAR}")
        for point, act in PICKUP:
            message = await _asks(app, f"Дальше: {point}")
            acted = time.perf_counter()
            if isinstance(act, int):
                app.telegram.send(LASHA, "dm", "", photos=[await asyncio.to_thread(_photo) for _ in range(act)])
            elif act in [label for row in message["buttons"] for label in row]:
                await app.telegram.press(LASHA, "dm", int(message["id"]), act)
            else:
                app.telegram.send(LASHA, "dm", act)
            while f"Дальше: {point}" in (await _asks(app, ""))["text"]:
                await asyncio.sleep(0.01)
            steps.append(time.perf_counter() - acted)
        message = await _asks(app, "Все пункты на месте")
        while "загружается" in (await _asks(app, ""))["text"]:
            await asyncio.sleep(0.01)
        await app.telegram.press(LASHA, "dm", int(message["id"]), "Завершить")
        await _asks(app, "Закрыто")
        took = time.perf_counter() - began
    return {"points": len(PICKUP), "photos": 18, "took_s": round(took, 1), "step_p50_s": round(sorted(steps)[len(steps) // 2], 2),
            "step_max_s": round(max(steps), 2)}  # fmt: skip


async def _asks(app: RunningApp, text: str) -> Mapping[str, Any]:
    """The check-list once it says so."""
    while True:
        shown = [m for m in app.seen(LASHA) if m["text"].startswith("📝 Выдача")]
        if shown and text in shown[-1]["text"]:
            return shown[-1]
        await asyncio.sleep(0.01)
