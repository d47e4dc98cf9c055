"""The first schema: engine, people, fleet, bookings, clients, conversations, Telegram."""

# Piccolo leaves these generics open:
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false

from pathlib import Path

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder
from piccolo.engine.postgres import PostgresEngine

ID = "2026-11-23T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "core"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="jarvis", description=DESCRIPTION)

    async def run() -> None:
        engine = engine_finder()
        assert isinstance(engine, PostgresEngine)
        transaction = engine.current_transaction.get()
        assert transaction is not None, "Piccolo wraps a migration in a transaction"
        sql = (Path(__file__).parent / "sql" / "core_2026_11_23.sql").read_text(encoding="utf-8")
        await transaction.connection.execute(sql)

    manager.add_raw(run)
    return manager
