"""How soon one person's questions are answered, one after another, through the whole
application."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.declare import Benchmark, Figure, Measured, at_most
from benchmarks.harness.stats import share
from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.rentprog.sandbox import RentProgWorld
from jarvis.integrations.telegram.sandbox import TelegramLimits
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers

PERSON = "Тамар Ломидзе"  # a director may ask about every branch
QUESTIONS, SEED = 60, 2026
PAUSE_S = (0.3, 1.2)
NOTICED_S = 0.9  # longer than this feels like waiting
LOST_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and a fact that only a correct answer contains and the question does not."""

    text: str
    fact: str


LISTS = (
    Question(text="кто нам должен?", fact="Crosstrek 980"),
    Question(text="show debts for Batumi", fact="Juke 145"),
    Question(text="какие машины сейчас в ремонте", fact="Rio 574"),
    Question(text="что свободно на выходные в Батуми", fact="Camry 380"),
    Question(text="кто завтра возвращает машины", fact="1223"),
    Question(text="кто просрочил возврат", fact="1206"),
    Question(text="сколько у нас форестеров", fact="Forester 439"),
    Question(text="покажи парк Кутаиси", fact="Fiesta 123"),
    Question(text="какие правила по топливу", fact="полным баком"),
    Question(text="как мы возвращаем залог", fact="после приёма"),
)


def questions() -> list[Question]:
    """Sixty different questions: places, mileages, plates, bookings in two languages, lists and
    rules, in a shuffled order."""
    held = load_world().part(RentProgWorld)
    codes = {car.id: car.code for car in held.cars}
    found = [Question(text=f"где {car.code}?", fact=_plate(car.plate)) for car in held.cars[:12]]
    found += [
        Question(text=f"какой пробег у {car.code}", fact=f"{car.mileage:,}".replace(",", " "))
        for car in held.cars[12:22]
    ]
    found += [Question(text=car.plate, fact=car.code) for car in held.cars[22:32]]
    found += [
        Question(text=f"бронь {booking.number}", fact=codes[booking.car])
        for booking in held.bookings[:12]
    ]
    found += [
        Question(text=f"booking #{booking.number}", fact=codes[booking.car])
        for booking in held.bookings[12:18]
    ]
    found += LISTS
    random.Random(SEED).shuffle(found)
    assert len(found) == len({question.text for question in found}) == QUESTIONS
    return found


def _plate(plate: str) -> str:
    return f"{plate[:2]}-{plate[2:5]}-{plate[5:]}"


async def _ask(app: RunningApp, question: Question) -> float:
    """Seconds from sending until the answer is in the chat.

    Raises:
        AssertionError: there was no answer, or a wrong one.
    """
    last = max((m["id"] for m in app.seen(PERSON)), default=0)
    began = time.perf_counter()
    app.telegram.send(PERSON, "dm", question.text)
    while not (new := [m["text"] for m in app.seen(PERSON) if m["id"] > last]):
        assert time.perf_counter() < began + LOST_S, f"no answer to {question.text!r}"
        await asyncio.sleep(0.002)
    took = time.perf_counter() - began
    assert question.fact in new[0].replace("\xa0", " "), (
        f"{question.text!r} was answered without {question.fact!r}: {new[0]!r}"
    )
    return took


async def _series(servers: Servers, folder: Path, pauses: Iterator[float]) -> list[float]:
    async with running_app(servers, folder, limits=TelegramLimits()) as app:
        before = len(app.seen(PERSON))
        times: list[float] = []
        for question in questions():
            times.append(await _ask(app, question))
            await asyncio.sleep(next(pauses))
        await app.quiet()
        assert len(app.seen(PERSON)) - before == QUESTIONS, "not one message a question"
    return times


def _at_once() -> Iterator[float]:
    while True:
        yield 0.0


def _with_pauses() -> Iterator[float]:
    chance = random.Random(SEED)
    while True:
        yield chance.uniform(*PAUSE_S)


async def answers(servers: Servers, folder: Path) -> Measured:
    """Worker, bot, web, RentProg's and Telegram's sandboxes share one process here, so the product
    itself is faster."""
    figures: dict[str, float] = {}
    for name, pauses in (("", _at_once()), ("paused_", _with_pauses())):
        times = await _series(servers, folder, pauses)
        figures |= {
            f"{name}p50_s": round(share(times, 0.5), 3),
            f"{name}p95_s": round(share(times, 0.95), 3),
            f"{name}max_s": round(max(times), 3),
            f"{name}over_0.9_s": sum(took > NOTICED_S for took in times),
        }
    return Measured(figures=figures, conditions={"questions": QUESTIONS, "models": "offline"})


def _figures(name: str, words: str) -> tuple[Figure, ...]:
    return (
        at_most(f"{name}p50_s", f"{words}, p50", goal=0.2),
        at_most(f"{name}p95_s", f"{words}, p95", goal=0.4),
        at_most(f"{name}max_s", f"{words}, longest"),
        at_most(f"{name}over_0.9_s", f"{words}, how many took over 0.9 s"),
    )


BENCHMARK = Benchmark(
    name="answers",
    what="60 questions of one person without a model, each until its right answer stands in the "
    "chat, at Telegram's own limits",
    figures=(
        *_figures("", "the next at once"),
        *_figures("paused_", "the next after 0.3 to 1.2 s"),
    ),
    run=answers,
)
