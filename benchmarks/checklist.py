"""A pick-up's check-list by a user without think time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.harness.declare import Benchmark, Measured, at_most
from benchmarks.harness.forums import LASHA, photo
from benchmarks.harness.stats import share
from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.telegram.sandbox import TelegramLimits
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers

CAR = "Malibu 235"
# the action at each point of a pick-up: the point's name, then photos to send, a text to write or a
# button to press
PICKUP: tuple[tuple[str, int | str], ...] = (
    ("Кузов", 8),
    ("Колёса", 4),
    ("Салон", 2),
    ("Приборка", 1),
    ("Пробег", "130 000"),
    ("Топливо", "75 %"),
    ("Техпаспорт", 1),
    ("Багажник", 1),
    ("Допоборудование", "не нужно"),
    ("Документы", 1),
    ("Оплата", "позже"),
    ("Страховка", "продана"),
    ("Договор", "Готово"),
    ("Проведено", "Готово"),
)


async def checklist(servers: Servers, folder: Path) -> Measured:
    """A pick-up's check-list of fourteen points by a script that acts as soon as the message asks
    for the next point."""
    world = load_world().model_copy(update={"forums": []})
    steps: list[float] = []
    async with running_app(servers, folder, world=world, limits=TelegramLimits()) as app:
        asked = await app.ask(LASHA, "/checklist 1201")
        began = time.perf_counter()
        await app.telegram.press(LASHA, "dm", int(asked["id"]), f"Выдача №1201 · {CAR}")
        for point, act in PICKUP:
            message = await _asks(app, f"Дальше: {point}")
            acted = time.perf_counter()
            if isinstance(act, int):
                app.telegram.send(
                    LASHA, "dm", "", photos=[await asyncio.to_thread(photo) for _ in range(act)]
                )
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
    figures = {
        "took_s": round(took, 1),
        "step_p50_s": round(share(steps, 0.5), 2),
        "step_max_s": round(max(steps), 2),
    }
    return Measured(figures=figures, conditions={"points": len(PICKUP), "photos": 18})


async def _asks(app: RunningApp, text: str) -> Mapping[str, Any]:
    """The check-list once it says so."""
    while True:
        shown = [m for m in app.seen(LASHA) if m["text"].startswith("📝 Выдача")]
        if shown and text in shown[-1]["text"]:
            return shown[-1]
        await asyncio.sleep(0.01)


BENCHMARK = Benchmark(
    name="checklist",
    what="fourteen points and 18 photos of 335 kB, each as soon as the message asks for it",
    figures=(
        at_most("took_s", "the whole check-list", goal=180),
        at_most("step_p50_s", "a point, p50"),
        at_most("step_max_s", "a point, longest"),
    ),
    run=checklist,
)
