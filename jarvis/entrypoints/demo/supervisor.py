"""Starts, supervises and stops the demo's process tree. The next start cleans up whatever a killed
demo leaves behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import time
import urllib.request
import webbrowser
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jarvis.entrypoints.demo.restarts import FILE, Restarts, how_it_ended, write
from jarvis.entrypoints.demo.running import lock_of
from jarvis.entrypoints.demo.start import Forks, Host, LaunchSpec, begin, begin_host
from jarvis.entrypoints.embedded import Postgres, Redis, free_port, kept_secret, migrate, provision
from jarvis.kit.clock import TBILISI
from jarvis.kit.errors import SettingsMissing

STOP_S, LOOK_S = 6.0, 0.2
LOST = 255  # the exit code by multiprocessing of a process whose fork server ended
SERVERS = ("postgres", "redis")
PROCESSES: Mapping[str, tuple[str, ...]] = {
    "jobs": ("jobs",),
    "bot": ("bot",),
    "worker": ("worker", "--with-scheduler", "--without-jobs"),
    "web": ("web",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """Options of `jarvis demo`. `durable`: PostgreSQL keeps every commit through a crash, as in
    production.

    `group_per_minute`: messages that Telegram takes into one group, and the bot sends.
    """

    world: Path | None = None
    now: datetime | None = None
    port: int | None = None
    browser: bool = True
    folder: Path = field(default_factory=lambda: Path(".jarvis"))
    durable: bool = False
    group_per_minute: int = 20


class Demo:
    """One running demo. Its processes are restarted when they end, with a backoff while they end
    immediately."""

    def __init__(
        self, options: DemoOptions, console: Console, begun: tuple[Host, Forks] | None = None
    ) -> None:
        self._host, self._forks = begun or begin()
        self.options = options
        self.console = console
        self.children: dict[str, BaseProcess] = {}
        self.restarts: dict[str, Restarts] = {}
        self.stack = ExitStack()
        self.base = ""
        self.log = Path()
        self.env: dict[str, str] = {}
        self._folder = Path()
        self._web_port = ""
        self._host_argv: list[str] = []
        self._stop = self._hurry = False

    def run(self, began: float) -> None:
        """Start, serve until Ctrl-C, stop everything. `began` is the monotonic time of the
        command's first line."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._signalled)
        try:
            with Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
                console=self.console,
                transient=True,
            ) as progress:
                bar = progress.add_task("Starting")
                self.start(lambda text: progress.update(bar, description=text))
            self._announce(time.monotonic() - began)
            while not self._stop:
                self.restart_ended()
                time.sleep(LOOK_S)
        finally:
            self.stop()

    def _signalled(self, number: int, frame: Any) -> None:
        """The first signal requests an orderly shutdown; a second one an immediate one, still of
        all processes."""
        del frame
        self._hurry = self._stop
        if self._stop:
            return
        self._stop = True
        if not self.base:
            raise KeyboardInterrupt

    def start(self, say: Callable[[str], None]) -> None:
        """Start everything; returns when a person can write and be answered."""
        self._folder = folder = self._claim_folder()
        self.log = folder.resolve() / "log"
        self.log.unlink(missing_ok=True)
        (folder / FILE).unlink(missing_ok=True)
        self.postgres, self.redis = (
            Postgres(folder / "postgres", durable=self.options.durable),
            Redis(folder / "redis"),
        )
        self.redis.end_leftover()
        say("PostgreSQL and Redis")
        self.stack.callback(self.postgres.stop)
        self.stack.callback(self.redis.stop)
        self._begin("postgres")
        self._begin("redis")
        offset_s = 0.0
        if self.options.now is not None:
            now = (
                self.options.now
                if self.options.now.tzinfo
                else self.options.now.replace(tzinfo=TBILISI)
            )
            offset_s = (now - datetime.now(UTC)).total_seconds()
        say("Schema")
        owner, app = asyncio.run(_schema(self.postgres))
        web_port, port = free_port(), self.options.port or free_port()
        self._web_port = str(web_port)
        self.env = {
            **{
                k: v
                for k, v in os.environ.items()
                if not k.startswith("JARVIS_") or k.startswith("JARVIS_LLM_")
            },
            "JARVIS_DATABASE_URL": app,
            "JARVIS_DATABASE_DIRECT_URL": owner,
            "JARVIS_REDIS_URL": self.redis.url,
            "JARVIS_STORAGE_URL": f"file://{(folder / 'media').resolve()}",
            "JARVIS_SECRET": kept_secret(folder / "secret"),
            "JARVIS_PUBLIC_URL": f"http://127.0.0.1:{web_port}",
            "JARVIS_TELEGRAM_GROUP_PER_MINUTE": str(self.options.group_per_minute),
            "PYTHONUNBUFFERED": "1",
        }
        say("Sandboxes of the vendors")
        self._host_argv = [
            "--folder",
            str(folder),
            "--port",
            str(port),
            "--web",
            f"http://127.0.0.1:{web_port}",
            "--offset-s",
            str(offset_s),
        ]
        if self.options.world is not None:
            self._host_argv += ["--world", str(self.options.world)]
        self._begin("host")
        self._write_env(folder)
        say("Web, bot and worker")
        self._sync_subscriptions()
        for name in PROCESSES:
            self._begin(name)
        self.base = f"http://127.0.0.1:{port}"
        say("First load")
        self._wait_ready()

    def _claim_folder(self) -> Path:
        """`.jarvis/demo`, or the next free one when another demo runs beside this."""
        for number in range(1, 10):
            folder = self.options.folder / ("demo" if number == 1 else f"demo-{number}")
            folder.mkdir(parents=True, exist_ok=True)
            if (lock := lock_of(folder)) is not None:
                self.stack.callback(lock.close)
                return folder
        raise SettingsMissing("nine demos run already; stop one of them")

    # running and restarting

    def restart_ended(self, *, starting: bool = False) -> None:
        """Restart ended processes that are due.

        Raises:
            SettingsMissing: while the demo is `starting`, a process ended by itself, and not by a
                signal.
        """
        for name, life in self.restarts.items():
            now = time.monotonic()
            if life.due is None:
                if (how := self._how_it_ended(name)) is not None:
                    if starting:
                        self._check(name)
                    self._say(life.ended(now, how))
                elif life.mark_steady(now):
                    self._write_status()
            served = name in SERVERS or all(self.restarts[server].due is None for server in SERVERS)
            if life.due is not None and life.due <= now and served and not self._stop:
                self._begin_again(name, life)

    def _begin_again(self, name: str, life: Restarts) -> None:
        life.began = time.monotonic()
        try:
            self._begin(name)
        # EOF: the fork server was just killed
        except (SettingsMissing, OSError, EOFError) as error:
            self._say(
                life.ended(time.monotonic(), f"did not start ({error or type(error).__name__})")
            )
        else:
            self._say(f"`{name}` runs again, process {life.pid}")

    def _how_it_ended(self, name: str) -> str | None:
        """None while it runs."""
        if name == "postgres":
            return "ended" if self.postgres.pid is None else None
        code = self.redis.exitcode if name == "redis" else self.children[name].exitcode
        if code is None:
            return None
        return "was lost with the fork server" if code == LOST else how_it_ended(code)

    def _begin(self, name: str) -> None:
        """Start or restart one of them at the addresses that the others use."""
        if name == "postgres":
            self.postgres.start(self.postgres.port or None)
        elif name == "redis":
            self.redis.start(self.redis.port or None)
        elif name == "host":
            self._begin_host()
        else:
            if name in self.children:
                _kill_if_alive(self.children[name])
            self.respawn(name, {})
        life = self.restarts.setdefault(name, Restarts(name=name))
        pid = (
            self.postgres.pid
            if name == "postgres"
            else self.redis.pid
            if name == "redis"
            else self.children[name].pid
        )
        life.begun(time.monotonic(), pid)
        self._write_status()

    def _begin_host(self) -> None:
        """Start the sandboxes and wait for their connection settings; a restart uses their saved
        state and the same addresses."""
        facts, spec = (
            self._folder / "host.json",
            LaunchSpec(argv=self._host_argv, env=self.env, log=str(self.log)),
        )
        if "host" in self.restarts:
            self._host = begin_host()
            self.children["host"] = self._host.begin(
                replace(spec, argv=[*self._host_argv, "--resume"])
            )
            return
        facts.unlink(missing_ok=True)
        self.children["host"] = self._host.begin(spec)
        deadline = time.monotonic() + 30
        while not facts.exists():
            if (code := self.children["host"].exitcode) is not None:
                raise SettingsMissing(self._words("host", code))
            if time.monotonic() > deadline:
                raise SettingsMissing("the sandboxes did not start in 30 s")
            time.sleep(0.05)
        self.env |= json.loads(facts.read_text())["env"]

    def _sync_subscriptions(self) -> None:
        """What `jarvis migrate` does after the schema; a fork has the handlers imported already."""
        child = self._forks.start(
            "subscriptions",
            LaunchSpec(argv=("subscriptions", "sync"), env=self.env, log=str(self.log)),
        )
        child.join()
        if child.exitcode:
            raise SettingsMissing(self._words("subscriptions", child.exitcode))

    def respawn(self, name: str, env: Mapping[str, str]) -> None:
        """Start a process of this name again, or a second one beside it, with some settings
        more."""
        extra = ("--port", self._web_port) if name == "web" else ()
        spec = LaunchSpec(
            argv=(*PROCESSES[name], *extra), env={**self.env, **env}, log=str(self.log)
        )
        self.children[name] = self._forks.start(name, spec)

    def _say(self, line: str) -> None:
        """Write one plain line to the terminal and the log."""
        now = datetime.now().astimezone()
        self.console.print(
            f"  {now:%H:%M:%S} {line}", highlight=False, soft_wrap=True, markup=False
        )
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{now:%Y-%m-%d %H:%M:%S} supervisor: {line}\n")
        self._write_status()

    def _write_status(self) -> None:
        """Write the status that `/sandbox/status` and `jarvis doctor` read."""
        write(self._folder, list(self.restarts.values()))

    def _check(self, name: str) -> None:
        code = self.children[name].exitcode if name in self.children else None
        # the carrier of jobs ends with its Redis
        if code is not None and 0 <= code != LOST and name != "jobs":
            raise SettingsMissing(self._words(name, code))

    def _words(self, name: str, code: int) -> str:
        words = (
            self.log.read_text(errors="replace").strip().rpartition("\n")[2]
            if self.log.exists()
            else ""
        )
        return (
            f"the process `{name}` {how_it_ended(code)}: {words or 'without a word'} (all of "
            f"it: {self.log})"
        )

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            self.restart_ended(starting=True)
            try:
                with urllib.request.urlopen(f"{self.base}/sandbox/status", timeout=2) as answer:  # noqa: S310  # our own loopback address
                    if json.load(answer)["ready"]:
                        return
            except OSError:
                pass
            time.sleep(0.1)
        raise SettingsMissing(
            f"Jarvis did not become ready in 90 s; the words of its processes stand in {self.log}"
        )

    def _write_env(self, folder: Path) -> None:
        """Lets `jarvis ask` and the other commands find this demo; readable by its owner only."""
        path = folder / "env.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({k: v for k, v in self.env.items() if k.startswith("JARVIS_")}))
        self.stack.callback(path.unlink, missing_ok=True)
        self.stack.callback((folder / FILE).unlink, missing_ok=True)

    def _announce(self, seconds: float) -> None:
        self.console.print(
            f"\n  [bold]Jarvis[/bold] is ready in {seconds:.1f} s\n\n  {self.base}\n"
        )
        self.console.print(
            "  Who to be: Нино Беридзе (head of Tbilisi), Гиорги Капанадзе (mechanic), Посторонний "
            "(stranger)"
        )
        self.console.print(
            "  First questions: «где малибу 235?», «что свободно на выходные в Батуми», «кто "
            "должен?»"
        )
        self.console.print("  Ctrl-C stops everything.\n")
        if self.options.browser:
            webbrowser.open(self.base)

    def stop(self) -> None:
        """End every process that this demo started, then its servers. Those that do not end in time
        are killed."""
        self._stop = True
        self.children.setdefault("host", self._host.process)
        for child in self.children.values():
            child.terminate()
        deadline = time.monotonic() + STOP_S
        for child in self.children.values():
            while child.exitcode is None and time.monotonic() < deadline and not self._hurry:
                child.join(0.1)
            _kill_if_alive(child)
        self.children.clear()
        self.stack.close()


def _kill_if_alive(child: BaseProcess) -> None:
    """Kill a process if it is alive, also one whose fork server ended and which has no other parent
    to report its status."""
    if child.exitcode is None:
        child.kill()
        child.join()
    elif child.exitcode == LOST and child.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)


async def _schema(postgres: Postgres) -> tuple[str, str]:
    """The database of this demo in its newest form; the DSNs of owner and application."""
    owner, app = await provision(postgres, "jarvis")
    await migrate(owner)
    return owner, app
