"""Forms and check-lists: what is being filled in, its items, the files that were sent for them."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-12-01T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "forms"


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION)
