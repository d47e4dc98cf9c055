"""Numbers, one at a time, up and down and up again over a database in use, and what is refused."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias, get_args
from uuid import uuid4

import asyncpg
import pytest

from jarvis.domains.bookings import availability
from jarvis.domains.chats import models as chats
from jarvis.domains.forms import models as forms
from jarvis.domains.media import models as media
from jarvis.domains.news import subscriptions
from jarvis.engine import switches
from jarvis.engine.audit_checkpoints import Checkpoints
from jarvis.engine.db import open_database
from jarvis.entrypoints.embedded import OWNER
from jarvis.entrypoints.migrate import NEWEST, Target, run, steps
from jarvis.entrypoints.sandboxes import load_world
from jarvis.entrypoints.seed import wipe
from jarvis.integrations.storage.port import LinkSigner, connect
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.kit.actor import Language, Role
from jarvis.kit.errors import Conflict, InvalidRequest, SettingsMissing
from jarvis.testing.app import loaded
from jarvis.testing.servers import Servers

MIGRATIONS = Path(__file__).parents[2] / "migrations"
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

_LOOKUP = """(SELECT true FROM information_schema.columns n WHERE n.table_schema = 'public'
              AND n.table_name = t.relname
              GROUP BY n.table_name HAVING array_agg(n.column_name::text) = '{name}')"""

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


@pytest.fixture
async def owner(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Connection]:
    """A connection to a fresh migrated database, which is also the one that `jarvis migrate` would
    take."""
    async with _owned(servers, await servers.database(), monkeypatch) as connection:
        yield connection


@asynccontextmanager
async def _owned(
    servers: Servers, name: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Connection]:
    """A connection of the owner; `jarvis migrate` takes this database from now on, and at the end
    it goes."""
    monkeypatch.setenv("JARVIS_DATABASE_DIRECT_URL", servers.owner_dsn(name))
    connection = await asyncpg.connect(servers.owner_dsn(name))
    yield connection
    await connection.close()
    await servers.drop(name)


async def _empty(servers: Servers) -> str:
    name = f"empty_{uuid4().hex}"
    async with servers.admin() as admin:
        await admin.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE template0")
    return name


async def _migrate(
    target: Target = NEWEST, *, plan: bool = False, delete_data: bool = False
) -> list[str]:
    said: list[str] = []
    await run(target, plan=plan, delete_data=delete_data, say=said.append)
    return said


async def _catalogue(connection: Connection) -> set[tuple[str, ...]]:
    return {tuple(r) for r in await connection.fetch(_CATALOGUE_SQL)}


def test_numbers_have_no_gaps_ids_ascend_and_each_has_a_way_back_or_says_why_not() -> None:
    found = steps()
    assert [step.number for step in found] == list(range(1, len(found) + 1))
    assert [step.id for step in found] == sorted(step.id for step in found)
    for step in found:
        back = MIGRATIONS / "sql" / f"{step}.down.sql"
        assert back.exists() == (step.refusal is None), f"{step}: a .down.sql or a REFUSAL"
        assert step.refusal is None or re.fullmatch(r"[a-z0-9].+\.", step.refusal), (
            "continues a sentence and ends it"
        )
    sql = {path.name for path in (MIGRATIONS / "sql").iterdir()}
    assert sql == {f"{s}.sql" for s in found} | {
        f"{s}.down.sql" for s in found if s.refusal is None
    }
    assert [step.number for step in found if step.refusal] == list(range(1, FIRST_WITH_A_WAY_BACK))


def test_what_removes_says_so() -> None:
    removes = re.compile(
        r"\b(DROP (TABLE|COLUMN)|RENAME|ALTER (COLUMN )?\w+ (SET DATA )?TYPE)\b", re.I
    )
    for step in steps():
        text = (MIGRATIONS / "sql" / f"{step}.sql").read_text()
        if step.number > 11 and removes.search(re.sub(r"--.*", "", text)):
            assert re.search(r"^-- Removes: \S", text, re.M), (
                f"{step}: additive first; if nothing reads it any more, say so"
            )


# Forks of one process: what each would import for itself takes longer than the migrations.
_FOUR = """
import os, sys
from jarvis.app.build import subscriptions
from jarvis.entrypoints.cli.app import main
from jarvis.entrypoints.migrate import steps
subscriptions(), steps()

def begin(name, *args):
    pid = os.fork()
    if not pid:
        words = os.open(name, os.O_WRONLY | os.O_CREAT)
        os.dup2(words, 1)
        os.dup2(words, 2)
        sys.argv = ["jarvis", "migrate", *args]
        main()
    return pid

def end(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

three = [begin(name) for name in "012"]
print(*[end(pid) for pid in three], end(begin("3", "--to", "1")))
"""


async def test_three_at_once_are_one_and_two_that_wait(
    servers: Servers, owner: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with _owned(servers, await _empty(servers), monkeypatch) as there:
        four = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _FOUR, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
        )
        codes = (await four.communicate())[0].decode()
        *said, words = [(tmp_path / name).read_text() for name in "0123"]
        assert codes.split() == ["0", "0", "0", "2"], said
        assert sorted(re.findall(r"^(?:done|nothing to do)$", "\n".join(said), re.M)) == [
            "done",
            "nothing to do",
            "nothing to do",
        ], said
        assert sum("Subscribers" in text for text in said) == 1, (
            "and the table of subscriptions was written once"
        )
        assert await _catalogue(there) == await _catalogue(owner)
        assert await there.fetchval("SELECT count(*) = count(DISTINCT name) FROM migration")
        assert words.startswith("jarvis: 0004_budgets cannot be undone"), words


async def test_whoever_comes_second_waits_for_the_lock(owner: Connection) -> None:
    from migrations.sql_file import LOCK_SQL

    await _migrate(Target(back=1))
    said: list[str] = []
    async with owner.transaction():
        await owner.execute(LOCK_SQL)
        second = asyncio.create_task(run(say=said.append))
        while not said:
            await asyncio.sleep(0.01)
        assert "waiting" in said[0]
        assert not second.done()
    await second
    assert said[-1] == "done"


async def _filled(connection: Connection) -> None:
    """At least one row in every table, each with as many columns as its rules let it."""
    tables = {
        r[0]
        for r in await connection.fetch(
            f"SELECT relname FROM pg_class t WHERE relkind = 'r' AND relnamespace = "
            f"'public'::regnamespace AND {_LOOKUP} IS NULL"
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
    async with _owned(servers, await _empty(servers), monkeypatch) as new:
        for number in numbers[lowest - 1 :]:
            await _migrate(Target(to=number))
            fresh[number] = await _catalogue(new)
    newest = fresh[numbers[-1]]
    name = await loaded(servers, load_world().model_copy(update={"forums": []}))
    async with _owned(servers, name, monkeypatch) as used:
        await _make_dirty(used)
        whole = await _columns(used)
        assert await _catalogue(used) == newest, "rows change no schema"
        start = await _contents(used, whole)

        with pytest.raises(Conflict, match=r"task \(1 row\).*--delete-data"):
            await _migrate(Target(to=lowest))
        assert await _catalogue(used) == newest, "refused: nothing changed"
        assert await _contents(used, whole) == start

        for number in reversed(numbers[lowest - 1 : -1]):
            await _migrate(Target(back=1), delete_data=number != LOOKUPS - 1)
            assert await _catalogue(used) == fresh[number], (
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

        await _migrate()
        assert await _catalogue(used) == newest
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


async def test_what_has_no_way_back_says_why_and_changes_nothing(owner: Connection) -> None:
    before = await _catalogue(owner)
    with pytest.raises(
        Conflict,
        match=r"0004_budgets cannot be undone: the cost.*Nothing was changed.*restore a backup",
    ):
        await _migrate(Target(to=0))
    with pytest.raises(InvalidRequest, match="the newest migration is"):
        await _migrate(Target(to=99))
    with pytest.raises(InvalidRequest, match="not both"):
        await _migrate(Target(to=7, back=1))
    with pytest.raises(InvalidRequest, match="migrations ran here"):
        await _migrate(Target(back=99))
    await owner.execute(
        "INSERT INTO migration (name, app_name) VALUES ('2099-01-01T00:00:00:000000', 'jarvis')"
    )
    assert await _migrate() == ["nothing to do"], (
        "an older version beside a newer one, in a rolling deploy"
    )
    with pytest.raises(Conflict, match="a newer version of Jarvis ran 2099"):
        await _migrate(Target(back=1))
    await owner.execute("DELETE FROM migration WHERE name LIKE '2099%'")
    assert await _catalogue(owner) == before


async def test_a_plan_says_what_would_run_and_runs_nothing(owner: Connection) -> None:
    newest = steps()[-1]
    before = await _catalogue(owner)
    assert (await _migrate(Target(back=1), plan=True))[0] == f"would undo {newest}"
    assert await _catalogue(owner) == before
    with pytest.raises(Conflict, match="0004_budgets cannot be undone"):
        await _migrate(Target(to=1), plan=True)
    await _migrate(Target(back=1))
    assert (await _migrate(plan=True))[0] == f"would run {newest}"


async def test_a_run_that_fails_half_way_changes_nothing(owner: Connection) -> None:
    await _migrate(Target(to=8))
    await owner.execute("CREATE TABLE task (id uuid)")  # in the way of the eleventh
    before = await _catalogue(owner)
    with pytest.raises(
        Conflict, match=r'0011_personal: relation "task" already exists\. Nothing was changed'
    ):
        await _migrate()
    assert await _catalogue(owner) == before


async def test_the_address_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JARVIS_DATABASE_DIRECT_URL", raising=False)
    with pytest.raises(SettingsMissing, match="JARVIS_DATABASE_DIRECT_URL"):
        await _migrate()
    monkeypatch.setenv("JARVIS_DATABASE_DIRECT_URL", "postgresql://jarvis@127.0.0.1:1/x")
    with pytest.raises(SettingsMissing, match="nothing answers there"):
        await _migrate()


async def test_piccolo_s_own_command_undoes_what_it_forgets_and_keeps_what_it_cannot_undo(
    owner: Connection,
) -> None:
    from piccolo.apps.migrations.commands.backwards import run_backwards
    from piccolo.apps.migrations.commands.forwards import run_forwards

    newest = steps()[-1]
    fresh = await _catalogue(owner)
    assert await _migrate() == ["nothing to do"]
    twice = await steps()[-1].module.forwards()
    assert twice is not None
    with pytest.raises(Conflict, match="has been run by somebody else"):
        await twice.run()
    assert (await run_backwards("jarvis", newest.id, auto_agree=True)).success
    piccolo = await _catalogue(owner)
    assert (await run_forwards("jarvis")).success
    assert await _catalogue(owner) == fresh
    await _migrate(Target(back=1))
    assert await _catalogue(owner) == piccolo, "both ways are one way"
    await _migrate()

    await owner.execute(
        "INSERT INTO chat (marked_id, kind, seen_at, lacks) VALUES (1, 'group', now(), '{pin}')"
    )
    with pytest.raises(
        Conflict, match=r"0006_watch: going back would delete chat\.lacks \(1 row\)"
    ):
        await run_backwards("jarvis", "2026-11-28T00:00:00:000000", auto_agree=True)
    stopped = await owner.fetch("SELECT name FROM migration WHERE name >= '2026-11-28' ORDER BY 1")
    assert [r["name"] for r in stopped] == ["2026-11-28T00:00:00:000000"], (
        "the history says what stands"
    )
    await owner.execute("DELETE FROM chat")
    with pytest.raises(Conflict, match="0004_budgets cannot be undone"):
        await run_backwards("jarvis", "all", auto_agree=True)
    assert await owner.fetchval("SELECT max(name) FROM migration") == "2026-11-26T00:00:00:000000"


async def test_a_new_role_is_one_row_and_is_not_dropped_on_the_way_back(
    owner: Connection, servers: Servers
) -> None:
    insert = "INSERT INTO employee (name, role) VALUES ('x', 'courier')"
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await owner.execute(insert)
    await owner.execute("INSERT INTO employee_role VALUES ('courier')")
    await owner.execute(insert)
    with pytest.raises(Conflict, match="employee_role holds courier"):
        await _migrate(Target(to=LOOKUPS - 1), delete_data=True)
    assert await owner.fetchval("SELECT role FROM employee WHERE name = 'x'") == "courier"


async def test_the_application_reads_look_up_tables_and_they_know_what_the_code_says(
    owner: Connection, servers: Servers
) -> None:
    tables = {
        r[0]
        for r in await owner.fetch(
            f"SELECT relname FROM pg_class t WHERE relkind = 'r' AND relnamespace = "
            f"'public'::regnamespace AND {_LOOKUP}"
        )
    }
    said: Mapping[str, tuple[str, ...]] = {
        "employee_role": tuple(Role),
        "language": get_args(Language),
        "booking_status": get_args(availability.Status),
        "booking_purpose": get_args(availability.Purpose),
        "chat_purpose": get_args(chats.Purpose),
        "topic_state": get_args(chats.TopicState),
        "subscription_mode": get_args(subscriptions.Mode),
        "media_operation": get_args(media.Operation),
        "media_item_state": get_args(media.ItemState),
        "form_item_state": get_args(forms.ItemState),
        "form_expectation": get_args(forms.Expects),
        "switch_scope": get_args(switches.Scope),
        "switch_mode": get_args(switches.Mode),
    }
    assert set(said) < tables
    application = await asyncpg.connect(
        servers.app_dsn(await owner.fetchval("SELECT current_database()"))
    )
    for table in tables:
        names = {r["name"] for r in await application.fetch(f'SELECT name FROM "{table}"')}
        assert names >= set(said.get(table, ())), table
        for statement in (
            f"INSERT INTO {table} VALUES ('x')",
            f"UPDATE {table} SET name = 'x'",
            f"DELETE FROM {table}",
            f"TRUNCATE {table}",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await application.execute(statement)
    await application.close()
    # A list of text in a CHECK is a look-up table, but where the engine owns the states and a
    # foreign key would cost.
    checks = await owner.fetch(
        """SELECT conrelid::regclass::text || '.' || a.attname AS what FROM pg_constraint c
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
            WHERE c.contype = 'c' AND a.atttypid = 'text'::regtype
              AND c.connamespace = 'public'::regnamespace"""
    )
    assert {r["what"] for r in checks} == {
        "delivery.state",
        "effect.state",
        "effect.effect_class",
        "job.state",
        "clock_setting.name",
    }


async def test_a_demo_that_is_emptied_keeps_its_look_up_tables(
    servers: Servers, owner: Connection, tmp_path: Path
) -> None:
    async with open_database(
        servers.owner_dsn(await owner.fetchval("SELECT current_database()"))
    ) as emptied:
        await emptied.execute("INSERT INTO employee (name, role) VALUES ('x', 'admin')")
        async with connect(
            StorageSettings(url=f"file://{tmp_path}"),
            None,
            signer=LinkSigner("http://127.0.0.1", "s"),
        ) as storage:
            await wipe(emptied, Checkpoints(storage, "key"))
        assert not await emptied.fetchval("SELECT count(*) FROM employee")
        await emptied.execute("INSERT INTO employee (name, role) VALUES ('x', 'admin')")
