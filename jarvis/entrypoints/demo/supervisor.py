"""Starts and stops the demo's process tree. A killed demo leaves nothing that the next start does not clear up."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import time
import urllib.request
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jarvis.entrypoints.demo.start import Forks, Host, Order, begin
from jarvis.entrypoints.embedded import Postgres, Redis, free_port, kept_secret, migrate, provision
from jarvis.kit.clock import TBILISI
from jarvis.kit.errors import InvalidRequest, SettingsMissing

STOP_S = 6.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What `jarvis demo` was asked for. `durable`: PostgreSQL keeps every commit through a crash, as in production."""

    world: Path | None = None
    now: datetime | None = None
    port: int | None = None
    browser: bool = True
    folder: Path = field(default_factory=lambda: Path(".jarvis"))
    durable: bool = False


class Demo:
    """One running demo."""

    def __init__(self, options: DemoOptions, console: Console, begun: tuple[Host, Forks] | None = None) -> None:
        self._host, self._forks = begun or begin()
        self.options = options
        self.console = console
        self.children: dict[str, BaseProcess] = {}
        self.stack = ExitStack()
        self.base = ""
        self.log = Path()
        self.env: dict[str, str] = {}
        self._stop = False

    def run(self, began: float) -> None:
        """Start, serve until Ctrl-C, stop everything. `began` is the monotonic time of the command's first line."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        try:
            with Progress(
                SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=self.console, transient=True
            ) as progress:
                bar = progress.add_task("Starting")
                self.start(lambda text: progress.update(bar, description=text))
            self._announce(time.monotonic() - began)
            while not self._stop and self._alive():
                time.sleep(0.3)
        finally:
            self.stop()

    def _signalled(self, number: int, frame: Any) -> None:
        del frame
        if self._stop:
            raise KeyboardInterrupt
        self._stop = True
        if not self.base:
            raise KeyboardInterrupt

    def start(self, say: Callable[[str], None]) -> None:
        """Bring everything up; returns when a person can write and be answered."""
        folder = self._claim_folder()
        self.log = folder.resolve() / "log"
        self.log.unlink(missing_ok=True)
        self.postgres, self.redis = Postgres(folder / "postgres", durable=self.options.durable), Redis(folder / "redis")
        postgres, redis = self.postgres, self.redis
        redis.end_leftover()
        say("PostgreSQL and Redis")
        postgres.start()
        self.stack.callback(postgres.stop)
        redis.start()
        self.stack.callback(redis.stop)
        offset_s = 0.0
        if self.options.now is not None:
            now = self.options.now if self.options.now.tzinfo else self.options.now.replace(tzinfo=TBILISI)
            offset_s = (now - datetime.now(UTC)).total_seconds()
        say("Schema")
        owner, app = asyncio.run(_schema(postgres))
        web_port = free_port()
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("JARVIS_") or k.startswith("JARVIS_LLM_")},
            "JARVIS_DATABASE_URL": app, "JARVIS_DATABASE_DIRECT_URL": owner, "JARVIS_REDIS_URL": redis.url,
            "JARVIS_STORAGE_URL": f"file://{(folder / 'media').resolve()}", "JARVIS_SECRET": kept_secret(folder / "secret"),
            "JARVIS_PUBLIC_URL": f"http://127.0.0.1:{web_port}", "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        say("Sandboxes of RentProg and Telegram")
        port = self.options.port or free_port()
        facts = self._start_host(folder, port, web_port, offset_s)
        self.env |= facts["env"]
        self._write_env(folder)
        say("Web, bot and worker")
        self._spawn("subscriptions", "subscriptions", "sync")
        self.children.pop("subscriptions").join()
        self._spawn("jobs", "jobs")
        self._spawn("bot", "bot")
        self._spawn("worker", "worker", "--with-scheduler", "--without-jobs")
        self._web_port = str(web_port)
        self._spawn("web", "web", "--port", self._web_port)
        self.base = f"http://127.0.0.1:{port}"
        say("Loading RentProg")
        self._wait_ready()

    def _claim_folder(self) -> Path:
        """`.jarvis/demo`, or the next free one when another demo runs beside this."""
        for number in range(1, 10):
            folder = self.options.folder / ("demo" if number == 1 else f"demo-{number}")
            folder.mkdir(parents=True, exist_ok=True)
            lock: IO[str] = (folder / "lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            self.stack.callback(lock.close)
            return folder
        raise SettingsMissing("nine demos run already; stop one of them")

    def _start_host(self, folder: Path, port: int, web_port: int, offset_s: float) -> dict[str, Any]:
        facts = folder / "host.json"
        facts.unlink(missing_ok=True)
        argv = ["--folder", str(folder), "--port", str(port), "--web", f"http://127.0.0.1:{web_port}", "--offset-s", str(offset_s)]
        if self.options.world is not None:
            argv += ["--world", str(self.options.world)]
        self._spawn("host", *argv)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if facts.exists():
                return json.loads(facts.read_text())
            self._check("host")
            time.sleep(0.05)
        raise SettingsMissing("the sandboxes did not start")

    def _spawn(self, name: str, *argv: str) -> None:
        order = Order(argv=argv, env=self.env, log=str(self.log))
        self.children[name] = self._host.begin(order) if name == "host" else self._forks.start(name, order)

    def respawn(self, name: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """Start a process of this name again, with some settings more."""
        extra = ("--port", self._web_port) if name == "web" else ()
        order = Order(argv=(*argv, *extra), env={**self.env, **env}, log=str(self.log))
        self.children[name] = self._forks.start(name, order)

    def _check(self, name: str) -> None:
        code = self.children[name].exitcode
        if code is not None:
            words = self.log.read_text(errors="replace").strip().rpartition("\n")[2] if self.log.exists() else ""
            raise SettingsMissing(f"the process `{name}` ended with {code}: {words or 'without a word'} (all of it: {self.log})")

    def _alive(self) -> bool:
        """Whether everything runs; the carrier of jobs ends with its Redis and is started again."""
        if self.children["jobs"].exitcode is not None:
            self._spawn("jobs", "jobs")
        for name in self.children:
            self._check(name)
        return True

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            self._alive()
            try:
                with urllib.request.urlopen(f"{self.base}/sandbox/status", timeout=2) as answer:  # noqa: S310  # our own loopback address
                    if json.load(answer)["ready"]:
                        return
            except OSError:
                pass
            time.sleep(0.1)
        raise SettingsMissing(f"Jarvis did not become ready in 90 s; the words of its processes stand in {self.log}")

    def _write_env(self, folder: Path) -> None:
        """Lets `jarvis ask` and the other commands find this demo; readable by its owner only."""
        path = folder / "env.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({k: v for k, v in self.env.items() if k.startswith("JARVIS_")}))
        self.stack.callback(path.unlink, missing_ok=True)

    def _announce(self, seconds: float) -> None:
        self.console.print(f"\n  [bold]Jarvis[/bold] is ready in {seconds:.1f} s\n\n  {self.base}\n")
        self.console.print("  Who to be: Нино Беридзе (head of Tbilisi), Гиорги Капанадзе (mechanic), Посторонний (stranger)")
        self.console.print("  First questions: «где малибу 235?», «что свободно на выходные в Батуми», «кто должен?»")
        self.console.print("  Ctrl-C stops everything.\n")
        if self.options.browser:
            webbrowser.open(self.base)

    def stop(self) -> None:
        """End every process that this demo started, then its servers."""
        self.children.setdefault("host", self._host.process)
        for child in self.children.values():
            child.terminate()
        deadline = time.monotonic() + STOP_S
        for child in self.children.values():
            child.join(max(0.1, deadline - time.monotonic()))
            if child.exitcode is None:
                child.kill()
                child.join()
        self.children.clear()
        self.stack.close()


async def _schema(postgres: Postgres) -> tuple[str, str]:
    """The database of this demo in its newest form; the DSNs of owner and application."""
    owner, app = await provision(postgres, "jarvis")
    await migrate(owner)
    return owner, app


def find_demo(folder: Path = Path(".jarvis")) -> dict[str, str]:
    """The settings of a running demo, for commands that are given none.

    Raises:
        InvalidRequest: no demo runs here.
    """
    for path in sorted(folder.glob("demo*/env.json")):
        return json.loads(path.read_text())
    raise InvalidRequest("no settings: set JARVIS_DATABASE_URL, or start `make demo` in this folder first")
