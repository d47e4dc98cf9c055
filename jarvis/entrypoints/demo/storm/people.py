"""Load during a storm: people who request writes and ask, cars that move, a RentProg that delivers
webhooks until they are accepted."""

from __future__ import annotations

import json
import random
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jarvis.entrypoints.demo.storm.surface import LOST, Surface
from jarvis.entrypoints.demo.storm.world import AWAY_BRANCH, HOME, HOME_BRANCH
from jarvis.integrations.rentprog import ruby
from jarvis.kit.ids import sha256_hex

ORDERERS = ("Тамар Ломидзе", "Ираклий Джапаридзе")
ASKER = "Павел Дёмин"
WRITER = "Мариам Чхеидзе"  # in the topics of the cars that move
ORDER_S = 90.0


def tag(number: str) -> str:
    """The text written into a booking, which identifies its request."""
    return f"проверка хаосом {number}"


def question(number: str) -> str:
    return f"бронь {number}"


class Orders:
    """A person who requests writes, each with a card, a callback and a receipt."""

    def __init__(self, surface: Surface, person: str) -> None:
        self._surface = surface
        self._person = person

    def work(
        self, numbers: Sequence[str], pace: random.Random, pause_s: tuple[float, float]
    ) -> None:
        for number in numbers:
            self._surface.write(self._person, f"запиши в бронь {number}: {tag(number)}")
            self.press(number, ORDER_S)
            time.sleep(pace.uniform(*pause_s))

    def press(self, number: str, patience_s: float) -> None:
        """Press the card of a request until its receipt is shown, or the person's patience ends."""
        until, pressed = time.monotonic() + patience_s, 0.0
        while time.monotonic() < until:
            for card in self.cards(number):
                if "✅" in card["text"]:
                    return
                waits = card["buttons"] and "Подтвердите" in card["text"]
                if waits and time.monotonic() - pressed > 8:
                    pressed = time.monotonic()
                    self._surface.press(self._person, card["id"], 0)
            time.sleep(0.3)

    def cards(self, number: str) -> list[dict[str, Any]]:
        return [
            m
            for m in self._surface.messages(self._person)
            if m["from"] == "Jarvis" and tag(number) in m["text"]
        ]


def ask(
    surface: Surface, numbers: Sequence[str], pace: random.Random, pause_s: tuple[float, float]
) -> None:
    """Ask for one booking after another, and wait for no answer."""
    for number in numbers:
        surface.write(ASKER, question(number))
        time.sleep(pace.uniform(*pause_s))


class RentProg:
    """Makes changes in the vendor's world and delivers their webhooks repeatedly until Jarvis has
    accepted them."""

    def __init__(self, surface: Surface, env: Mapping[str, str]) -> None:
        self._surface = surface
        secrets: dict[str, str] = json.loads(env["JARVIS_RENTPROG_WEBHOOK_SECRETS"])
        companies: dict[str, int] = json.loads(env["JARVIS_RENTPROG_COMPANY_IDS"])
        web = env["JARVIS_PUBLIC_URL"]
        self._urls = {
            company: f"{web}/hooks/rentprog/{secrets[branch]}"
            for branch, company in companies.items()
        }
        self._branches = {company: branch for branch, company in companies.items()}
        self.taken: list[str] = []

    def change(self, name: str, args: Mapping[str, Any]) -> bool:
        """Make one change; returns whether it is known to have been made."""
        made = self._surface.call_or_none("POST", f"/sandbox/rentprog/{name}", args)
        for hook in made["webhooks"] if made else ():
            self._deliver(hook)
        return made is not None

    def _deliver(self, hook: Mapping[str, Any]) -> None:
        payload = {k: v for k, v in hook["payload"].items() if not k.startswith("_")}
        body = json.dumps(
            {"event": hook["event"], "payload": ruby.dump(payload)}, ensure_ascii=False
        ).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(  # noqa: S310  # our own address
            self._urls[hook["company_id"]], method="POST", data=body, headers=headers
        )
        until = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(request, timeout=10).close()  # noqa: S310  # the same
                break
            except LOST:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
        kind = f"rentprog.{hook['event'].replace('_', '.')}"
        self.taken.append(sha256_hex(f"rentprog:{self._branches[hook['company_id']]}", kind, body))


@dataclass(slots=True, kw_only=True)
class Mileage:
    """Many webhooks: cars that drive. `last` is what RentProg holds in the end, by the car's number
    there."""

    rentprog: RentProg
    last: dict[str, int] = field(default_factory=dict[str, int])

    def work(self, cars: Sequence[str], count: int, pace: random.Random, pause_s: float) -> None:
        value = 300_000
        for n in range(count):
            car, value = cars[n % len(cars)], value + 1
            while not self.rentprog.change("set_mileage", {"car": car, "mileage": str(value)}):
                value += 1  # unknown outcome: another value makes another webhook
                time.sleep(0.3)
            self.last[car] = value
            time.sleep(pace.uniform(0, 2 * pause_s))


@dataclass(slots=True, kw_only=True)
class Move:
    """A car that moves, with the messages of its topic. `back`: it returns at once."""

    car: str
    title: str
    back: bool
    said: str


def moves(cars: Mapping[str, str], topics: Sequence[Mapping[str, Any]], count: int) -> list[Move]:
    """The first cars that have a topic at home. `cars`: RentProg's number to `code · branch`."""
    by_code = {title.partition(" · ")[0]: car for car, title in cars.items()}
    titles = [t["title"] for t in topics if t["title"].partition(" · ")[0] in by_code]
    return [
        Move(
            car=by_code[title.partition(" · ")[0]],
            title=title,
            back=n % 3 == 2,
            said=f"заметка хаоса номер {n + 1}",
        )
        for n, title in enumerate(titles[:count])
    ]


def move(
    surface: Surface,
    rentprog: RentProg,
    planned: Sequence[Move],
    strike: Callable[[], None],
    pace: random.Random,
) -> None:
    """Somebody writes in each car's topic, the car moves, and a fault is injected during the
    move."""
    for one in planned:
        surface.write(WRITER, one.said, HOME, one.title)
        _go(rentprog, one.car, AWAY_BRANCH)
        time.sleep(pace.uniform(0.05, 1.5))
        strike()
        if one.back:
            time.sleep(pace.uniform(0.5, 3.0))
            _go(rentprog, one.car, HOME_BRANCH)
            time.sleep(pace.uniform(0.05, 1.5))
            strike()
        time.sleep(pace.uniform(2.0, 5.0))


def _go(rentprog: RentProg, car: str, branch: str) -> None:
    until = time.monotonic() + 60
    while (
        not rentprog.change("move_car", {"car": car, "branch": branch}) and time.monotonic() < until
    ):
        time.sleep(0.3)
