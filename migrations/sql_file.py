"""Turns a pair of SQL files into a migration of Piccolo's history: the way forward, and the way
back or why there is none."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder
from piccolo.engine.postgres import PostgresEngine

from jarvis.kit.errors import Conflict

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Rows = Callable[[Connection], Awaitable[None]]
SQL = Path(__file__).parent / "sql"
# One number for every release, so that an old `jarvis migrate` and a new one wait for each other
# too.
LOCK_SQL = "SELECT pg_advisory_xact_lock(6872737482)"
TRY_LOCK_SQL = "SELECT pg_try_advisory_xact_lock(6872737482)"
# Where a run back notes what it would delete and goes on; where nobody listens, the first loss is
# refused.
losses: ContextVar[list[str] | None] = ContextVar("losses", default=None)

_COLUMNS_SQL = """
SELECT c.relname AS "table", a.attname AS "column", pg_get_expr(d.adbin, d.adrelid) AS "default",
       EXISTS (SELECT FROM pg_index i JOIN pg_attribute k ON k.attrelid = i.indrelid
         AND k.attnum = ANY (i.indkey)
                WHERE i.indrelid = c.oid AND i.indisprimary AND k.attname = 'name')
       OR c.relname IN ('event_subscription', 'audit_database') AS ours
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname <> 'migration'
   ORDER BY c.relname, a.attnum"""


def from_sql(
    module: str,
    migration_id: str,
    description: str,
    refusal: str | None = None,
    *,
    rows: Rows | None = None,
    rows_back: Rows | None = None,
) -> MigrationManager:
    """A migration out of `sql/NUMBER_NAME.sql` and `.down.sql`, each run inside Piccolo's
    transaction.

    Args:
        module: The file of the migration, `.../mNUMBER_NAME.py`; its SQL bears the same number and
            name.
        migration_id: What Piccolo keeps in its history; never changed once it was released.
        description: For Piccolo's listings.
        refusal: Why there is no way back, for a migration without a `.down.sql`.
        rows: Changes rows in a way that SQL cannot say, after the SQL and in its transaction.
        rows_back: The same on the way back.
    """
    name = Path(module).stem.removeprefix("m")
    manager = MigrationManager(
        migration_id=migration_id, app_name="jarvis", description=description
    )

    async def forwards() -> None:
        connection = _connection()
        await connection.execute(LOCK_SQL)
        if await connection.fetchval(
            "SELECT true FROM migration WHERE name = $1 AND app_name = 'jarvis'", migration_id
        ):
            raise Conflict(
                f"{name} has been run by somebody else meanwhile; nothing was changed here"
            )
        await connection.execute((SQL / f"{name}.sql").read_text(encoding="utf-8"))
        if rows is not None:
            await rows(connection)

    async def backwards() -> None:
        if refusal is not None:
            raise Conflict(refused(name, refusal))
        connection = _connection()
        await connection.execute(LOCK_SQL)
        await _go_back(connection, name, (SQL / f"{name}.down.sql").read_text(encoding="utf-8"))
        if rows_back is not None:
            await rows_back(connection)

    manager.add_raw(forwards)
    manager.add_raw_backwards(backwards)
    return manager


def refused(name: str, refusal: str) -> str:
    """The sentence for a migration that has no way back."""
    return (
        f"{name} cannot be undone: {refusal} Nothing was changed. To get the schema of before, "
        f"restore a backup from before it; "
        "to mend what is wrong, write a new migration."
    )


def would_delete(lost: list[str]) -> str:
    """The sentence for a way back that deletes rows."""
    return (
        f"going back would delete {'; '.join(lost)}. Nothing was changed. Take a backup, then "
        f"repeat with "
        "`jarvis migrate --to NUMBER --delete-data`."
    )


def _connection() -> Connection:
    engine = engine_finder()
    assert isinstance(engine, PostgresEngine)
    transaction = engine.current_transaction.get()
    assert transaction is not None, "Piccolo wraps a migration in a transaction"
    return transaction.connection


async def _go_back(connection: Connection, name: str, sql: str) -> None:
    lost = await _lost(connection, sql)
    if lost:
        noted = losses.get()
        if noted is None:
            raise Conflict(f"{name}: {would_delete(lost)}")
        noted.extend(lost)
    await connection.execute(sql)


async def _lost(connection: Connection, sql: str) -> list[str]:
    """Tables and columns with content that are no longer there after `sql`, which is tried out and
    taken back.

    Tables whose rows come from us do not count: look-up tables, subscriptions, the identity of the
    audit's database.
    """
    before = {(r["table"], r["column"]): r for r in await connection.fetch(_COLUMNS_SQL)}
    trial = connection.transaction()
    await trial.start()
    await connection.execute(sql)
    after = {(r["table"], r["column"]) for r in await connection.fetch(_COLUMNS_SQL)}
    await trial.rollback()
    left = {table for table, _ in after}
    rows: Counter[str] = Counter()
    for (table, column), r in before.items():
        if (table, column) in after or r["ours"] or table in rows:
            continue
        if table not in left:
            rows[table] = await connection.fetchval(f'SELECT count(*) FROM "{table}"')
        else:
            usual = r["default"] or "NULL"
            rows[f"{table}.{column}"] = await connection.fetchval(
                f'SELECT count(*) FROM "{table}" WHERE "{column}" IS DISTINCT FROM {usual}'
            )
    return [
        f"{what} ({count} {'row' if count == 1 else 'rows'})"
        for what, count in rows.items()
        if count
    ]
