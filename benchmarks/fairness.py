"""The effect of one source's flood on the others: answers during webhooks, during one person's
messages, and eight questions of five people."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from benchmarks.harness.declare import Benchmark, Figure, Measured, at_least, at_most
from benchmarks.harness.processes import Processes, running_processes
from benchmarks.harness.stats import share
from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.rentprog.sandbox import RentProgWorld
from jarvis.integrations.rentprog.sandbox.changes import Hook
from jarvis.testing.core import SECRETS
from jarvis.testing.servers import Servers

ASKER = "Тамар Ломидзе"
LOUD, QUIET = "Нино Беридзе", ("Павел Дёмин", "Дато Мчедлишвили", "Лаша Гогуадзе")
FIVE = ("Тамар Ломидзе", "Павел Дёмин", "Нино Беридзе", "Дато Мчедлишвили", "Ольга Вершинина")
QUESTIONS, PAUSE_S, LOST_S = 12, 0.5, 60.0
FLOODS = (200, 1500)
MESSAGES, EQUAL = 600, 8
LIMITED = "исчерпан"


def _questions() -> Iterator[tuple[str, str]]:
    """Questions that read RentProg, each about another car, branches in turn; and the fact that
    only a correct answer contains."""
    by_branch: dict[str, list[tuple[str, str]]] = {}
    for car in load_world().part(RentProgWorld).cars:
        plate = f"{car.plate[:2]}-{car.plate[2:5]}-{car.plate[5:]}"
        by_branch.setdefault(car.branch, []).append((f"где {car.code}?", plate))
    for turn in range(100):
        for cars in by_branch.values():
            if turn < len(cars):
                yield cars[turn]


async def _ask(app: Processes, person: str, text: str, fact: str) -> tuple[float, bool]:
    """Seconds until the answer is in the chat, and whether it says that the limit is used up.

    Raises:
        AssertionError: none came.
    """
    last = max((m["id"] for m in app.seen(person)), default=0)
    began = time.perf_counter()
    app.telegram.send(person, "dm", text)
    while True:
        found = [
            m["text"]
            for m in app.seen(person)
            if m["id"] > last and fact in m["text"].replace("\N{NO-BREAK SPACE}", " ")
        ]
        if found:
            return time.perf_counter() - began, LIMITED in found[0]
        assert time.perf_counter() < began + LOST_S, (
            f"no answer to {text!r}: {app.seen(person)[-1:]}"
        )
        await asyncio.sleep(0.005)


async def _series(
    app: Processes, people: Sequence[str], questions: Iterator[tuple[str, str]], name: str
) -> dict[str, float]:
    times: list[float] = []
    limited = 0
    for number in range(QUESTIONS):
        took, refused = await _ask(app, people[number % len(people)], *next(questions))
        times.append(took)
        limited += refused
        await asyncio.sleep(PAUSE_S)
    return {
        f"{name}_p50_s": round(share(times, 0.5), 2),
        f"{name}_max_s": round(max(times), 2),
        f"{name}_limited": limited,
    }


async def _flood(app: Processes, first: int, count: int) -> None:
    """Webhooks about unknown bookings: each has to be looked up in every branch."""
    async with httpx.AsyncClient(
        base_url=app.web, trust_env=False, limits=httpx.Limits(max_connections=16)
    ) as http:

        async def post(number: int) -> None:
            body = app.rentprog.body(
                Hook(event="booking_update", company_id=101, payload={"id": number, "days": [3, 4]})
            )
            (
                await http.post(f"/hooks/rentprog/{SECRETS['tbilisi']}", content=body)
            ).raise_for_status()

        for begin in range(first, first + count, 16):
            await asyncio.gather(*(post(n) for n in range(begin, min(begin + 16, first + count))))


async def _webhooks(app: Processes) -> dict[str, int]:
    rows = await app.db.fetch(
        "SELECT state, count(*) AS n FROM delivery WHERE subscriber = 'rentprog.changed' GROUP BY "
        "state"
    )
    return {r["state"]: r["n"] for r in rows}


async def _equal(app: Processes) -> dict[str, float]:
    """Five people ask for debts eight times each within a moment; when does each have all eight,
    and how many answers say that they were not checked?"""
    before = {person: len(app.seen(person)) for person in FIVE}
    began = time.perf_counter()
    for _ in range(EQUAL):
        for person in FIVE:
            app.telegram.send(person, "dm", "долги")
    done: dict[str, float] = {}
    while len(done) < len(FIVE):
        for person in FIVE:
            new = [m["text"] for m in app.seen(person)][before[person] :]
            if person not in done and len([text for text in new if "олг" in text]) >= EQUAL:
                done[person] = time.perf_counter() - began
        assert time.perf_counter() < began + 2 * LOST_S, f"not all were answered: {done}"
        await asyncio.sleep(0.01)
    texts = [m["text"] for person in FIVE for m in app.seen(person)[before[person] :]]
    return {
        "equal_first_s": round(min(done.values()), 1),
        "equal_last_s": round(max(done.values()), 1),
        "equal_unchecked": len([text for text in texts if "не провер" in text]),
    }


async def fairness(servers: Servers, folder: Path) -> Measured:
    """One after another over the same processes, so that each flood is still queued when the next
    comes."""
    questions = _questions()
    async with running_processes(servers, folder) as app:
        await _ask(app, ASKER, "какие правила по топливу", "полным баком")  # warm-up done
        figures = await _series(app, (ASKER,), questions, "rest")
        figures |= await _equal(app)
        conditions: dict[str, float | str] = {"questions": QUESTIONS, "models": "offline"}
        sent, states = 0, dict[str, int]()
        for count in FLOODS:
            await _flood(app, 1_000_000 + sent, count)
            sent += count
            figures |= await _series(app, (ASKER,), questions, f"flood_{count}")
            states = await _webhooks(app)
            assert sum(states.values()) == sent, f"{sent} webhooks, deliveries {states}"
            assert not states.get("dead"), f"webhooks were given up: {states}"
            conditions[f"flood_{count}_waiting"] = states.get("pending", 0) + states.get(
                "claimed", 0
            )
        untouched = await app.db.fetchval(
            "SELECT count(*) FROM delivery WHERE subscriber = 'rentprog.changed' AND started_at IS "
            "NULL"
        )
        figures["flood_handled"] = states.get("done", 0)
        conditions["flood_untouched"] = untouched
        figures |= await _series(app, QUIET, questions, "rest_3")
        for _ in range(MESSAGES):
            app.telegram.send(LOUD, "dm", "где малибу 235?")
        figures |= await _series(app, QUIET, questions, "messages_600")
        left = await app.db.fetchval(
            """SELECT count(*) FROM delivery WHERE state IN ('pending', 'claimed')
                  AND sender = (SELECT sender FROM event WHERE kind = 'message.employee'
                                 GROUP BY sender ORDER BY count(*) DESC LIMIT 1)"""
        )
        conditions["messages_left"] = left
    for name, rest in (
        *((f"flood_{count}", "rest") for count in FLOODS),
        ("messages_600", "rest_3"),
    ):
        figures[f"{name}_more_s"] = round(figures[f"{name}_max_s"] - figures[f"{rest}_p50_s"], 2)
    return Measured(figures=figures, conditions=conditions)


def _answers(name: str, words: str, *more: Figure) -> tuple[Figure, ...]:
    return (
        *more,
        at_most(f"{name}_p50_s", f"{words}, p50"),
        at_most(f"{name}_max_s", f"{words}, longest"),
        at_most(f"{name}_limited", f"{words}: answers that say the limit is used up", goal=0),
    )


BENCHMARK = Benchmark(
    name="fairness",
    what="a person's answer beside the floods of others, web, bot and worker in processes of their "
    "own, every limit as in life",
    figures=(
        *_answers("rest", "an answer at rest"),
        at_most(
            "equal_first_s", "five people ask for debts eight times each: the first has all answers"
        ),
        at_most("equal_last_s", "the last has all answers"),
        at_most("equal_unchecked", "answers of these that say debts were not checked", goal=0),
        *_answers(
            "flood_200",
            "beside 200 webhooks about unknown bookings",
            at_most(
                "flood_200_more_s",
                "beside 200 webhooks the longest takes longer than p50 at rest by",
                goal=2,
            ),
        ),
        *_answers(
            "flood_1500",
            "beside 1,500 more",
            at_most("flood_1500_more_s", "beside 1,500 more the same", goal=2),
        ),
        at_least("flood_handled", "webhooks that were worked off meanwhile", goal=1),
        *_answers("rest_3", "three people's answers before the messages"),
        *_answers(
            "messages_600",
            "the same three beside 600 messages of a fourth",
            at_most(
                "messages_600_more_s",
                "beside 600 messages the longest takes longer than their p50 before by",
                goal=1,
            ),
        ),
    ),
    run=fairness,
    slow=True,
)
