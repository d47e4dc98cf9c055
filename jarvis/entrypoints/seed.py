"""Fills an empty database with a world's branches and staff: the part that no vendor knows."""

from __future__ import annotations

import asyncio

import asyncpg

from jarvis.domains.chats.models import SERVICE
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.news.subscriptions import Subscriptions
from jarvis.domains.staff.administration import StaffAdministration
from jarvis.domains.staff.service import StaffService
from jarvis.engine.audit_checkpoints import Checkpoints
from jarvis.engine.audit_proof import CHAINS, begin_checkpoints
from jarvis.engine.db import Database
from jarvis.integrations.telegram.sandbox.world import FIRST_FORUM, TelegramWorld, group_id
from jarvis.kit.actor import Role
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Conflict
from jarvis.kit.world import World

# Everything but the schema's own rows, among them the look-up tables, whose key is a name; the
# audit and the memory can only be emptied by the owner. The order is that in which a transaction
# comes to them: its business first, then a head of the audit, then the entry.
_TABLES_SQL = """SELECT string_agg(format('%I', tablename), ', '
                                   ORDER BY tablename LIKE 'audit%', tablename <> 'audit_head',
                                     tablename) FROM pg_tables
                  WHERE schemaname = 'public' AND tablename NOT IN ('migration', 'branch',
                    'clock_setting', 'event_subscription')
                    AND NOT EXISTS (SELECT FROM information_schema.key_column_usage k
                                     WHERE k.constraint_schema = 'public'
                                       AND k.constraint_name = tablename || '_pkey'
                                       AND k.column_name = 'name')"""
_TRIES = 30  # who holds one table and waits for another of ours goes on when we let go


async def wipe(owner: Database, checkpoints: Checkpoints) -> None:
    """Empty every table of a demo's database (with the owner's role), at once for whoever goes on
    writing.

    It is another database from here on: its audit begins anew, and so do the audit's checkpoints.
    """
    for left in reversed(range(_TRIES)):
        try:
            await _empty(owner)
            break
        except (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError):
            if not left:
                raise
            await asyncio.sleep(0.2)
    await begin_checkpoints(
        owner, checkpoints, by_name="demo", reason="the demo's database was emptied"
    )


async def _empty(owner: Database) -> None:
    async with owner.transaction() as tx:
        await tx.execute("SET LOCAL lock_timeout = '2s'")
        await tx.execute(f"TRUNCATE {await tx.fetchval(_TABLES_SQL)} CASCADE")
        await tx.execute(
            "INSERT INTO audit_head (shard) SELECT generate_series(0, $1::int - 1)", CHAINS
        )
        await tx.execute("INSERT INTO audit_database DEFAULT VALUES")
        await tx.execute("DELETE FROM event_subscription WHERE routed_as IS NOT NULL")


async def seed(db: Database, clock: Clock, world: World) -> None:
    """Branches and people of the world; running it again changes nothing."""
    for branch in world.branches:
        await db.execute(
            """INSERT INTO branch (code, name_ru, name_en, name_ka, rents) VALUES ($1, $2, $3, $4,
                $5)
               ON CONFLICT (code) DO UPDATE SET name_ru = $2, name_en = $3, name_ka = $4,
                 rents = $5""",
            branch.code,
            branch.ru,
            branch.en,
            branch.ka,
            branch.rents,
        )
    staff = StaffAdministration(db, clock)
    for person in world.staff:
        if person.role == "stranger":
            continue
        try:
            employee_id = await staff.add(
                name=person.name,
                role=Role(person.role),
                branch=person.branch,
                all_branches=person.all_branches,
                language=person.language,
                department=person.department,
                manager=person.manager,
                by="world",
            )
        except Conflict:
            continue
        if person.telegram_id is not None:
            await staff.bind(
                employee_id=employee_id,
                system="telegram",
                key=str(person.telegram_id),
                by="world",
                announce=False,
            )
        if person.rentprog_id is not None:
            await staff.bind(
                employee_id=employee_id, system="rentprog", key=str(person.rentprog_id), by="world"
            )
        if person.dismissed:
            await staff.dismiss(employee_id, by="world", announce=False)
    await _chats(db, clock, world)


async def _chats(db: Database, clock: Clock, world: World) -> None:
    chats, staff = ChatService(clock), StaffService(db)
    for number, forum in enumerate(world.part(TelegramWorld).forums, FIRST_FORUM):
        owner = await staff.actor_by_name(forum.employee) if forum.employee is not None else None
        employee_id = owner.employee_id if owner is not None else None
        async with db.transaction() as tx:
            await chats.register(
                tx,
                group_id(number),
                forum.title,
                forum.purpose,
                forum.branch,
                by="world",
                employee_id=employee_id,
            )
            group = await chats.forum(tx, group_id(number))
            if group is not None and group.purpose in SERVICE:
                await Subscriptions(clock).begin(tx, group.id, group.purpose)
            for topic, title in enumerate(forum.topics, 2):  # number 1 is General
                await TopicRegistry(clock).register_topic(tx, group_id(number), topic, title)
