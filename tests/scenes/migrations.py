"""Databases at any migration, and what their schema is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TypeAlias
from uuid import uuid4

import asyncpg
import pytest

from jarvis.entrypoints.embedded import OWNER
from jarvis.entrypoints.migrate import NEWEST, Target, run, steps
from jarvis.testing.servers import Servers

FIRST_WITH_A_WAY_BACK = 5
LOOKUPS = next(step.number for step in steps() if step.name == "lookups")
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

# Everything that makes a schema, as PostgreSQL itself writes it down.
_CATALOGUE_SQL = """
SELECT 'column', c.relname::text, row_number() OVER (PARTITION BY c.oid ORDER BY a.attname)::text,
       concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
         pg_get_expr(d.adbin, d.adrelid), a.attacl)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relkind = 'r'
    AND c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'relation', c.relname, c.relkind::text, concat_ws(' ', c.relowner::regrole,
  (SELECT array_agg(x ORDER BY x::text) FROM unnest(c.relacl) x))
  FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index', indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid)
  FROM pg_index WHERE indrelid IN (SELECT oid FROM pg_class
    WHERE relnamespace = 'public'::regnamespace)
UNION ALL
SELECT 'function', p.proname, pg_get_function_identity_arguments(p.oid), concat_ws(' ',
  pg_get_functiondef(p.oid), p.proacl)
  FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
UNION ALL
SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger
  WHERE NOT tgisinternal
UNION ALL
SELECT 'history', name, '', '' FROM migration"""

# Tables whose one column is a name.
LOOKUP = """(SELECT true FROM information_schema.columns n WHERE n.table_schema = 'public'
              AND n.table_name = t.relname
              GROUP BY n.table_name HAVING array_agg(n.column_name::text) = '{name}')"""


@asynccontextmanager
async def owned(
    servers: Servers, name: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Connection]:
    """A connection of the owner; `jarvis migrate` takes this database from now on, and at the end
    it goes."""
    monkeypatch.setenv("JARVIS_DATABASE_DIRECT_URL", servers.owner_dsn(name))
    connection = await asyncpg.connect(servers.owner_dsn(name))
    yield connection
    await connection.close()
    await servers.drop(name)


async def empty(servers: Servers) -> str:
    """A database without any table; returns its name."""
    name = f"empty_{uuid4().hex}"
    async with servers.admin() as admin:
        await admin.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0")
    return name


async def migrate(
    target: Target = NEWEST, *, plan: bool = False, delete_data: bool = False
) -> list[str]:
    """`jarvis migrate`; returns what it says."""
    said: list[str] = []
    await run(target, plan=plan, delete_data=delete_data, say=said.append)
    return said


async def catalogue(connection: Connection) -> set[tuple[str, ...]]:
    """Everything that makes the schema."""
    return {tuple(r) for r in await connection.fetch(_CATALOGUE_SQL)}
