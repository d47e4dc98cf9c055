"""The demo's process tree: two side by side, kill -9, Ctrl-C, a world file with a mistake."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from jarvis.entrypoints.embedded import Postgres, free_port


def _start(folder: Path, *args: str) -> tuple[subprocess.Popen[str], int]:
    port = free_port()
    child = subprocess.Popen(
        [sys.executable, "-m", "jarvis.entrypoints.cli.app", "demo", "--no-browser", "--port", str(port), *args],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, process_group=0,
    )  # fmt: skip
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
def test_two_demos_side_by_side_a_kill_and_a_clean_end(tmp_path_factory: pytest.TempPathFactory) -> None:
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


@pytest.mark.slow
def test_a_mistake_in_a_world_file_is_named_with_its_place(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("wrong")
    world = folder / "my.yaml"
    world.write_text("name: x\nbranches:\n  - {code: tbilisi, ru: Т, en: T, ka: თ, company_id: many}\nstaff: []\n")
    child, _ = _start(folder, "--world", str(world))
    words, _ = child.communicate(timeout=60)
    assert child.returncode == 2
    assert "my.yaml: branches.0.company_id" in words.replace("\n", " ")
    assert _gone(folder)
    for server in _servers(folder):
        server.remove()
