"""Calls that are taken from several accounts at once, or from none, and turns for those who find no
room."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-12-08T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "quota"


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION)
