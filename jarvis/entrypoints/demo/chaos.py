"""The proof by crashes: real processes are killed while people have them write to RentProg; the vendors' ledgers judge.

Every choice comes from the seed, which is printed; `jarvis chaos --seed N` makes the same choices again (the machine's own
timing stays its own).
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.process import BaseProcess
from typing import Any
from urllib.parse import quote

import yaml
from redis import Redis
from rich.console import Console

from jarvis.engine.audit_proof import Proof, verify
from jarvis.engine.db import open_database
from jarvis.engine.journal import LEASE_S
from jarvis.entrypoints.demo.start import Forks, Host
from jarvis.entrypoints.demo.supervisor import PROCESSES, Demo, DemoOptions
from jarvis.entrypoints.embedded import Postgres
from jarvis.entrypoints.embedded import Redis as RedisServer
from jarvis.kit.clock import TBILISI
from jarvis.kit.faults import POINTS
from jarvis.kit.world import load_world
from jarvis.orchestrator.render.words import say

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=TBILISI)
PEOPLE = ("Тамар Ломидзе", "Ираклий Джапаридзе")
DRAIN_S, ORDER_S = 60.0, 90.0
AWAKE_S = 4.0  # how long a worker that slept past its lease goes on before it is killed
NO_CARD = ("📥", say("step.failed", "ru").partition("{")[0])  # what names an order but is no card of it: a list, a refusal in words
STATUSES = {say(f"status{which}", "ru") for which in ("", ".fleet", ".bookings", ".clients", ".guide", ".slow")}


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What the ledgers say after the storm."""

    seed: int
    orders: int
    blows: dict[str, int] = field(default_factory=dict[str, int])
    lost: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    left: dict[str, Any] = field(default_factory=dict[str, Any])
    drained_s: float = 0.0
    audit: Proof = field(default_factory=Proof)

    @property
    def good(self) -> bool:
        """Nothing lost, nothing doubled, everything settled, the audit whole."""
        return not (self.lost or self.doubled or self.left) and self.audit.whole


class Chaos:
    """A demo under attack."""

    def __init__(self, console: Console, begun: tuple[Host, Forks], options: DemoOptions, *, seed: int, orders: int) -> None:
        self._demo = Demo(options, console, begun)
        self._console = console
        self._chance = random.Random(seed)
        self._points = itertools.cycle(self._chance.sample(POINTS, len(POINTS)))
        self._outcome = Outcome(seed=seed, orders=orders)
        self._over = threading.Event()
        self._frozen: list[threading.Thread] = []

    def run(self) -> Outcome:
        """Start everything, let people order and fate strike side by side, then judge."""
        try:
            self._demo.start(lambda text: None)
            self._console.print(f"seed {self._outcome.seed}, {self._outcome.orders} orders, {len(POINTS)} fault points")
            numbers = self._bookings()[: self._outcome.orders]
            fate = threading.Thread(target=self._strike_forever)
            fate.start()
            with ThreadPoolExecutor(len(PEOPLE)) as pool:
                list(pool.map(self._person, range(len(PEOPLE)), [numbers[n :: len(PEOPLE)] for n in range(len(PEOPLE))]))
            self._over.set()
            fate.join()
            self._calm()
            for n, number in enumerate(numbers):  # whoever lost patience in the storm presses now
                self._press(PEOPLE[n % len(PEOPLE)], number, 15)
            self._drain()
            self._judge(numbers)
        finally:
            self._over.set()
            self._demo.stop()
        return self._outcome

    # people

    def _bookings(self) -> list[str]:
        """Numbers of open bookings, in an order of the seed's choice."""
        fields = next(c for c in self._call("GET", "/sandbox/rentprog/changes") if c["name"] == "extend_booking")["fields"]
        numbers = sorted(title.split(" ")[0].removeprefix("№") for title in fields[0]["choices"].values())
        self._chance.shuffle(numbers)
        return numbers

    def _person(self, who: int, numbers: list[str]) -> None:
        pace = random.Random(self._outcome.seed + who)
        for number in numbers:
            self._order(PEOPLE[who], number)
            time.sleep(pace.uniform(2.0, 5.0))

    def _order(self, person: str, number: str) -> None:
        """Write, press as soon as the card stands (again when nothing happens), wait for the receipt."""
        order = {"as": person, "chat": "dm", "text": f"запиши в бронь {number}: {_tag(number)}"}
        while self._patiently("POST", "/sandbox/telegram/send", order) is None:
            time.sleep(0.2)
        self._press(person, number, ORDER_S)

    def _press(self, person: str, number: str, patience_s: float) -> None:
        """Press a card until its receipt stands, as long as the person's patience lasts."""
        tag, until, pressed = _tag(number), time.monotonic() + patience_s, 0.0
        while time.monotonic() < until:
            for card in self._cards(person, tag):
                if "✅" in card["text"]:
                    return
                waits = card["buttons"] and "Подтвердите" in card["text"]
                if waits and time.monotonic() - pressed > 8:
                    pressed = time.monotonic()
                    press = {"as": person, "chat": "dm", "message_id": card["id"], "button": 0}
                    self._patiently("POST", "/sandbox/telegram/press", press)
            time.sleep(0.3)

    def _cards(self, person: str, tag: str) -> list[dict[str, Any]]:
        seen: list[dict[str, Any]] | None = self._patiently("GET", f"/sandbox/telegram/messages?as={quote(person)}&chat=dm")
        return [m for m in seen or [] if m["from"] == "Jarvis" and tag in m["text"]]

    # fate

    def _strike_forever(self) -> None:
        blows: dict[str, Callable[[], None]] = {
            "kill": self._kill, "redis": self._redis, "flush": self._flush, "mtproto": self._mtproto, "http": self._http,
            "freeze": self._freeze, "postgres": self._postgres,
        }  # fmt: skip
        restart = time.monotonic()
        while not self._over.wait(self._chance.uniform(1.0, 3.5)):
            name = self._chance.choices(list(blows)[:-1], weights=[6, 1, 1, 2, 2, 2])[0]
            if time.monotonic() >= restart:
                name, restart = "postgres", time.monotonic() + self._chance.uniform(2.0, 10.0)
            self._outcome.blows[name] = self._outcome.blows.get(name, 0) + 1
            blows[name]()
            self._revive()

    def _kill(self) -> None:
        child = self._demo.children[self._chance.choice(["worker", "worker", "bot", "web"])]
        if child.pid is not None and child.exitcode is None:
            os.kill(child.pid, signal.SIGKILL)
            child.join(5)

    def _revive(self) -> None:
        """Start again what died; two of three come back with the next fault point armed, until all had their turn, and again."""
        for name in PROCESSES:
            if self._demo.children[name].exitcode is None:
                continue
            fault = f"{next(self._points)}:{self._chance.randint(1, 9)}:{self._chance.choice(['kill', 'kill', 'cut'])}"
            self._demo.respawn(name, {"JARVIS_FAULT": fault} if self._chance.random() < 0.67 else {})

    def _postgres(self) -> None:
        postgres: Postgres = self._demo.postgres
        postgres.stop("immediate")
        postgres.start(postgres.port)

    def _redis(self) -> None:
        redis: RedisServer = self._demo.redis
        redis.stop()
        time.sleep(self._chance.uniform(0.2, 1.5))
        redis.start(redis.port)

    def _flush(self) -> None:
        client = Redis.from_url(self._demo.redis.url)  # pyright: ignore[reportUnknownMemberType]  # no types for this call
        client.flushall()  # pyright: ignore[reportUnknownMemberType]
        client.close()

    def _mtproto(self) -> None:
        self._patiently("POST", "/sandbox/telegram/fault", {"kind": "down"})
        time.sleep(self._chance.uniform(0.1, 1.0))
        self._patiently("DELETE", "/sandbox/telegram/fault")

    def _http(self) -> None:
        self._patiently("POST", "/sandbox/rentprog/fault", {"kind": "lose_answer", "times": 1, "seconds": 6})

    def _freeze(self) -> None:
        """Stop a worker for a moment, or past its lease, so that another takes its work over before it wakes up."""
        child = self._demo.children["worker"]
        if child.pid is None or child.exitcode is not None:
            return
        os.kill(child.pid, signal.SIGSTOP)
        if self._chance.random() < 0.5:
            time.sleep(self._chance.uniform(0.5, 3.0))
            os.kill(child.pid, signal.SIGCONT)
            return
        self._demo.respawn("worker", {})
        frozen = threading.Thread(target=self._thaw, args=[child])
        frozen.start()
        self._frozen.append(frozen)

    def _thaw(self, child: BaseProcess) -> None:
        time.sleep(LEASE_S + 3)
        assert child.pid is not None
        os.kill(child.pid, signal.SIGCONT)
        child.join(AWAKE_S)
        child.kill()
        child.join()

    def _calm(self) -> None:
        """Everything runs again, no fault is on; then the house must come to rest."""
        for frozen in self._frozen:
            frozen.join()
        for vendor in ("telegram", "rentprog"):
            self._patiently("DELETE", f"/sandbox/{vendor}/fault")
        for name in PROCESSES:
            child = self._demo.children[name]
            child.kill()
            child.join()
            self._demo.respawn(name, {})
        self._drain()

    def _drain(self) -> None:
        began = time.monotonic()
        busy: dict[str, Any] = {"unknown": True}
        while time.monotonic() - began < DRAIN_S and busy:
            answer = self._patiently("GET", "/sandbox/idle?timeout_s=5") or {"in_flight": {"unknown": True}}
            busy = answer["in_flight"] or self._open()
        self._outcome.left, self._outcome.drained_s = busy, max(self._outcome.drained_s, time.monotonic() - began)

    # the judge

    def _open(self) -> dict[str, Any]:
        return asyncio.run(_open_rows(self._demo.env["JARVIS_DATABASE_URL"]))

    def _judge(self, numbers: list[str]) -> None:
        written = [
            json.dumps(e, ensure_ascii=False) for e in self._call("GET", "/sandbox/rentprog/ledger") if e["kind"] == "update_booking"
        ]
        for n, number in enumerate(numbers):
            tag, person = _tag(number), PEOPLE[n % len(PEOPLE)]
            writes = sum(tag in line for line in written)
            cards = [c for c in self._cards(person, tag) if not c["text"].startswith(NO_CARD)]
            receipts = sum("✅" in card["text"] for card in cards)
            answer = None if cards else self._answer(person, tag)
            if answer is not None and writes == 0:
                self._outcome.refused.append(f"{tag}: {answer}")  # told so, in words, with nothing changed
            elif writes == 0 or receipts == 0:
                way = asyncio.run(_way(self._demo.env["JARVIS_DATABASE_URL"], tag))
                self._outcome.lost.append(f"{tag}: {writes} writes, {receipts} receipts; {way}; shown: {[c['text'] for c in cards]}")
            if writes > 1 or len(cards) > 1:
                self._outcome.doubled.append(f"{tag}: {writes} writes, {len(cards)} cards")
        self._outcome.audit = asyncio.run(_audit(self._demo.env["JARVIS_DATABASE_URL"]))

    def _answer(self, person: str, tag: str) -> str | None:
        """What the message says that answers this order without a card; None when there is none."""
        numbers = asyncio.run(_sent_for(self._demo.env["JARVIS_DATABASE_URL"], tag))
        seen: list[dict[str, Any]] = self._patiently("GET", f"/sandbox/telegram/messages?as={quote(person)}&chat=dm") or []
        said = [m["text"] for m in seen if m["from"] == "Jarvis" and m["id"] in numbers and m["text"] not in STATUSES]
        return said[-1] if said else None

    # the control surface

    def _call(self, method: str, path: str, body: object | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(self._demo.base + path, method=method, data=data, headers=headers)  # noqa: S310  # our own address
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # the same
            return json.loads(answer.read() or b"null")

    def _patiently(self, method: str, path: str, body: object | None = None) -> Any:
        """The sandboxes outlive the storm, but a press waits for a bot that may be dead just now."""
        try:
            return self._call(method, path, body)
        except (OSError, urllib.error.HTTPError, ValueError):
            return None


def without_forums() -> str:
    """The built-in world, as YAML, without its forums: their posts go out for minutes at a group's twenty a minute."""
    return yaml.safe_dump(load_world().model_copy(update={"forums": []}).model_dump(mode="json"), allow_unicode=True)


def _tag(number: str) -> str:
    return f"проверка хаосом {number}"


async def _open_rows(dsn: str) -> dict[str, Any]:
    """Rows that are not settled, scheduled ones included."""
    async with open_database(dsn, max_size=2) as db:
        rows = await db.fetch(
            """SELECT kind, state, attempts, cause FROM event WHERE state IN ('received', 'claimed', 'dead')
               UNION ALL SELECT kind, state, attempts, cause FROM effect WHERE state IN ('pending', 'claimed', 'unknown', 'dead')"""
        )
    return {f"{r['kind']} {r['state']}": f"attempt {r['attempts']}: {r['cause']}" for r in rows}


async def _sent_for(dsn: str, tag: str) -> set[int]:
    """Numbers of the messages that the handling of an order sent."""
    async with open_database(dsn, max_size=2) as db:
        rows = await db.fetch(
            """SELECT DISTINCT (e.receipt->>'message_id')::bigint AS n FROM effect e JOIN event v ON v.id = e.event_id
                WHERE v.kind = 'message.employee' AND strpos(v.payload::text, $1) > 0 AND e.receipt ? 'message_id'""",
            tag,
        )
    return {row["n"] for row in rows}


async def _way(dsn: str, tag: str) -> list[str]:
    """How far an order came: its events and what they asked for."""
    async with open_database(dsn, max_size=2) as db:
        rows = await db.fetch(
            """SELECT v.kind AS event, v.state, v.attempts, v.cause, e.kind, e.state AS effect_state, e.receipt
                 FROM event v LEFT JOIN effect e ON e.event_id = v.id WHERE strpos(v.payload::text, $1) > 0 ORDER BY e.seq""",
            tag,
        )
    return [", ".join(f"{k}={v}" for k, v in r.items() if v is not None) for r in rows] or ["never came into the journal"]


async def _audit(dsn: str) -> Proof:
    async with open_database(dsn, max_size=2) as db:
        return await verify(db)
