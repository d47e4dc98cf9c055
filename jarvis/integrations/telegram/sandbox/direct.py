"""Telethon's client without a network: requests go to the sandbox in this process as bytes, and
Telethon's own code parses or raises its answers. No socket, no keys, no login; network faults
(slow, garbled, cut off) need the real client.
"""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportIncompatibleMethodOverride=false
# pyright: reportAttributeAccessIssue=false, reportArgumentType=false
# pyright: reportMissingSuperCall=false

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

from telethon import TelegramClient
from telethon.errors import rpc_message_to_error
from telethon.extensions import BinaryReader
from telethon.tl import types

from jarvis.integrations.telegram.client import NewClient, telethon
from jarvis.integrations.telegram.sandbox.problems import RpcFailure
from jarvis.integrations.telegram.sandbox.server import TelegramSandbox


def direct(sandbox: TelegramSandbox) -> NewClient:
    """Clients of this sandbox for the gateway."""
    return functools.partial(telethon, kind=functools.partial(DirectClient, sandbox))


class DirectClient(TelegramClient):
    """Everything but the transport is Telethon's: entities, parts of files, errors, flood waits."""

    def __init__(self, sandbox: TelegramSandbox, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._sandbox = sandbox
        self._sender = _Sender(sandbox)
        self._updates: asyncio.Queue[bytes] = asyncio.Queue()
        self._receivers: list[Callable[[Any], Awaitable[None]]] = []
        self._receiving: asyncio.Task[None] | None = None

    def add_event_handler(self, callback: Any, event: Any = None) -> None:
        """Raw updates only, one after the other."""
        self._receivers.append(callback)

    async def connect(self) -> None:
        self._sender.open()
        self._sandbox.receivers.append(self._updates.put_nowait)
        self._receiving = asyncio.create_task(self._receive())

    async def disconnect(self) -> None:
        if self._receiving is None:
            return
        self._sandbox.receivers.remove(self._updates.put_nowait)
        self._receiving.cancel()
        await asyncio.gather(self._receiving, return_exceptions=True)
        self._receiving = None
        self._sender.close()

    async def _receive(self) -> None:
        while True:
            with BinaryReader(await self._updates.get()) as reader:
                answer = reader.tgread_object()
            self.session.process_entities(answer)
            for update in answer.updates:
                for receive in self._receivers:
                    await receive(update)


class _Sender:
    """In place of `MTProtoSender`."""

    def __init__(self, sandbox: TelegramSandbox) -> None:
        self._sandbox = sandbox
        self._open = False
        self.disconnected: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def open(self) -> None:
        self._open = True

    def close(self) -> None:
        self._open = False
        if not self.disconnected.done():
            self.disconnected.set_result(None)

    def is_connected(self) -> bool:
        return self._open

    def send(self, request: Any, ordered: bool = False) -> asyncio.Future[Any]:
        """The server's answer, already there."""
        if not self._open:
            raise ConnectionError("Cannot send requests while disconnected")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        try:
            with BinaryReader(bytes(request)) as reader:
                asked = reader.tgread_object()
            with BinaryReader(self._sandbox.answer(asked)) as reader:
                future.set_result(request.read_result(reader))
        except RpcFailure as failure:
            answer = types.RpcError(error_code=failure.code, error_message=failure.text)
            future.set_exception(rpc_message_to_error(answer, request))
        return future
