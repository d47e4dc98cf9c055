"""Budgets of model calls: reserved before a call, settled after it."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-11-26T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "budgets"
REFUSAL = (
    "the cost of a run stands in millionths of a dollar since then; put back into cents it "
    "would be wrong."
)


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION, REFUSAL)
