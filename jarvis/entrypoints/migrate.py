"""Runs the migrations on the direct database address: forward, back, one `jarvis migrate` at a
time, all of a run or nothing."""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import TypeAlias, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from piccolo.apps.migrations.commands.base import BaseMigrationManager
from piccolo.apps.migrations.tables import Migration as Ran
from piccolo.conf.apps import MigrationModule
from piccolo.engine.postgres import PostgresEngine

import migrations
from jarvis.kit.errors import Conflict, InvalidRequest, JarvisError, SettingsMissing

# the lock timeout: queries queued behind the migration would wait as well
BUSY_AFTER_S = 10
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Target:
    """Where to: the newest when both are None. `to` is a number that stays, `back` how many of the
    newest are undone."""

    to: int | None = None
    back: int | None = None


NEWEST = Target()


@dataclass(frozen=True)
class Step:
    """One migration, `mNUMBER_NAME.py` in `migrations`; `refusal` says why it has no way back."""

    number: int
    name: str
    id: str
    refusal: str | None
    module: MigrationModule

    def __str__(self) -> str:
        return f"{self.number:04}_{self.name}"


@dataclass(frozen=True)
class Plan:
    """What a run does, in this order: `down` from the newest, then `up` from the oldest."""

    down: Sequence[Step]
    up: Sequence[Step]


def migrate(
    target: Target = NEWEST, *, plan: bool = False, delete_data: bool = False, say: Say = print
) -> None:
    """Bring the schema to its newest version, or to another one.

    Args:
        target: The version wanted.
        plan: Only say what would run.
        delete_data: A way back may delete the rows that the older schema has no place for.
        say: Takes one line for the operator.

    Raises:
        SettingsMissing: `JARVIS_DATABASE_DIRECT_URL` is not set, or nothing answers there.
        InvalidRequest: There is no such version.
        Conflict: A migration has no way back, would delete rows, or failed; nothing was changed.
    """
    asyncio.run(run(target, plan=plan, delete_data=delete_data, say=say))


async def run(
    target: Target = NEWEST, *, plan: bool = False, delete_data: bool = False, say: Say = print
) -> None:
    """`migrate` in a running loop."""
    engine = _engine()
    ended = ""
    try:
        async with engine.transaction() as transaction:
            ended = await _run(transaction.connection, target, plan, delete_data, say)
    except asyncpg.PostgresError as error:
        raise SettingsMissing(f"JARVIS_DATABASE_DIRECT_URL: {error}") from error
    except OSError as error:
        raise SettingsMissing(
            f"JARVIS_DATABASE_DIRECT_URL: nothing answers there ({error})"
        ) from error
    say(ended)


def _engine() -> PostgresEngine:
    dsn = os.environ.get("JARVIS_DATABASE_DIRECT_URL")
    if not dsn:
        raise SettingsMissing(
            "JARVIS_DATABASE_DIRECT_URL is not set: the address of the database for its owner, not "
            "the pooler's"
        )
    os.environ["PICCOLO_CONF"] = "migrations.piccolo_conf"
    from migrations.piccolo_conf import DB

    DB.config = {"dsn": dsn}  # the module is read once a process, the setting each time
    return DB


async def _run(
    connection: Connection, target: Target, plan: bool, delete_data: bool, say: Say
) -> str:
    """Inside one transaction; the last line for the operator."""
    from migrations.sql_file import LOCK_SQL, TRY_LOCK_SQL, losses, would_delete

    if not plan and not await connection.fetchval(TRY_LOCK_SQL):
        say("another `jarvis migrate` is at work on this database; waiting for it")
        await connection.execute(LOCK_SQL)
    await connection.execute(f"SET LOCAL lock_timeout = '{BUSY_AFTER_S}s'")
    known = await connection.fetchval("SELECT to_regclass('public.migration') IS NOT NULL")
    todo = planned(
        steps(), set(await Ran.get_migrations_which_ran("jarvis")) if known else set(), target
    )
    if not todo.down and not todo.up:
        return "nothing to do"
    if plan:
        for step in (*todo.down, *todo.up):
            say(f"would {'undo' if step in todo.down else 'run'} {step}")
        return "nothing was run: a plan"
    await BaseMigrationManager().create_migration_table()
    lost: list[str] = []
    token = losses.set(lost)
    try:
        for step in todo.down:
            say(f"undoing {step}")
            await _carried_out(step, backwards=True)
            await Ran.delete().where((Ran.name == step.id) & (Ran.app_name == "jarvis"))
    finally:
        losses.reset(token)
    if lost and not delete_data:
        raise Conflict(would_delete(lost))
    for step in todo.up:
        say(f"running {step}")
        await _carried_out(step, backwards=False)
        await Ran.insert(Ran(name=step.id, app_name="jarvis"))
    return "done"


async def _carried_out(step: Step, *, backwards: bool) -> None:
    manager = await step.module.forwards()
    assert manager is not None, "each of our migrations gives its manager"
    try:
        with redirect_stdout(StringIO()):  # Piccolo writes half a line
            await manager.run(backwards=backwards)
    except asyncpg.LockNotAvailableError:
        raise Conflict(
            f"{step}: a table has been in use by others for {BUSY_AFTER_S} s (pg_stat_activity "
            f"shows by whom). Nothing was changed. "
            "Run it again at a quiet time, or stop the workers before."
        ) from None
    except asyncpg.PostgresError as error:
        raise Conflict(f"{step}: {error}. Nothing was changed.") from error


def steps() -> list[Step]:
    """The migrations of this version, by number."""
    found: list[Step] = []
    for info in pkgutil.iter_modules(migrations.__path__):
        if named := re.fullmatch(r"m(\d{4})_(\w+)", info.name):
            module = cast(MigrationModule, importlib.import_module(f"migrations.{info.name}"))
            found.append(
                Step(int(named[1]), named[2], module.ID, getattr(module, "REFUSAL", None), module)
            )
    return sorted(found, key=lambda step: step.number)


def planned(found: Sequence[Step], ran: set[str], target: Target) -> Plan:
    """The steps from the migrations that `ran` to the target.

    Raises:
        InvalidRequest: There is no such version.
        Conflict: A migration on the way has no way back, or a newer version of Jarvis brought it.
    """
    from migrations.sql_file import refused

    there = [step for step in found if step.id in ran]
    if target.to is not None and target.back is not None:
        raise InvalidRequest("give --to or --back, not both")
    if target.back is not None:
        if not 1 <= target.back <= len(there):
            raise InvalidRequest(f"--back {target.back}: {len(there)} migrations ran here")
        down, up = there[-target.back :][::-1], list[Step]()
    else:
        to = found[-1].number if target.to is None else target.to
        if to not in (0, *(step.number for step in found)):
            raise InvalidRequest(f"--to {to}: the newest migration is {found[-1].number}")
        down = [step for step in reversed(there) if step.number > to]
        up = [step for step in found if step.id not in ran and step.number <= to]
    if down and (newer := ran - {step.id for step in found}):
        raise Conflict(
            f"a newer version of Jarvis ran {', '.join(sorted(newer))}; go back with that version. "
            f"Nothing was changed."
        )
    for step in down:
        if step.refusal is not None:
            raise Conflict(refused(str(step), step.refusal))
    return Plan(down, up)


if __name__ == "__main__":
    try:
        migrate()
    except JarvisError as problem:
        sys.exit(str(problem))
