"""The demo's process tree: two side by side, kill -9, Ctrl-C, a world file with a mistake."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jarvis.entrypoints.demo.restarts import read
from jarvis.entrypoints.demo.storm.surface import Surface
from jarvis.entrypoints.demo.storm.world import NOW, without_forums
from jarvis.entrypoints.embedded import Postgres, free_port


def _start(folder: Path, *args: str) -> tuple[subprocess.Popen[str], int]:
    port = free_port()
    child = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "jarvis.entrypoints.cli.app",
            "demo",
            "--no-browser",
            "--port",
            str(port),
            *args,
        ],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        process_group=0,
    )
    return child, port


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/sandbox/status", timeout=2) as answer:
            return b'"ready":true' in answer.read()
    except OSError:
        return False


def _until_ready(child: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + 90
    while not _answers(port):
        assert child.poll() is None, child.stdout.read() if child.stdout else ""
        assert time.monotonic() < deadline, "the demo did not become ready"
        time.sleep(0.1)


def _servers(folder: Path) -> list[Postgres]:
    """The demos' PostgreSQL, whose data may lie outside their folder."""
    return [Postgres(folder / ".jarvis" / name / "postgres") for name in ("demo", "demo-2")]


def _of(folder: Path) -> list[int]:
    """Pids that still work in a folder: Jarvis's processes, PostgreSQL, Redis."""
    found: list[int] = []
    places = [str(folder).encode(), *(str(server.folder).encode() for server in _servers(folder))]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes() + os.readlink(entry / "cwd").encode()
            except OSError:
                continue
            if any(place in words for place in places) and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def _gone(folder: Path) -> bool:
    deadline = time.monotonic() + 15
    while _of(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.slow
def test_two_demos_side_by_side_a_kill_and_a_clean_end(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("side")
    (one, port), (two, other) = _start(folder), _start(folder)
    try:
        _until_ready(one, port)
        _until_ready(two, other)
        os.kill(one.pid, signal.SIGKILL)
        one.wait()
        assert _answers(other), "the other demo goes on"
        again, port = _start(folder)
        _until_ready(again, port)
        for child in (two, again):
            child.send_signal(signal.SIGINT)
            words, _ = child.communicate(timeout=20)
            assert child.returncode == 0, words
            assert re.search(r"ready in \d+", words)
        assert _gone(folder), _of(folder)
    finally:
        for pid in _of(folder):
            os.kill(pid, signal.SIGKILL)
        for server in _servers(folder):
            server.remove()


def _processes(folder: Path) -> dict[str, dict[str, Any]]:
    return read(folder / ".jarvis" / "demo")


def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_process_that_is_killed_is_started_again_and_every_question_is_answered_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("killed")
    world = folder / "world.yaml"
    world.write_text(without_forums(), encoding="utf-8")
    demo, port = _start(folder, "--now", NOW.isoformat(), "--world", str(world))
    try:
        _until_ready(demo, port)
        surface = Surface(f"http://127.0.0.1:{port}", lambda: demo.poll() is None)
        names = list(_processes(folder))
        assert names == ["postgres", "redis", "host", "jobs", "bot", "worker", "web"]
        for n, name in enumerate(names):
            surface.write("Тамар Ломидзе", f"бронь {1201 + n}")
            # jobs end with their Redis
            _until(
                lambda name=name: _processes(folder)[name]["pid"] is not None,
                f"{name} does not run",
            )
            before = _processes(folder)[name]["pid"]
            os.kill(before, signal.SIGKILL)
            _until(
                lambda name=name, b=before: _processes(folder)[name]["pid"] not in (None, b),
                f"{name} is not started again",
            )
        forks = int(
            Path(f"/proc/{_processes(folder)['web']['pid']}/stat")
            .read_text()
            .rpartition(")")[2]
            .split()[1]
        )
        surface.write("Тамар Ломидзе", "бронь 1210")
        os.kill(forks, signal.SIGKILL)
        _until(
            lambda: _processes(folder)["web"]["last_end"] == "was lost with the fork server",
            "the fork server is not missed",
        )
        _until(
            lambda: (
                all(p["state"] == "running" for p in _processes(folder).values()) and _answers(port)
            ),
            "not all run again",
        )
        asked = [str(1201 + n) for n in range(len(names))] + ["1210"]

        def answered() -> list[int]:
            seen = [m["text"] for m in surface.messages("Тамар Ломидзе") if m["from"] == "Jarvis"]
            return [sum(f"Бронь №{number} " in text for text in seen) for number in asked]

        _until(
            lambda: all(answered()) and surface.call("GET", "/sandbox/idle", timeout_s=5)["idle"],
            "questions without an answer",
        )
        assert answered() == [1] * len(asked)
        demo.send_signal(signal.SIGINT)
        words, _ = demo.communicate(timeout=40)
        assert demo.returncode == 0, words
        for name in names:
            assert f"`{name}` runs again" in words
        assert _gone(folder), _of(folder)
    finally:
        demo.kill()
        for pid in _of(folder):
            os.kill(pid, signal.SIGKILL)
        for server in _servers(folder):
            server.remove()


@pytest.mark.slow
def test_a_mistake_in_a_world_file_is_named_with_its_place(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("wrong")
    world = folder / "my.yaml"
    world.write_text(
        "name: x\nbranches:\n  - {code: tbilisi, ru: Т, en: T, ka: თ, company_id: many}\nstaff: "
        "[]\n"
    )
    child, _ = _start(folder, "--world", str(world))
    words, _ = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "my.yaml: branches.0.company_id" in words.replace("\n", " ")
    assert _gone(folder)
    for server in _servers(folder):
        server.remove()
