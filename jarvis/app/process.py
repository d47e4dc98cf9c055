"""Process setup: tracing, log levels, the process name, shutdown on a signal."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Coroutine
from typing import Any

import logfire

from jarvis.kit.ids import new_id


def observe(*, agents: bool = False) -> None:
    """One trace per event, without content. Sends nothing unless LOGFIRE_TOKEN is set."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    quiet_libraries()
    # Events carry their trace from process to process (engine/tracing.py), so contexts from outside
    # are expected.
    logfire.configure(
        send_to_logfire="if-token-present",
        console=False,
        service_name="jarvis",
        distributed_tracing=True,
    )
    if agents:
        logfire.instrument_pydantic_ai(include_content=False)


def quiet_libraries() -> None:
    """Silence INFO lines of libraries: they contain URLs, one of them with RentProg's company
    token."""
    for name in ("httpx", "httpcore", "httpx2", "telethon"):
        logging.getLogger(name).setLevel(logging.WARNING)


def process_name(kind: str) -> str:
    """The name of this process in leases and claims."""
    return f"{kind}:{socket.gethostname()}:{os.getpid()}:{new_id().hex[-6:]}"


async def until_signal(work: Coroutine[Any, Any, None]) -> None:
    """Run until the work ends or SIGTERM or SIGINT arrives, which cancels it so that it can clean
    up."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return
