"""What people send: sets of material, what stands where of it; and limits by a sliding window."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-11-29T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "media"


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION)
