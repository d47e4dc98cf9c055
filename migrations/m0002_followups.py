"""Buttons that know their event, routes a person decided, dry replays, a request's beginning in one
round trip."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-11-24T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "followups"
REFUSAL = "0003 lies over it and has no way back."


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION, REFUSAL)
