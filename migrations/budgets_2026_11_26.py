"""Budgets of model calls: reserved before a call, settled after it."""

# Piccolo leaves these generics open:
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-11-26T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "budgets"


async def forwards() -> MigrationManager:
    return from_sql(ID, DESCRIPTION, "budgets_2026_11_26.sql")
