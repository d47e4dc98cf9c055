"""What the reconciler of the chats remembers: when it looked, what it could not see, which rights
it lacks."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-11-28T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "watch"


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION)
