"""Chaos test from outside: a whole `jarvis demo` receives signals only, and its own supervisor must
recover it. It takes minutes and is no part of CI. The choices come from the seed.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rich.console import Console

from jarvis.entrypoints.demo.restarts import read
from jarvis.entrypoints.demo.running import find_demo
from jarvis.entrypoints.demo.storm.judge import SEES_ALL, Judge, Outcome
from jarvis.entrypoints.demo.storm.people import (
    ORDERERS,
    Mileage,
    Orders,
    RentProg,
    ask,
    move,
    moves,
)
from jarvis.entrypoints.demo.storm.queries import Records
from jarvis.entrypoints.demo.storm.surface import Surface
from jarvis.entrypoints.demo.storm.world import HOME, NOW, ROOMY
from jarvis.entrypoints.embedded import free_port

BLOW_S = (1.0, 3.5)  # between two faults
START_S, MEND_S, DRAIN_S, END_S, LEAVE_S = 120.0, 90.0, 300.0, 40.0, 15.0
A_DAY_S = 24 * 3600 + 60
PROCESSES = ("web", "bot", "worker", "jobs", "host", "redis", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The amount of load and faults; people's work is spread over the duration of the faults."""

    blows: int
    orders: int
    moves: int
    webhooks: int
    questions: int


class OutsideStorm:
    """A demo in a process tree of its own, people at its control surface, and signals to its
    processes."""

    def __init__(
        self, console: Console, folder: Path, world: Path, *, seed: int, size: Size
    ) -> None:
        self._console = console
        self._folder = folder
        self._world = world
        self._chance = random.Random(seed)
        self._outcome = Outcome(seed=seed)
        self._size = size
        self._over = threading.Event()
        self._seen: dict[int, str] = {}

    def run(self) -> Outcome:
        """Start the demo, run people and faults concurrently, wait until idle, check, stop it and
        look for leftover processes."""
        port, words = free_port(), (self._folder / "demo.txt").open("w")
        self._demo = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jarvis.entrypoints.cli.app",
                "demo",
                "--no-browser",
                "--port",
                str(port),
                "--world",
                str(self._world),
                "--now",
                NOW.isoformat(),
                "--group-per-minute",
                str(ROOMY),
            ],
            cwd=self._folder,
            stdout=words,
            stderr=words,
            process_group=0,
        )
        self._surface = Surface(f"http://127.0.0.1:{port}", lambda: self._demo.poll() is None)
        try:
            self._until(START_S, "the demo is ready", self._ready)
            env = find_demo(self._folder / ".jarvis")
            self._redis, self._records = (
                env["JARVIS_REDIS_URL"],
                Records(env["JARVIS_DATABASE_URL"]),
            )
            self._console.print(f"seed {self._outcome.seed}, {self._size}")
            self._storm(RentProg(self._surface, env))
        except BaseException:
            self._console.print(
                (self._folder / "demo.txt").read_text(errors="replace")[-6000:], markup=False
            )
            raise
        finally:
            self._end()
            words.close()
        return self._outcome

    def _storm(self, rentprog: RentProg) -> None:
        size, seed = self._size, self._outcome.seed
        bookings = self._surface.bookings()
        self._chance.shuffle(bookings)
        ordered, asked = (
            bookings[: size.orders],
            bookings[size.orders : size.orders + size.questions],
        )
        cars = self._surface.choices("move_car", "car")
        planned = moves(cars, self._surface.topics(SEES_ALL, HOME), size.moves)
        staying = sorted(set(cars) - {one.car for one in planned})
        mileage = Mileage(rentprog=rentprog)
        # seconds that the faults take: people's work is spread over them
        length = size.blows * sum(BLOW_S) / 2
        each = length / max(1, size.orders // len(ORDERERS))
        fate = threading.Thread(target=self._inject_all)
        fate.start()
        with ThreadPoolExecutor(len(ORDERERS) + 3) as pool:
            work = [
                pool.submit(
                    Orders(self._surface, person).work,
                    ordered[n :: len(ORDERERS)],
                    random.Random(seed + n),
                    (0.0, max(0.0, 2 * (each - 4))),
                )
                for n, person in enumerate(ORDERERS)
            ]
            pace = (0.0, 2 * length / max(1, size.questions))
            work.append(pool.submit(ask, self._surface, asked, random.Random(seed + 10), pace))
            work.append(
                pool.submit(
                    mileage.work,
                    staying,
                    size.webhooks,
                    random.Random(seed + 11),
                    length / max(1, size.webhooks) * 0.8,
                )
            )
            work.append(
                pool.submit(
                    move,
                    self._surface,
                    rentprog,
                    planned,
                    self._kill_in_a_move,
                    random.Random(seed + 12),
                )
            )
        fate.join()
        for one in work:
            one.result()
        self._surface.no_faults()
        self._until(MEND_S, "everything runs again", self._all_run)
        self._drain()
        for n, number in enumerate(ordered):  # people who gave up during the faults press now
            Orders(self._surface, ORDERERS[n % len(ORDERERS)]).press(number, 15)
        self._drain()
        judge = Judge(self._surface, self._records, self._outcome)
        for _ in range(2):  # a topic with late messages is kept for a second day
            if judge.unfinished(planned):
                self._surface.call("POST", "/sandbox/clock", {"advance_s": A_DAY_S})
                self._drain()
        judge.orders(ordered)
        judge.questions(asked)
        judge.webhooks(rentprog.taken, mileage.last)
        judge.moves(planned)
        judge.audit()

    # fate

    def _inject_all(self) -> None:
        """Inject every kind of fault in turn, then at random."""
        kinds: dict[str, Callable[[], bool]] = {
            f"kill {name}": lambda name=name: self._signal(name, signal.SIGKILL)
            for name in PROCESSES
        }
        kinds |= {
            "kill host": self._kill_host,
            "kill the fork server": self._kill_forks,
            "kill a connection of postgres": self._kill_backend,
            "flush": self._flush,
            "restart redis": partial(self._signal, "redis", signal.SIGTERM),
            "restart postgres": lambda: self._signal(
                "postgres", self._chance.choice([signal.SIGINT, signal.SIGQUIT])
            ),
        }
        turn, given = list(kinds), 0
        self._chance.shuffle(turn)
        while given < self._size.blows and not self._over.is_set():
            time.sleep(self._chance.uniform(*BLOW_S))
            self._look()
            name = turn.pop() if turn else self._chance.choice(list(kinds))
            if kinds[name]():
                self._count(name)
                given += 1
            elif given < len(kinds):
                turn.insert(0, name)  # it was not running just now

    def _count(self, name: str) -> None:
        self._outcome.blows[name] = self._outcome.blows.get(name, 0) + 1

    def _processes(self) -> dict[str, dict[str, Any]]:
        return read(self._folder / ".jarvis" / "demo")

    def _pid(self, name: str) -> int | None:
        return self._processes().get(name, {}).get("pid")

    def _signal(self, name: str, number: signal.Signals) -> bool:
        return self._send(self._pid(name), number)

    @staticmethod
    def _send(pid: int | None, number: signal.Signals) -> bool:
        """Send a signal; returns whether the process existed."""
        if pid is None:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def _kill_host(self) -> bool:
        """Kill the host of the sandboxes, and wait until they answer: they take longest to restart,
        and people see nothing until then."""
        return self._surface.call_or_none(
            "GET", "/sandbox/telegram/changes"
        ) is not None and self._signal("host", signal.SIGKILL)

    def _kill_forks(self) -> bool:
        server = _parent(self._pid("web"))
        return b"forkserver" in _words(server) and self._send(server, signal.SIGKILL)

    def _kill_backend(self) -> bool:
        backends = [pid for pid in _children(self._pid("postgres")) if b"jarvis_app" in _words(pid)]
        return self._send(self._chance.choice(backends) if backends else None, signal.SIGKILL)

    def _flush(self) -> bool:
        client = Redis.from_url(self._redis)  # pyright: ignore[reportUnknownMemberType]  # no types for this call
        try:
            client.flushall()  # pyright: ignore[reportUnknownMemberType]
        except RedisError:
            return False
        finally:
            client.close()
        return True

    def _kill_in_a_move(self) -> None:
        if self._signal(
            random.Random(sum(self._outcome.blows.values())).choice(["bot", "worker"]),
            signal.SIGKILL,
        ):
            self._count("kill in a move")

    # rest

    def _all_run(self) -> bool:
        processes = self._processes()
        return (
            bool(processes)
            and all(p["state"] == "running" for p in processes.values())
            and self._ready()
        )

    def _ready(self) -> bool:
        status = self._surface.call_or_none("GET", "/sandbox/status")
        return status is not None and bool(status["ready"])

    def _until(self, seconds: float, what: str, holds: Callable[[], object]) -> None:
        until = time.monotonic() + seconds
        while not holds():
            if self._demo.poll() is not None or time.monotonic() > until:
                said = (self._folder / "demo.txt").read_text(errors="replace")[-2000:]
                raise TimeoutError(
                    f"not within {seconds:.0f} s: {what}; {self._processes()}; the demo said: "
                    f"{said}"
                )
            time.sleep(0.2)

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

    # the end

    def _look(self) -> None:
        """Remember every process of the demo, to ask for each of them at the end."""
        roots = [self._demo.pid, *(p["pid"] for p in self._processes().values() if p["pid"])]
        while roots:
            pid = roots.pop()
            if (born := _start_time(pid)) is not None and self._seen.get(pid) != born:
                self._seen[pid] = born
            roots += _children(pid)

    def _end(self) -> None:
        """Send Ctrl-C; processes of the demo that survive it are orphans."""
        self._over.set()
        self._look()
        with contextlib.suppress(ProcessLookupError):
            self._demo.send_signal(signal.SIGINT)
        try:
            code = self._demo.wait(END_S)
            if code:
                self._outcome.orphans.append(f"the demo itself ended with {code}")
        except subprocess.TimeoutExpired:
            self._outcome.orphans.append("the demo itself did not end")
            self._demo.kill()
            self._demo.wait()
        until = time.monotonic() + LEAVE_S
        while (
            any(_start_time(pid) == born for pid, born in self._seen.items())
            and time.monotonic() < until
        ):
            time.sleep(0.2)  # the fork server ends by itself
        for pid, born in self._seen.items():
            if _start_time(pid) == born:
                self._outcome.orphans.append(
                    f"{pid}: {_words(pid).replace(bytes(1), b' ').decode(errors='replace')[:120]}"
                )
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _stat(pid: int | None) -> list[str]:
    """The fields of /proc/PID/stat after the name: state, parent, …; empty when there is no such
    process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _parent(pid: int | None) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields and int(fields[1]) > 1 else None


def _start_time(pid: int) -> str | None:
    """The start time of a live process: with its pid it identifies one process."""
    fields = _stat(pid)
    return fields[19] if fields and fields[0] != "Z" else None


def _children(pid: int | None) -> list[int]:
    try:
        return [
            int(child)
            for file in Path(f"/proc/{pid}/task").glob("*/children")
            for child in file.read_text().split()
        ]
    except OSError:
        return []


def _words(pid: int | None) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
