"""The audit: a database knows which one it is, chains have fixed numbers, erasures are signed."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-12-06T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "audit"


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION)
