"""The server on loopback: connections, their requests, and network faults."""

# Telethon ships no stubs; its TL classes are typed by their generated code only.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from telethon.tl import functions, types

from jarvis.integrations.telegram.sandbox.problems import RpcFailure
from jarvis.integrations.telegram.sandbox.transport import Connection

if TYPE_CHECKING:
    from jarvis.integrations.telegram.sandbox.server import TelegramSandbox

_log = logging.getLogger(__name__)


class MtprotoServer:
    """Passes requests of clients to the sandbox, and its answers and updates back."""

    def __init__(self, sandbox: TelegramSandbox) -> None:
        self._sandbox = sandbox
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections: set[Connection] = set()
        self.port = 0

    @property
    def busy(self) -> bool:
        """Whether a request is being answered."""
        return bool(self._tasks)

    def broadcast(self, data: bytes, copies: int) -> None:
        """Send updates, so many times, to every connection that is logged in as the bot."""
        sandbox = self._sandbox
        for connection in list(self.connections):
            if connection.bot_id == sandbox.bot_id == sandbox.logins.get(connection.key_id):
                for _ in range(copies):
                    connection.send_object(data, reply=False)

    @asynccontextmanager
    async def running(self, port: int) -> AsyncGenerator[None]:
        """Listen on loopback until the end."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()
            self.cut_all()
            for task in list(self._tasks):
                task.cancel()

    def cut_all(self) -> None:
        """Break every connection, as a network does."""
        for connection in list(self.connections):
            connection.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sandbox = self._sandbox
        if sandbox.faults.on("down") or sandbox.faults.on("refuse"):
            writer.transport.abort()
            return
        connection = Connection(reader, writer, sandbox.keys, sandbox.key)
        self.connections.add(connection)
        try:
            while (payload := await connection.frame()) is not None:
                if sandbox.faults.on("down"):
                    break
                if payload[:8] == b"\0" * 8:
                    connection.answer_plain(payload)
                    continue
                for message_id, request in connection.open(payload):
                    connection.bot_id = sandbox.logins.get(connection.key_id)
                    task = asyncio.create_task(self._answer(connection, message_id, request))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                with contextlib.suppress(ConnectionError):
                    await writer.drain()
        except Exception:  # a boundary: malformed data ends the connection, not the server
            _log.exception("a connection broke")
        finally:
            self.connections.discard(connection)
            connection.cut()
            # they went with the connection
            sandbox.sent = {key: None for key in sandbox.sent if not key.startswith("press:")}

    async def _answer(self, connection: Connection, message_id: int, request: Any) -> None:
        sandbox = self._sandbox
        if isinstance(request, functions.PingRequest | functions.PingDelayDisconnectRequest):
            connection.send_object(
                bytes(types.Pong(msg_id=message_id, ping_id=request.ping_id)), reply=True
            )
            return
        if isinstance(request, types.MsgsAck | types.MsgsStateReq):
            return
        while hasattr(request, "query"):
            request = request.query
        if sandbox.faults.on("slow"):
            await asyncio.sleep(sandbox.faults.arg("slow", "seconds", 2))
        if sandbox.faults.on("garble"):
            connection.write(b"garbled frame of no meaning")
            return
        try:
            data = sandbox.rpc.answer(request, sandbox.logins.get(connection.key_id))
        except RpcFailure as failure:
            connection.error(message_id, failure.code, failure.text)
            return
        except Exception:
            _log.exception("the sandbox failed at %s", type(request).__name__)
            connection.error(message_id, 500, "INTERNAL")
            return
        if isinstance(request, functions.auth.ImportBotAuthorizationRequest):
            sandbox.logins[connection.key_id] = sandbox.bot_id
            connection.bot_id = sandbox.bot_id
        sandbox.save()
        if self._writes(request) and sandbox.faults.on("truncate"):
            connection.cut()  # the work is done, the answer is lost
            return
        connection.result(message_id, data)

    @staticmethod
    def _writes(request: Any) -> bool:
        return isinstance(
            request,
            functions.messages.SendMessageRequest
            | functions.messages.SendMediaRequest
            | functions.messages.SendMultiMediaRequest
            | functions.messages.CreateForumTopicRequest,
        )
