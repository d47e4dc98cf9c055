"""Turns one SQL file into a migration of Piccolo's history."""

# Piccolo leaves these generics open:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder
from piccolo.engine.postgres import PostgresEngine


def from_sql(migration_id: str, description: str, name: str) -> MigrationManager:
    """A migration that runs `sql/<name>` inside Piccolo's transaction."""
    manager = MigrationManager(migration_id=migration_id, app_name="jarvis", description=description)

    async def run() -> None:
        engine = engine_finder()
        assert isinstance(engine, PostgresEngine)
        transaction = engine.current_transaction.get()
        assert transaction is not None, "Piccolo wraps a migration in a transaction"
        await transaction.connection.execute((Path(__file__).parent / "sql" / name).read_text(encoding="utf-8"))

    manager.add_raw(run)
    return manager
