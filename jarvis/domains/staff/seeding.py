"""Branches and employees with which a world begins."""

from __future__ import annotations

from jarvis.domains.staff.administration import StaffAdministration
from jarvis.engine.db import Database
from jarvis.kit.actor import Role
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Conflict
from jarvis.kit.world import World, WorldBranch, WorldPerson

BY = "world"


async def seed(db: Database, clock: Clock, world: World) -> None:
    """Add the branches, or update their names, and add all employees; those who exist stay
    unchanged."""
    for branch in world.branches:
        await _branch(db, branch)
    staff = StaffAdministration(db, clock)
    for person in world.staff:
        if person.role != "stranger":
            await _person(staff, person, Role(person.role), world)


async def _branch(db: Database, branch: WorldBranch) -> None:
    await db.execute(
        """INSERT INTO branch (code, name_ru, name_en, name_ka, rents) VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (code) DO UPDATE SET name_ru = $2, name_en = $3, name_ka = $4, rents = $5""",
        branch.code,
        branch.ru,
        branch.en,
        branch.ka,
        branch.rents,
    )


async def _person(
    staff: StaffAdministration, person: WorldPerson, role: Role, world: World
) -> None:
    try:
        employee_id = await staff.add(
            name=person.name,
            role=role,
            branch=person.branch,
            all_branches=person.all_branches,
            language=person.language,
            department=person.department,
            manager=person.manager,
            by=BY,
        )
    except Conflict:
        return
    for identity in world.identities():
        if identity.person == person.name:
            await staff.bind(
                employee_id=employee_id,
                system=identity.system,
                key=identity.key,
                by=BY,
                announce=False,
            )
    if person.dismissed:
        await staff.dismiss(employee_id, by=BY, announce=False)
