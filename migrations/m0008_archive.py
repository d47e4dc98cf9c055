"""The archive and the main chat of cars; topics that wait for their material before they close."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-11-30T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "archive"


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION)
