"""Load on a server from a process of its own: `wrk` where it is installed, else our raw sockets
(client.py)."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.bodies import new_run
from benchmarks.harness.servers import running

CONNECTIONS = 16
_SCRIPT = Path(__file__).with_name("hook.lua")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What came back to a load generator. `late_p99_ms`: its lag behind its own schedule."""

    run: str
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    late_p99_ms: float = 0.0

    @property
    def per_s(self) -> float:
        return self.requests / self.seconds


def generator() -> str:
    """Which one saturates servers here."""
    return (
        f"wrk -t1 -c{CONNECTIONS}"
        if shutil.which("wrk")
        else f"raw sockets, {CONNECTIONS} connections (wrk is not installed)"
    )


async def saturate(url: str, seconds: float, *, connections: int = CONNECTIONS) -> Answers:
    """As many deliveries as the server takes from so many connections, each body different.

    Raises:
        AssertionError: an answer was no 2xx, or did not come.
    """
    run = new_run()
    if shutil.which("wrk"):
        return await _run(
            run,
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds:.0f}s",
            "-s",
            str(_SCRIPT),
            url,
            "--",
            run,
        )
    return await _client(url, run, str(seconds), str(connections))


async def pace(url: str, seconds: float, per_s: int, *, connections: int = 64) -> Answers:
    """Deliveries on a timetable; latencies count from the moment at which each was due."""
    return await _client(url, new_run(), str(seconds), str(connections), str(per_s))


async def ceiling(seconds: float = 2) -> Answers:
    """What the generator could send here to a server that does nothing."""
    with running("benchmarks.harness.servers", "nothing", env={}) as port:
        return await saturate(f"http://127.0.0.1:{port}/inbox", seconds)


async def floor(seconds: float, per_s: int) -> Answers:
    """The latency that the paced generator itself adds: the same timetable against a server that
    does nothing."""
    with running("benchmarks.harness.servers", "nothing", env={}) as port:
        return await pace(f"http://127.0.0.1:{port}/inbox", seconds, per_s)


async def _client(url: str, run: str, *args: str) -> Answers:
    return await _run(run, sys.executable, "-m", "benchmarks.harness.client", url, run, *args)


async def _run(run: str, *argv: str) -> Answers:
    child = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, words = await child.communicate()
    assert child.returncode == 0, f"{argv[0]}: {words.decode(errors='replace')[-500:]}"
    found = json.loads(out.decode().strip().rpartition("\n")[2])
    failed = found.pop("failed")
    assert found["requests"], "nothing was answered"
    assert not failed, f"{failed} of {found['requests']} answers were no 2xx or never came"
    return Answers(run=run, **found)
