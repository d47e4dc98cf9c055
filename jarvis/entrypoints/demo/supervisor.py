"""Starts and stops the demo's process tree. A killed demo leaves nothing that the next start does not clear up."""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
import webbrowser
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jarvis.engine import clockrow
from jarvis.engine.db import open_database
from jarvis.entrypoints.embedded import Postgres, Redis, free_port, migrate, provision
from jarvis.entrypoints.seed import seed, wipe
from jarvis.kit.clock import TBILISI, OffsetClock
from jarvis.kit.errors import InvalidRequest, SettingsMissing
from jarvis.kit.ids import new_token
from jarvis.kit.world import World, load_world

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What `jarvis demo` was asked for."""

    world: Path | None = None
    now: datetime | None = None
    port: int | None = None
    browser: bool = True
    folder: Path = field(default_factory=lambda: Path(".jarvis"))


class Demo:
    """One running demo."""

    def __init__(self, options: DemoOptions, console: Console) -> None:
        self.options = options
        self.console = console
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.stack = ExitStack()
        self.base = ""
        self.env: dict[str, str] = {}
        self._stop = False

    def run(self) -> None:
        """Start, serve until Ctrl-C, stop everything."""
        began = time.monotonic()
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
        world = load_world(self.options.world)
        folder = self._claim_folder()
        postgres, redis = Postgres(folder / "postgres"), Redis(folder / "redis")
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
        say("Schema and staff")
        owner, app = asyncio.run(self._database(postgres, world, offset_s))
        web_port = free_port()
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("JARVIS_") or k.startswith("JARVIS_LLM_")},
            "JARVIS_DATABASE_URL": app, "JARVIS_DATABASE_DIRECT_URL": owner, "JARVIS_REDIS_URL": redis.url,
            "JARVIS_STORAGE_URL": f"file://{(folder / 'media').resolve()}", "JARVIS_SECRET": new_token(),
            "JARVIS_PUBLIC_URL": f"http://127.0.0.1:{web_port}", "PYTHONUNBUFFERED": "1",
        }  # fmt: skip
        say("Sandboxes of RentProg and Telegram")
        port = self.options.port or free_port()
        facts = self._start_host(folder, port, web_port)
        self.env |= facts["env"]
        self._write_env(folder)
        say("Web, bot and worker")
        self._child("web", "web", "--port", str(web_port))
        self._child("bot", "bot")
        self._child("worker", "worker", "--with-scheduler")
        self.base = f"http://127.0.0.1:{port}"
        say("Loading RentProg")
        self._wait_ready()

    async def _database(self, postgres: Postgres, world: World, offset_s: float) -> tuple[str, str]:
        owner, app = await provision(postgres, "jarvis")
        await migrate(owner)
        async with open_database(owner, max_size=2) as db:
            await wipe(db)
            await clockrow.set_offset(db, offset_s)
            await seed(db, OffsetClock(offset_s), world)
        return owner, app

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

    def _start_host(self, folder: Path, port: int, web_port: int) -> dict[str, Any]:
        facts = folder / "host.json"
        facts.unlink(missing_ok=True)
        argv = ["-m", "jarvis.entrypoints.demo.host", "--folder", str(folder), "--port", str(port)]
        argv += ["--web", f"http://127.0.0.1:{web_port}"]
        if self.options.world is not None:
            argv += ["--world", str(self.options.world)]
        self._spawn("host", argv)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if facts.exists():
                return json.loads(facts.read_text())
            self._check("host")
            time.sleep(0.05)
        raise SettingsMissing("the sandboxes did not start")

    def _child(self, name: str, *argv: str) -> None:
        self._spawn(name, ["-m", "jarvis.entrypoints.cli.app", *argv])

    def _spawn(self, name: str, argv: list[str]) -> None:
        self.children[name] = subprocess.Popen([sys.executable, *argv], env=self.env, process_group=0, preexec_fn=_die_with_parent)

    def _check(self, name: str) -> None:
        code = self.children[name].poll()
        if code is not None:
            raise SettingsMissing(f"the process `{name}` ended with {code}; its words stand above")

    def _alive(self) -> bool:
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
        raise SettingsMissing("Jarvis did not become ready in 90 s; the words of its processes stand above")

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
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + 6
        for child in self.children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children.clear()
        self.stack.close()


def _die_with_parent() -> None:
    """A child of a killed demo ends with it (Linux; elsewhere the next start clears up)."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        return


def find_demo(folder: Path = Path(".jarvis")) -> dict[str, str]:
    """The settings of a running demo, for commands that are given none.

    Raises:
        InvalidRequest: no demo runs here.
    """
    for path in sorted(folder.glob("demo*/env.json")):
        return json.loads(path.read_text())
    raise InvalidRequest("no settings: set JARVIS_DATABASE_URL, or start `make demo` in this folder first")
