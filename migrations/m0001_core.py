"""The first schema: engine, people, fleet, bookings, clients, conversations, Telegram."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-11-23T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "core"
REFUSAL = "it makes the first tables, and below it there is nothing."


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION, REFUSAL)
