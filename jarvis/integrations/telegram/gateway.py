"""The one connection to Telegram: incoming updates go to the intake before anything else, outgoing
calls through `guarded`. One process holds the lease; others stand by. Flood waits reschedule, they
never sleep inside a handler.
"""

# Telethon ships no stubs.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false
# pyright: reportMissingParameterType=false, reportAttributeAccessIssue=false
# pyright: reportArgumentType=false, reportPrivateUsage=false, reportMissingTypeArgument=false
# pyright: reportCallIssue=false

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import logfire
from telethon import TelegramClient, events, utils
from telethon.crypto import rsa
from telethon.errors import (
    AuthKeyNotFound,
    FloodWaitError,
    RPCError,
    ServerError,
    UnauthorizedError,
)
from telethon.tl import functions, types

from jarvis.engine import sources
from jarvis.engine.db import DATABASE_AWAY, Database
from jarvis.engine.journal import Journal
from jarvis.engine.leases import Leases
from jarvis.engine.loop import not_cancelled
from jarvis.integrations.telegram.client import NewClient, telethon
from jarvis.integrations.telegram.gaps import Gaps
from jarvis.integrations.telegram.intake import Intake, OnPress
from jarvis.integrations.telegram.menu import show_menu
from jarvis.integrations.telegram.refusals import refusals
from jarvis.integrations.telegram.session import PgSession
from jarvis.integrations.telegram.settings import SYSTEM, TelegramSettings
from jarvis.integrations.telegram.updates import Updates
from jarvis.kit.errors import (
    AuthExpired,
    LeaseLost,
    SettingsMissing,
    Unavailable,
)
from jarvis.kit.faults import fault

REFUSED_PAUSE_S = 5.0
_log = logging.getLogger(__name__)
PRODUCTION = {1: ("149.154.175.53", 443), 2: ("149.154.167.51", 443), 4: ("149.154.167.92", 443)}


class TelegramGateway:
    """The connection and its operations for effects. `client` creates the client of each
    connection."""

    def __init__(
        self,
        db: Database,
        settings: TelegramSettings,
        *,
        on_press: OnPress,
        holder: str,
        client: NewClient = telethon,
    ) -> None:
        self._db = db
        self._settings = settings
        self._new_client = client
        self._holder = holder
        self.connection: TelegramClient | None = None
        self.ready = asyncio.Event()
        self.problem: str | None = "not started"
        self.me: int | None = None
        self.username: str | None = None
        journal = Journal(db)
        intake = Intake(db, journal, self, on_press)
        self._updates = Updates(journal, intake.accept)
        self.gaps = Gaps(db, self.messages, intake.accept_message)

    async def run(self) -> None:
        """Hold the lease and stay connected, reconnecting after failures, until cancelled."""
        leases = Leases(self._db)
        while not_cancelled():
            try:
                lease = await leases.take(
                    f"telegram:{self._settings.session}", self._holder, self._settings.lease_s
                )
                if lease is None:
                    self.problem = "standing by: another process holds the session"
                    await asyncio.sleep(min(2.0, self._settings.lease_s / 3))
                    continue
                try:
                    await self._hold_lease(leases, lease)
                finally:
                    self.ready.clear()
                    with contextlib.suppress(*DATABASE_AWAY):
                        await leases.give_back(lease)
            except SettingsMissing:
                raise
            except LeaseLost:
                self.problem = "the lease went to another process"
            except AuthExpired as error:
                self.problem = error.reason
                await self._alert(error.reason)
                await asyncio.sleep(REFUSED_PAUSE_S)
            # a boundary: Telethon lets EOFError, its own and asyncio's errors out of a handshake
            except Exception as error:
                self.problem = f"no connection ({type(error).__name__})"
                _log.warning("Telegram is away: %s", type(error).__name__)
                await asyncio.sleep(1)

    async def _alert(self, reason: str) -> None:
        """This cannot be reported in a chat: it goes to the log, the traces, `jarvis doctor` and
        the web process's readiness."""
        _log.error("Telegram refuses the bot: %s", reason)
        logfire.error("telegram.refused", reason=reason)
        with contextlib.suppress(*DATABASE_AWAY):
            await sources.report_failure(self._db, SYSTEM, datetime.now(UTC), reason)

    async def _hold_lease(self, leases: Leases, lease: Any) -> None:
        host, port = self._settings.host, self._settings.port
        if self._settings.public_key is not None:
            rsa._server_keys.clear()
            rsa.add_key(self._settings.public_key_pem(), old=False)
            _log.warning("talking to a Telegram server of your own at %s:%s", host, port)
        if host is None or port is None:
            host, port = PRODUCTION[self._settings.dc]
        session = await PgSession.load(
            self._db, self._settings.session, self._settings.dc, host, port, lease.fence
        )
        async with self._connected(session) as client:
            await self._login(client, session)
            self.problem = None
            await sources.report_ok(self._db, SYSTEM, datetime.now(UTC))
            self.ready.set()
            reconciler = asyncio.create_task(self.gaps.fill_forever(self._settings.reconcile_s))
            flusher = asyncio.create_task(
                self._updates.flush_forever(session, self._settings.lease_s / 3)
            )
            try:
                while client.is_connected():
                    await leases.keep(lease, self._settings.lease_s)
                    await session.flush()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._settings.lease_s / 3):
                            await asyncio.shield(client.disconnected)
            finally:
                reconciler.cancel()
                flusher.cancel()
                self.ready.clear()
                self.connection = None
        raise ConnectionError("disconnected")

    @asynccontextmanager
    async def _connected(self, session: PgSession) -> AsyncGenerator[TelegramClient]:
        client = self._new_client(session, self._settings)
        client.add_event_handler(self._updates.take, events.Raw())
        client.session.save_entities = True
        try:
            try:
                async with asyncio.timeout(self._settings.timeout_s * 2):
                    await client.connect()
            except AuthKeyNotFound:
                session.forget_key()
                await session.flush()
                raise ConnectionError("the server does not know our key") from None
            self.connection = client
            yield client
        finally:
            # closing anyway: a broken connection may fail to close cleanly
            with contextlib.suppress(Exception):
                async with asyncio.timeout(3):
                    await client.disconnect()  # pyright: ignore[reportGeneralTypeIssues]  # a coroutine while a loop runs
            await self._updates.end(session)

    async def _login(self, client: TelegramClient, session: PgSession) -> None:
        try:
            if not await client.is_user_authorized():
                await client.sign_in(bot_token=self._settings.bot_token.get_secret_value())
            me = await client.get_me()
        except (UnauthorizedError, RPCError) as error:
            if isinstance(error, ServerError | FloodWaitError):
                raise
            raise AuthExpired(
                SYSTEM, "the bot token was refused; take a new one from BotFather"
            ) from None
        self.me, self.username = me.id, me.username
        session.note_username(me.username)
        await session.flush()
        await show_menu(client)

    def client(self) -> TelegramClient:
        """The connected client.

        Raises:
            Unavailable: there is no connection now.
        """
        if self.connection is None or not self.ready.is_set():
            raise Unavailable(SYSTEM, self.problem or "not connected", retry_after_s=1.0)
        return self.connection

    async def messages(self, chat: int | None, ids: Sequence[int]) -> list[Any]:
        """The messages of these ids of a group, or (chat None) of the bot's private chats; absent
        ones are `MessageEmpty`."""
        client = self.client()
        wanted = [types.InputMessageID(id=i) for i in ids]
        if chat is None:
            answer = await client(functions.messages.GetMessagesRequest(id=wanted))
        else:
            channel = utils.get_input_channel(await client.get_input_entity(chat))
            answer = await client(functions.channels.GetMessagesRequest(channel=channel, id=wanted))
        return list(answer.messages)

    async def guarded(
        self, call: Callable[[], Awaitable[Any]], chat_id: int, *, files: bool = False
    ) -> Any:
        """One call to Telegram with its errors mapped to ours; `files` allows the time that a large
        file takes."""
        limit_s = self._settings.files_timeout_s if files else self._settings.timeout_s
        async with refusals(chat_id, self.client()), asyncio.timeout(limit_s):
            fault("telegram.before_send")
            answer = await call()
            fault("telegram.sent")
            return answer
