"""What every vendor's sandbox shares: faults, a ledger, changes, and a server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import uvicorn

from jarvis.kit.errors import InvalidRequest
from jarvis.kit.keep import Keep
from jarvis.kit.world import World

FaultKind = Literal[
    "slow",
    "refuse",
    "garble",
    "duplicate",
    "reorder",
    "drop",
    "rate_limit",
    "expire_token",
    "down",
    "hang",
    "truncate",
    "lose_answer",
    "expire_preview",
    "outcome_unknown",
    "pending",
    "accept",
    "stale",
    "fail",
    "inject",
]
FAULT_KINDS: tuple[str, ...] = get_args(FaultKind)


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
        """Go on after the first `count` entries of the file; what was written behind them was never
        carried out."""
        assert self._path is not None
        lines = self._path.read_text(encoding="utf-8").splitlines()[:count] if count else []
        self._entries = [json.loads(line) for line in lines]
        self._path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def clear(self) -> None:
        """A new world begins."""
        self._entries.clear()
        if self._path is not None:
            self._path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeField:
    """One argument of a change: `choices` maps a value to the name a person sees."""

    name: str
    title: str
    choices: Mapping[str, str] | None = None
    default: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something a person can make happen in the vendor's world."""

    name: str
    title: str
    fields: Sequence[ChangeField]


@dataclass(slots=True)
class Faults:
    """Faults that are on, with their arguments."""

    active: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])

    def start(self, kind: str, args: Mapping[str, Any]) -> None:
        """Switch a fault on.

        Raises:
            InvalidRequest: no such kind.
        """
        if kind not in FAULT_KINDS:
            raise InvalidRequest(f"unknown fault {kind!r}; known: {', '.join(FAULT_KINDS)}")
        self.active[kind] = dict(args)

    def stop(self) -> None:
        self.active.clear()

    def on(self, kind: FaultKind) -> bool:
        """Whether it is on; a fault with `times` counts down and ends by itself."""
        args = self.active.get(kind)
        if args is None:
            return False
        if "times" in args:
            args["times"] = int(args["times"]) - 1
            if args["times"] < 0:
                del self.active[kind]
                return False
        return True

    def arg(self, kind: FaultKind, name: str, default: float) -> float:
        return float(self.active.get(kind, {}).get(name, default))


class VendorSandbox(Protocol):
    """The part of a sandbox that the control surface drives."""

    name: str
    faults: Faults
    ledger: Ledger

    @property
    def base_url(self) -> str: ...

    def load(self, world: World, now: datetime) -> None:
        """Forget everything and begin with this world."""
        ...

    def changes(self) -> Sequence[Change]: ...

    async def change(self, name: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make one change happen, as a person in the vendor's own pages would.

        Raises:
            InvalidRequest: unknown change or argument.
        """
        ...

    def busy(self) -> bool:
        """Whether something of its own is still on its way (a webhook not yet delivered)."""
        ...

    def remember(self, keep: Keep, *, resume: bool) -> int:
        """Keep everything from now on, before anybody hears of it; with `resume` go on with what a
        killed process had kept.

        Returns the port to listen at: the one of before, or 0 for any.
        """
        ...

    def save(self) -> None:
        """Keep what happened until now, where the sandbox does not do it by itself."""
        ...


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
    """Leaves signals to the process that runs several servers in one loop, and ends at once,
    whoever is still connected."""

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
