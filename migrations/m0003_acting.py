"""Acting: classes of effects, steps that wait for each other, buttons of several readers,
approvals, the audit's chain."""

# Piccolo leaves these generics open.
# pyright: reportUnknownVariableType=false

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.sql_file import from_sql

ID = "2026-11-25T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "acting"
REFUSAL = (
    "it turned the audit into hash chains, and an audit that was put back into loose rows "
    "would prove nothing."
)


async def forwards() -> MigrationManager:
    return from_sql(__file__, ID, DESCRIPTION, REFUSAL)
