"""A write from its request to its receipt, as the person sees it in the chat."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from benchmarks.harness.declare import Benchmark, Measured, at_most
from jarvis.integrations.telegram.sandbox import TelegramLimits
from jarvis.testing.app import running_app
from jarvis.testing.servers import Servers

ORDERS = 20
PAUSE_S = 1.5  # as people pause; a chat takes one message a second, and that is not measured here


async def approvals(servers: Servers, folder: Path) -> Measured:
    """In the chat of the Telegram sandbox, with RentProg's sandbox: message → card, callback →
    receipt, undo → done."""
    took: dict[str, list[float]] = {"card": [], "receipt": [], "undo": []}
    async with running_app(servers, folder, limits=TelegramLimits()) as app:
        person = "Лаша Гогуадзе"

        async def timed(
            step: str, act: Callable[[], Awaitable[object]], word: str, after: int
        ) -> Any:
            began = time.perf_counter()
            await act()
            while True:
                found = [m for m in app.seen(person) if m["id"] > after and word in m["text"]]
                if found:
                    took[step].append((time.perf_counter() - began) * 1000)
                    return found[-1]
                await asyncio.sleep(0.002)

        async def say() -> None:
            app.telegram.send(person, "dm", "продли 1200 до 15.03")

        for _ in range(ORDERS):
            after = max((m["id"] for m in app.seen(person)), default=0)
            card = await timed("card", say, "Подтвердите", after)
            await asyncio.sleep(PAUSE_S)
            await timed(
                "receipt",
                lambda card=card: app.telegram.press(person, "dm", int(card["id"]), 0),
                "RentProg принял",
                after,
            )
            await asyncio.sleep(PAUSE_S)
            await timed(
                "undo",
                lambda card=card: app.telegram.press(person, "dm", int(card["id"]), 0),
                "Отменено",
                after,
            )
            await asyncio.sleep(PAUSE_S)
    figures: dict[str, float] = {}
    for step, times in took.items():
        figures |= {
            f"{step}_p50_ms": round(statistics.median(times), 1),
            f"{step}_max_ms": round(max(times), 1),
        }
    return Measured(figures=figures, conditions={"orders": ORDERS})


BENCHMARK = Benchmark(
    name="approvals",
    what="words of an order, press of its card, press of the undo, each until the chat shows it",
    figures=(
        at_most("card_p50_ms", "words until the card, p50"),
        at_most("card_max_ms", "words until the card, longest"),
        at_most("receipt_p50_ms", "press until RentProg's receipt, p50"),
        at_most("receipt_max_ms", "press until RentProg's receipt, longest"),
        at_most("undo_p50_ms", "press of the undo until it is undone, p50"),
        at_most("undo_max_ms", "press of the undo until it is undone, longest"),
    ),
    run=approvals,
)
