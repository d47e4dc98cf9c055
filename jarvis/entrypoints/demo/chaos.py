"""Chaos test: real processes are killed while people make changes in RentProg and cars move; the
ledgers are checked afterwards.

Every choice comes from the seed, which is printed; `jarvis chaos --seed N` makes the same choices
again (the machine's own timing stays its own).
"""

from __future__ import annotations

import itertools
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.process import BaseProcess
from typing import Any

from redis import Redis
from rich.console import Console

from jarvis.engine.effects import LEASE_S
from jarvis.entrypoints.demo.start import Forks, Host
from jarvis.entrypoints.demo.storm.judge import SEES_ALL, Judge, Outcome
from jarvis.entrypoints.demo.storm.people import ORDERERS, Move, Orders, RentProg, move, moves
from jarvis.entrypoints.demo.storm.queries import Records
from jarvis.entrypoints.demo.storm.surface import Surface
from jarvis.entrypoints.demo.storm.world import HOME
from jarvis.entrypoints.demo.supervisor import PROCESSES, Demo, DemoOptions
from jarvis.entrypoints.embedded import Postgres
from jarvis.entrypoints.embedded import Redis as RedisServer
from jarvis.kit.faults import POINTS

DRAIN_S = 60.0
AWAKE_S = 4.0  # how long a worker frozen past its lease continues before it is killed
PAUSE_S = (2.0, 5.0)  # of a person between two requests
A_DAY_S = 24 * 3600 + 60  # until topics of moved cars are deleted


class Chaos:
    """A demo under attack."""

    def __init__(
        self,
        console: Console,
        begun: tuple[Host, Forks],
        options: DemoOptions,
        *,
        seed: int,
        orders: int,
        moves: int,
    ) -> None:
        self._demo = Demo(options, Console(quiet=True), begun)
        self._console = console
        self._chance = random.Random(seed)
        self._points = itertools.cycle(self._chance.sample(POINTS, len(POINTS)))
        self._outcome = Outcome(seed=seed)
        self._orders, self._moves = orders, moves
        self._over = threading.Event()
        self._reviving = threading.Lock()
        self._frozen: list[threading.Thread] = []

    def run(self) -> Outcome:
        """Start everything, run people, car moves and faults concurrently, then check."""
        try:
            self._demo.start(lambda text: None)
            self._surface = Surface(self._demo.base)
            self._records = Records(self._demo.env["JARVIS_DATABASE_URL"])
            said = (
                f"seed {self._outcome.seed}, {self._orders} orders, {self._moves} moves, "
                f"{len(POINTS)} fault points"
            )
            self._console.print(said)
            numbers = self._surface.bookings()
            self._chance.shuffle(numbers)
            numbers = numbers[: self._orders]
            planned = self._storm(numbers)
            self._recover()
            for n, number in enumerate(numbers):  # people who gave up during the faults press now
                Orders(self._surface, ORDERERS[n % len(ORDERERS)]).press(number, 15)
            self._drain()
            judge = Judge(self._surface, self._records, self._outcome)
            for _ in range(2):  # a topic with late messages is kept for a second day
                if judge.unfinished(planned):
                    self._surface.call("POST", "/sandbox/clock", {"advance_s": A_DAY_S})
                    self._drain()
            judge.orders(numbers)
            judge.moves(planned)
            judge.audit()
        finally:
            self._over.set()
            self._demo.stop()
        return self._outcome

    def _storm(self, numbers: list[str]) -> list[Move]:
        cars = self._surface.choices("move_car", "car")
        planned = (
            moves(cars, self._surface.topics(SEES_ALL, HOME), self._moves) if self._moves else []
        )
        rentprog = RentProg(self._surface, self._demo.env)
        fate = threading.Thread(target=self._inject_forever)
        fate.start()
        with ThreadPoolExecutor(len(ORDERERS) + 1) as pool:
            work = [
                pool.submit(
                    Orders(self._surface, person).work,
                    numbers[n :: len(ORDERERS)],
                    random.Random(self._outcome.seed + n),
                    PAUSE_S,
                )
                for n, person in enumerate(ORDERERS)
            ]
            pace = random.Random(self._outcome.seed + len(ORDERERS))
            work.append(
                pool.submit(move, self._surface, rentprog, planned, self._kill_in_a_move, pace)
            )
        self._over.set()
        fate.join()
        for one in work:
            one.result()
        return planned

    # fate

    def _inject_forever(self) -> None:
        blows: dict[str, Callable[[], None]] = {
            "kill": self._kill,
            "redis": self._redis,
            "flush": self._flush,
            "mtproto": self._mtproto,
            "http": self._http,
            "freeze": self._freeze,
            "postgres": self._postgres,
        }
        restart = time.monotonic()
        while not self._over.wait(self._chance.uniform(1.0, 3.5)):
            name = self._chance.choices(list(blows)[:-1], weights=[6, 1, 1, 2, 2, 2])[0]
            if time.monotonic() >= restart:
                name, restart = "postgres", time.monotonic() + self._chance.uniform(2.0, 10.0)
            self._count(name)
            blows[name]()
            self._revive()

    def _count(self, name: str) -> None:
        self._outcome.blows[name] = self._outcome.blows.get(name, 0) + 1

    def _kill_in_a_move(self) -> None:
        """Kill the process that executes a car's move; two of three times its successor is killed
        in it too."""
        self._count("kill in a move")
        self._kill()
        self._revive()

    def _kill(self) -> None:
        child = self._demo.children[self._chance.choice(["worker", "worker", "bot", "web"])]
        if child.pid is not None and child.exitcode is None:
            os.kill(child.pid, signal.SIGKILL)
            child.join(5)

    def _revive(self) -> None:
        """Restart dead processes; two of three come back with the next fault point armed, in
        rotation."""
        with self._reviving:
            self._revive_all()

    def _revive_all(self) -> None:
        for name in PROCESSES:
            if self._demo.children[name].exitcode is None:
                continue
            hits, blow = self._chance.randint(1, 9), self._chance.choice(["kill", "kill", "cut"])
            fault = f"{next(self._points)}:{hits}:{blow}"
            self._demo.respawn(
                name, {"JARVIS_FAULT": fault} if self._chance.random() < 0.67 else {}
            )

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
        self._surface.call_or_none("POST", "/sandbox/telegram/fault", {"kind": "down"})
        time.sleep(self._chance.uniform(0.1, 1.0))
        self._surface.call_or_none("DELETE", "/sandbox/telegram/fault")

    def _http(self) -> None:
        self._surface.call_or_none(
            "POST", "/sandbox/rentprog/fault", {"kind": "lose_answer", "times": 1, "seconds": 6}
        )

    def _freeze(self) -> None:
        """Freeze a worker briefly, or past its lease, so that another takes over its work before it
        resumes."""
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

    def _recover(self) -> None:
        """Restart everything and clear all faults; then all work must finish."""
        for frozen in self._frozen:
            frozen.join()
        self._surface.no_faults()
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
            answer = self._surface.call_or_none("GET", "/sandbox/idle", timeout_s=5) or {
                "in_flight": {"unknown": True}
            }
            busy = answer["in_flight"] or self._records.unfinished_work()
        self._outcome.left, self._outcome.drained_s = (
            busy,
            max(self._outcome.drained_s, time.monotonic() - began),
        )
