"""Closed lists become look-up tables: a new role or purpose is a row, not a change of
constraints."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-12-05T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "lookups"


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION)
