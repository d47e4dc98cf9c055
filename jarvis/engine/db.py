"""The database: a pool, transactions that notify consumers after their commit, and one unit of
work.

Queries are plain SQL over asyncpg (docs/adr/0002). Every row is an `asyncpg.Record`; services turn
it into their own types.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from jarvis.kit.faults import fault
from jarvis.kit.text import storable

Row = asyncpg.Record
CLOSE_S = 5.0  # a connection not returned by then is closed

# Errors while PostgreSQL restarts or the network fails; a loop waits and continues.
DATABASE_AWAY: tuple[type[Exception], ...] = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
)

# The same, and conflicts that a second try may resolve: the data to be written is not at fault.
TRANSIENT: tuple[type[Exception], ...] = (
    *DATABASE_AWAY,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
)


class Notifier(Protocol):
    """Wakes consumers after a commit; a lost notification only delays them."""

    async def notify(self, names: Sequence[str]) -> None: ...


class NoNotifier:
    """Sends no notifications; consumers find the work by polling."""

    async def notify(self, names: Sequence[str]) -> None:
        return


class Reader(Protocol):
    """What both the pool and an open transaction can do.

    Raises:
        asyncpg.DataError: a value does not fit its column, whether PostgreSQL says so or asyncpg
            before it.
    """

    async def fetch(self, sql: str, *args: object) -> list[Row]: ...
    async def fetchrow(self, sql: str, *args: object) -> Row | None: ...
    async def fetchval(self, sql: str, *args: object) -> Any: ...
    async def execute(self, sql: str, *args: object) -> int: ...


class Tx:
    """One open transaction. Channels named here are notified once it has committed; `audit_shard`
    is the audit's chain it holds."""

    def __init__(self, connection: PoolConnectionProxy[Row]) -> None:
        self._connection = connection
        self.channels: list[str] = []
        self.audit_shard: int | None = None

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        return await self._connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        """Run a statement; returns the number of rows it touched."""
        return _count(await self._connection.execute(sql, *args))

    def notify(self, name: str) -> None:
        """Wake whoever waits for `name` after the commit."""
        if name not in self.channels:
            self.channels.append(name)


@dataclass(frozen=True, slots=True)
class _Open:
    """A transaction that a task has open; what the task starts inherits the variable, not the
    connection."""

    task: asyncio.Task[Any] | None
    pool: asyncpg.Pool[Row]
    connection: PoolConnectionProxy[Row]


_open: ContextVar[_Open | None] = ContextVar("open_transaction", default=None)


class Database:
    """The pool of one process.

    A task with an open transaction holds one connection and never waits for a second: whatever it
    asks of this database meanwhile is part of the transaction. Without that, as many tasks as the
    pool has connections could wait for each other for ever.
    """

    def __init__(self, pool: asyncpg.Pool[Row], notifier: Notifier) -> None:
        self._pool = pool
        self.notifier = notifier

    def _mine(self) -> PoolConnectionProxy[Row] | None:
        """The connection of this task's open transaction."""
        held = _open.get()
        if held is None or held.pool is not self._pool or held.task is not asyncio.current_task():
            return None
        return held.connection

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        return await (self._mine() or self._pool).fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        return await (self._mine() or self._pool).fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:
        return await (self._mine() or self._pool).fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> int:
        return _count(await (self._mine() or self._pool).execute(sql, *args))

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """A transaction of its own; commits at the end, rolls back on any exception.

        Raises:
            RuntimeError: this task has one open already; pass that one on.
        """
        if self._mine() is not None:
            raise RuntimeError("this task has a transaction open: pass it on, do not open a second")
        async with self._pool.acquire() as connection:
            tx = Tx(connection)
            async with connection.transaction():
                before = _open.get()
                _open.set(_Open(asyncio.current_task(), self._pool, connection))
                try:
                    yield tx
                finally:
                    _open.set(before)
                fault("tx.before_commit")
        fault("tx.after_commit")
        if tx.channels:
            await self.notifier.notify(tx.channels)


def clean_dsn(dsn: str) -> str:
    """Drop query parameters that asyncpg would send on as server settings (Neon's
    `channel_binding`)."""
    parts = urlsplit(dsn)
    query = [
        (k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if k != "channel_binding"
    ]
    return urlunsplit(parts._replace(query=urlencode(query)))


@asynccontextmanager
async def open_database(
    dsn: str, *, notifier: Notifier | None = None, max_size: int = 10, pooled: bool = False
) -> AsyncGenerator[Database]:
    """Open the pool and close it at the end.

    Args:
        dsn: `postgresql://…`.
        notifier: Wakes consumers after commits; without it they poll.
        max_size: Connections at most.
        pooled: The DSN points to PgBouncer in transaction mode: no prepared statements are kept.
    """
    pool = await asyncpg.create_pool(
        clean_dsn(dsn),
        min_size=1,
        max_size=max_size,
        max_inactive_connection_lifetime=120,
        statement_cache_size=0 if pooled else 256,
        timeout=10,
        command_timeout=30,
        init=_prepare,
        reset=_keep,
    )
    try:
        yield Database(pool, notifier or NoNotifier())
    finally:
        try:
            async with asyncio.timeout(CLOSE_S):
                await pool.close()
        except TimeoutError:
            pool.terminate()


async def _prepare(connection: asyncpg.Connection[Row]) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=to_jsonb, decoder=json.loads
    )


def to_jsonb(value: object) -> str:
    """JSON text that jsonb accepts: input from outside is kept, and what jsonb cannot hold is
    replaced visibly."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
        if "\\u0000" not in text:
            return text
    # NaN, a lone surrogate, an unbounded number, unbounded nesting
    except (ValueError, RecursionError):
        pass
    return json.dumps(storable(value), ensure_ascii=False)


async def _keep(connection: asyncpg.Connection[Row]) -> None:
    """Spare the round trip that clears session state on each return to the pool: no statement here
    leaves any (tests/unit/test_house_rules.py), as PgBouncer forbids it anyway. An open transaction
    is still rolled back."""


def _count(status: str) -> int:
    tail = status.rsplit(" ", 1)[-1]
    return int(tail) if tail.isdigit() else 0
