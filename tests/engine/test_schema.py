"""The catalogue of the schema holds the rules of the house."""

from __future__ import annotations

import re
from pathlib import Path

import asyncpg
import pytest

from jarvis.engine import audit
from jarvis.engine.db import Database

ROOT = Path(__file__).parents[2]
OURS = "table_schema = 'public' AND table_name <> 'migration'"


async def test_every_row_has_a_uuid_and_every_reference_a_key(db: Database) -> None:
    tables = [
        r["table_name"]
        for r in await db.fetch(f"SELECT table_name FROM information_schema.tables WHERE {OURS}")
    ]
    assert len(tables) > 30
    keys = await db.fetch(
        f"SELECT table_name, data_type FROM information_schema.columns WHERE {OURS} AND "
        f"column_name = 'id'"
    )
    names = await db.fetch(
        f"SELECT table_name FROM information_schema.columns WHERE {OURS} GROUP BY 1 HAVING "
        f"array_agg(column_name::text) = '{{name}}'"
    )
    assert {r["table_name"] for r in keys} == set(tables) - {r["table_name"] for r in names}, (
        "a look-up table has its name alone"
    )
    assert {r["data_type"] for r in keys} == {"uuid"}
    references = await db.fetch(
        f"SELECT table_name, column_name FROM information_schema.columns WHERE {OURS} AND "
        f"column_name LIKE '%\\_id'"
    )
    foreign = {
        (r["table_name"], r["column_name"])
        for r in await db.fetch(
            """SELECT c.conrelid::regclass::text AS table_name, a.attname AS column_name
                FROM pg_constraint c
                 JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
                   WHERE c.contype = 'f'"""
        )
    }
    # What is no reference of ours: outside systems' ids, traces, and subjects of several kinds.
    free = {("trace_id"), ("subject_id"), ("marked_id"), ("access_hash")}
    loose = {
        (r["table_name"], r["column_name"]) for r in references if r["column_name"] not in free
    } - foreign
    assert not loose


async def test_money_and_time_have_one_form(db: Database) -> None:
    columns = await db.fetch(
        f"SELECT table_name, column_name, data_type FROM information_schema.columns WHERE {OURS}"
    )
    assert not [c for c in columns if c["data_type"] == "timestamp without time zone"]
    assert not [c for c in columns if c["data_type"] in ("money", "numeric", "real")]
    money = {c["table_name"] for c in columns if c["column_name"].endswith("_minor")}
    with_currency = {c["table_name"] for c in columns if c["column_name"] == "currency"}
    assert money <= with_currency
    assert all(c["data_type"] == "bigint" for c in columns if c["column_name"].endswith("_minor"))


def test_no_business_rule_reads_json() -> None:
    for path in (ROOT / "jarvis" / "domains").rglob("*.py"):
        found = re.findall(r"raw\s*(?:->|#>)", path.read_text())
        assert not found, path


async def test_the_application_may_only_add_to_the_audit(db: Database) -> None:
    await audit.record(db, action="t", actor_name="t", outcome="t")
    for sql in (
        "INSERT INTO audit_entry (action) VALUES ('t')",
        "UPDATE audit_entry SET outcome = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "UPDATE audit_head SET n = 0",
        "DELETE FROM audit_payload",
        "UPDATE audit_database SET id = id",
        "DELETE FROM approval_item",
        "DELETE FROM agent_message",
        "DROP TABLE audit_entry",
        "CREATE TABLE x (id uuid)",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await db.execute(sql)
