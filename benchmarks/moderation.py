"""How soon an album in a forum is stored, inspected and deleted."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.harness.declare import Benchmark, Measured, at_most
from benchmarks.harness.forums import LASHA, forum_world, photo
from benchmarks.harness.stats import share
from jarvis.integrations.telegram.sandbox import TelegramLimits
from jarvis.testing.app import running_app
from jarvis.testing.servers import Servers

ALBUMS, PAUSE_S = 30, 2.0


async def moderation(servers: Servers, folder: Path) -> Measured:
    """From ten photos in a topic until the last of them is deleted, one album after another."""
    times: list[float] = []
    async with running_app(servers, folder, world=forum_world(), limits=TelegramLimits()) as app:
        forum = min((c for c in app.telegram.state.chats.values() if c.forum), key=lambda c: c.id)
        for _ in range(ALBUMS):
            photos = [await asyncio.to_thread(photo) for _ in range(10)]
            began = time.perf_counter()
            app.telegram.send(LASHA, forum.title, "", photos=photos, topic="T0")
            while any(
                m.sender != app.telegram.bot_id and not m.deleted for m in forum.messages.values()
            ):
                await asyncio.sleep(0.01)
            times.append(time.perf_counter() - began)
            await asyncio.sleep(PAUSE_S)
        stored = await app.core.db.fetchval(
            "SELECT count(*) FROM media_item WHERE state = 'removed' AND media_id IS NOT NULL"
        )
        assert stored == 10 * ALBUMS, f"{stored} of {10 * ALBUMS} photos are stored"
    figures = {
        "p50_s": round(share(times, 0.5), 2),
        "p95_s": round(share(times, 0.95), 2),
        "max_s": round(max(times), 2),
    }
    return Measured(figures=figures, conditions={"albums": ALBUMS})


BENCHMARK = Benchmark(
    name="moderation",
    what="ten photos of 335 kB in a forum until all are stored, looked into and gone",
    figures=(
        at_most("p50_s", "an album, p50"),
        at_most("p95_s", "an album, p95", goal=2),
        at_most("max_s", "an album, longest"),
    ),
    run=moderation,
)
