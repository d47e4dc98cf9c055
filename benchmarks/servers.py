"""The two servers that the ingest benchmark compares, each in a process of its own as in production."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from subprocess import Popen
from typing import Any

import asyncpg
import uvicorn
from litestar import Litestar, Request, post
from litestar.datastructures import State

from jarvis.entrypoints.embedded import free_port


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

    return Litestar([inbox], openapi_config=None, lifespan=[pool])


@contextmanager
def running(*argv: str, env: dict[str, str]) -> Generator[int]:
    """Start a server on a free port and wait until it listens."""
    port = free_port()
    child = Popen([sys.executable, "-m", *argv, str(port)], env={**os.environ, **env})
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                break
            except OSError:
                if time.monotonic() > deadline or child.poll() is not None:
                    raise RuntimeError("the server did not start") from None
                time.sleep(0.1)
        yield port
    finally:
        child.terminate()
        child.wait(10)


if __name__ == "__main__":
    config = uvicorn.Config(
        bare_inbox(os.environ["BENCH_DSN"]),
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        loop="uvloop",
        http="httptools",
    )
    asyncio.run(uvicorn.Server(config).serve())
