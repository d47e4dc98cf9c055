"""What every vendor's sandbox is made of: faults, a ledger, and a server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import socket
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from jarvis.kit.errors import InvalidRequest


class Ledger:
    """Append-only list of the effects a vendor received; also a file when a path is given."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._entries: list[dict[str, Any]] = []

    def add(self, kind: str, **facts: Any) -> None:
        """Record one effect that was carried out."""
        entry = {
            "n": len(self._entries) + 1,
            "at": datetime.now(UTC).isoformat(),
            "kind": kind,
            **facts,
        }
        self._entries.append(entry)
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")

    def entries(self) -> Sequence[Mapping[str, Any]]:
        return tuple(self._entries)

    def read_back(self, count: int) -> None:
        """Restore the first `count` entries of the file; entries after them were never carried
        out."""
        assert self._path is not None
        lines = self._path.read_text(encoding="utf-8").splitlines()[:count] if count else []
        self._entries = [json.loads(line) for line in lines]
        self._path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def clear(self) -> None:
        """Reset for a new world."""
        self._entries.clear()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


class Faults:
    """Active faults with their arguments, of the `kinds` that this sandbox supports."""

    def __init__(self, kinds: Iterable[str]) -> None:
        self.kinds = tuple(kinds)
        self.active: dict[str, dict[str, Any]] = {}

    def start(self, kind: str, args: Mapping[str, Any]) -> None:
        """Switch a fault on. Arguments are numbers: how many seconds, how often.

        Raises:
            InvalidRequest: no such kind, or an argument that is no number.
        """
        if kind not in self.kinds:
            raise InvalidRequest(f"unknown fault {kind!r}; known: {', '.join(self.kinds)}")
        for name, value in args.items():
            if not _is_number(value):
                raise InvalidRequest(f"{kind}: `{name}` is a number")
        self.active[kind] = dict(args)

    def stop(self) -> None:
        self.active.clear()

    def on(self, kind: str) -> bool:
        """Whether a fault is active; one with `times` counts down and ends by itself."""
        assert kind in self.kinds, f"{kind!r} is not among the sandbox's faults"
        args = self.active.get(kind)
        if args is None:
            return False
        if "times" in args:
            args["times"] = int(args["times"]) - 1
            if args["times"] < 0:
                del self.active[kind]
                return False
        return True

    def arg(self, kind: str, name: str, default: float) -> float:
        return float(self.active.get(kind, {}).get(name, default))


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, str | int | float) and math.isfinite(float(value))
    except (ValueError, OverflowError):
        return False


@asynccontextmanager
async def served(app: Any, *, port: int, host: str = "127.0.0.1") -> AsyncGenerator[int]:
    """Serve an ASGI app in this loop; yields the port and stops at the end."""
    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", access_log=False, lifespan="on"
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        if task.done():
            await task
            raise InvalidRequest(f"port {port} cannot be served")
        await asyncio.sleep(0.002)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.stop.set()
        await task


class _Server(uvicorn.Server):
    """Leaves signals to the process that runs several servers in one loop, and stops at once, also
    with open connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield

    async def main_loop(self) -> None:
        while not self.stop.is_set():
            await self.on_tick(0)  # renews the Date header
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for task in list(self.server_state.tasks):
            task.cancel()
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)
        await self.lifespan.shutdown()
