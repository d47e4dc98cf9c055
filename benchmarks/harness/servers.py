"""The servers that ingest is compared with, each in a process of its own as in production.

`python -m benchmarks.harness.servers inbox PORT`: twenty lines that store a body. `… nothing PORT`:
answers and does nothing, which shows how much a load generator could send.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from subprocess import DEVNULL, Popen
from typing import Any, cast

import asyncpg
import uvicorn
import uvloop
from litestar import Litestar, Request, post
from litestar.datastructures import State

from jarvis.entrypoints.embedded import free_port

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


def bare_inbox(dsn: str) -> Litestar:
    """Twenty lines that store a body: Litestar and asyncpg, nothing else."""

    @asynccontextmanager
    async def pool(app: Litestar) -> AsyncGenerator[None]:
        async with asyncpg.create_pool(dsn, min_size=4, max_size=10) as opened:
            app.state.pool = opened
            yield

    @post("/inbox", status_code=200)
    async def inbox(request: Request[Any, Any, State], state: State) -> None:
        await state.pool.execute("INSERT INTO bench_inbox (body) VALUES ($1)", await request.body())

    return Litestar([inbox], openapi_config=None, logging_config=None, lifespan=[pool])


class Nothing(asyncio.Protocol):
    """Answers every request once its body is here."""

    def __init__(self) -> None:
        self._got = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's own class does not derive from it
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._got += data
        while (head := self._got.find(b"\r\n\r\n")) >= 0:
            length = self._got[:head].lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            end = head + 4 + int(length or 0)
            if len(self._got) < end:
                return
            del self._got[:end]
            self._transport.write(_ANSWER)


async def _nothing(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Nothing, "127.0.0.1", port)
    await server.serve_forever()


@contextmanager
def running(*argv: str, env: dict[str, str]) -> Generator[int]:
    """Start a server on a free port and wait until it listens.

    Raises:
        RuntimeError: it did not start.
    """
    port = free_port()
    child = Popen(
        [sys.executable, "-m", *argv, str(port)],
        env={**os.environ, **env},
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                if time.monotonic() > deadline or child.poll() is not None:
                    raise RuntimeError(f"{' '.join(argv)} did not start") from None
                time.sleep(0.1)
        yield port
    finally:
        child.terminate()
        child.wait(10)


def main(which: str, port: str) -> None:
    """Serve until a signal comes."""
    if which == "nothing":
        uvloop.run(_nothing(int(port)))
        return
    app = bare_inbox(os.environ["BENCH_DSN"])
    config = uvicorn.Config(
        app, port=int(port), log_level="warning", access_log=False, http="httptools"
    )
    uvloop.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(*sys.argv[1:])
