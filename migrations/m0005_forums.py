"""The chats of the house and the topics of its forums, which a bot can list nowhere else."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-11-27T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "forums"


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION)
