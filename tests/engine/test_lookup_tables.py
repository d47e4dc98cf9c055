"""Tables of the words that a column may hold: who may change them, and what they must know."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

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
from jarvis.entrypoints.migrate import Target
from jarvis.entrypoints.seed import wipe
from jarvis.integrations.storage.port import LinkSigner, connect
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.kit.actor import Language, Role
from jarvis.kit.errors import Conflict
from jarvis.testing.servers import Servers
from tests.scenes.migrations import (
    LOOKUP,
    LOOKUPS,
    Connection,
    migrate,
)


async def test_a_new_role_is_one_row_and_is_not_dropped_on_the_way_back(
    owner: Connection, servers: Servers
) -> None:
    insert = "INSERT INTO employee (name, role) VALUES ('x', 'courier')"
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await owner.execute(insert)
    await owner.execute("INSERT INTO employee_role VALUES ('courier')")
    await owner.execute(insert)
    with pytest.raises(Conflict, match="employee_role holds courier"):
        await migrate(Target(to=LOOKUPS - 1), delete_data=True)
    assert await owner.fetchval("SELECT role FROM employee WHERE name = 'x'") == "courier"


async def test_the_application_reads_look_up_tables_and_they_know_what_the_code_says(
    owner: Connection, servers: Servers
) -> None:
    tables = {
        r[0]
        for r in await owner.fetch(
            f"SELECT relname FROM pg_class t WHERE relkind = 'r' AND relnamespace = "
            f"'public'::regnamespace AND {LOOKUP}"
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
