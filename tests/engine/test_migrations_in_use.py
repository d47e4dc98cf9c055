"""A database in use goes back, number by number, and forward again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import asyncpg
import pytest

from jarvis.entrypoints.migrate import Target, steps
from jarvis.entrypoints.sandboxes import load_world
from jarvis.kit.errors import Conflict
from jarvis.testing.app import loaded
from jarvis.testing.servers import Servers
from tests.scenes.migrations import (
    FIRST_WITH_A_WAY_BACK,
    LOOKUP,
    LOOKUPS,
    Connection,
    catalogue,
    empty,
    migrate,
    owned,
)

# What the rules between columns ask of a first row, beside what its types and references say.
ROWS: Mapping[str, Mapping[str, Any]] = {
    "approval": {"needed": 2},
    "chat": {"kind": "group", "purpose": "hq"},
    "effect": {"effect_class": "B"},
    "form": {"state": "open"},
    "task": {"status": "todo"},
    "form_item": {"state": "waived", "reason": "x"},
    "media_set": {"state": "open"},
    "topic": {"state": "leaving", "purpose": "hq", "number": 7, "title": "x"},
}
# Columns that would break such a rule, left empty.
EMPTY = {
    "topic": {"client_id", "task_id"},
    "chat": {"branch_id", "employee_id"},
    "form": {"finished_at"},
    "task": {"done_at"},
    "effect": {"after_effect_id"},
    "absence": {"substitute_employee_id"},
    "event": {"duplicate_of_event_id"},
}
SAMPLES: Mapping[str, Any] = {
    "text": "x",
    "uuid": None,
    "boolean": True,
    "smallint": 1,
    "integer": 3,
    "bigint": 3,
    "double precision": 0.5,
    "bytea": "\\x01",
    "timestamp with time zone": "2026-03-12T10:00:00+00:00",
    "date": "2026-03-12",
    "jsonb": {},
    "text[]": "{x}",
    "timestamp with time zone[]": "{}",
}


async def _filled(connection: Connection) -> None:
    """At least one row in every table, each with as many columns as its rules let it."""
    tables = {
        r[0]
        for r in await connection.fetch(
            f"SELECT relname FROM pg_class t WHERE relkind = 'r' AND relnamespace = "
            f"'public'::regnamespace AND {LOOKUP} IS NULL"
        )
    }
    empty = {
        table
        for table in tables
        if not await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{table}")')
    }
    problems: dict[str, str] = {}
    while empty:
        before = len(empty)
        for table in sorted(empty):
            try:
                async with connection.transaction():
                    await _first_row(connection, table)
                empty.discard(table)
            except asyncpg.PostgresError as problem:
                problems[table] = str(problem)
        assert len(empty) < before, {table: problems[table] for table in empty}


async def _first_row(connection: Connection, table: str) -> None:
    columns = await connection.fetch(
        """SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.atthasdef AS usual,
            f.confrelid::regclass::text AS target,
                  (SELECT attname FROM pg_attribute k WHERE k.attrelid = f.confrelid
                    AND k.attnum = f.confkey[1]) AS key
             FROM pg_attribute a LEFT JOIN pg_constraint f ON f.contype = 'f'
               AND f.conrelid = a.attrelid AND f.conkey = ARRAY[a.attnum]
            WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
              AND a.attidentity = ''""",
        f'"{table}"',
    )
    row: dict[str, Any] = dict(ROWS.get(table, {}))
    for column in columns:
        if (
            column["name"] in row
            or column["name"] in EMPTY.get(table, ())
            or (column["usual"] and column["target"] is None)
        ):
            continue
        if column["target"] is not None:
            row[column["name"]] = await connection.fetchval(
                f'SELECT min("{column["key"]}"::text) FROM {column["target"]}'
            )
        elif column["type"] == "uuid":
            row[column["name"]] = "00000000-0000-4000-8000-000000000001"
        else:
            row[column["name"]] = SAMPLES[column["type"]]
    names = ", ".join(f'"{name}"' for name in row)
    await connection.execute(
        f'INSERT INTO "{table}" ({names}) SELECT {names} FROM '
        f'jsonb_populate_record(NULL::"{table}", $1::text::jsonb)',
        json.dumps(row, default=str),
    )


async def _contents(connection: Connection, columns: Mapping[str, list[str]]) -> dict[str, str]:
    return {
        table: await connection.fetchval(
            f"""SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)),
                 '')
                  FROM (SELECT {", ".join(f'"{name}"' for name in names)} FROM "{table}") t"""
        )
        for table, names in columns.items()
    }


async def _columns(connection: Connection) -> dict[str, list[str]]:
    rows = await connection.fetch(
        """SELECT table_name, array_agg(column_name::text) AS names FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name <> 'migration' GROUP BY 1"""
    )
    return {r["table_name"]: r["names"] for r in rows}


async def test_a_database_in_use_goes_down_as_far_as_it_can_and_up_again(
    servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [step.number for step in steps()]
    lowest = FIRST_WITH_A_WAY_BACK - 1
    fresh: dict[int, set[tuple[str, ...]]] = {}
    async with owned(servers, await empty(servers), monkeypatch) as new:
        for number in numbers[lowest - 1 :]:
            await migrate(Target(to=number))
            fresh[number] = await catalogue(new)
    newest = fresh[numbers[-1]]
    name = await loaded(servers, load_world().model_copy(update={"forums": []}))
    async with owned(servers, name, monkeypatch) as used:
        await _make_dirty(used)
        whole = await _columns(used)
        assert await catalogue(used) == newest, "rows change no schema"
        start = await _contents(used, whole)

        with pytest.raises(Conflict, match=r"task \(1 row\).*--delete-data"):
            await migrate(Target(to=lowest))
        assert await catalogue(used) == newest, "refused: nothing changed"
        assert await _contents(used, whole) == start

        for number in reversed(numbers[lowest - 1 : -1]):
            await migrate(Target(back=1), delete_data=number != LOOKUPS - 1)
            assert await catalogue(used) == fresh[number], (
                f"as a database that never went further than {number}"
            )
            if number == LOOKUPS - 1:
                kept = await _columns(used)
                assert await _contents(used, kept) == {table: start[table] for table in kept}, (
                    "look-up tables hold no row of ours"
                )
            if number == 7:
                topics = await used.fetch(
                    "SELECT number, state FROM topic WHERE car_id IS NOT NULL AND number < 7 ORDER "
                    "BY 1"
                )
                assert topics == [(1, "open"), (2, "closed"), (3, "closed")]
                assert await used.fetch("SELECT DISTINCT purpose FROM chat ORDER BY 1") == [
                    ("branch_forum",),
                    (None,),
                ]
        below = await _columns(used)
        names = {table: sorted(set(whole[table]) & set(below[table])) for table in below}
        low = await _contents(used, names)
        assert all(not count.startswith("0 ") for count in low.values()), (
            "every table still holds rows"
        )

        await migrate()
        assert await catalogue(used) == newest
        assert await _contents(used, names) == low == await _contents(used, names), (
            "what the way down kept is there"
        )


async def _make_dirty(connection: Connection) -> None:
    """Rows in every table, and: a car in three places, one of them left; a client's topic not made
    yet; a chat without purpose."""
    await _filled(connection)
    await connection.execute(
        """WITH c AS (INSERT INTO chat (marked_id, kind, purpose, branch_id, employee_id, seen_at)
            VALUES
             (-1, 'group', 'branch_forum', (SELECT id FROM branch WHERE code = 'batumi'), NULL,
               now()), (-2, 'group', 'archive', NULL, NULL, now()),
             (-3, 'group', 'sales', NULL, NULL, now()), (-4, 'group', NULL, NULL, NULL, now()), (-5,
               'private', NULL, NULL, NULL, now()),
             (-6, 'group', 'personal', NULL, (SELECT min(id::text)::uuid FROM employee), now())
               RETURNING id, purpose)
           INSERT INTO topic (chat_id, car_id, client_id, title, number, state, purpose)
           SELECT c.id, CASE WHEN t.state <> 'making' THEN (SELECT max(id::text)::uuid
             FROM car) END,
                  CASE WHEN t.state = 'making' THEN (SELECT min(id::text)::uuid FROM client) END,
                    'x', t.number, t.state, c.purpose
             FROM c JOIN (VALUES ('branch_forum', 1, 'open'), ('branch_forum', 2, 'leaving'),
               ('archive', 3, 'open'), ('personal', NULL, 'making'))
               AS t (purpose, number, state) USING (purpose)"""
    )
