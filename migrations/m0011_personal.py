"""Personal groups: topics of clients and of tasks; who stands in for whom."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-12-03T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "personal"


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION)
