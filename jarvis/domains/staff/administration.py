"""Changes of the staff list: hiring, roles and branches, bindings, dismissal."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from jarvis.domains.staff.events import publish_change
from jarvis.domains.staff.identities import bind_identity
from jarvis.engine import audit
from jarvis.engine.approvals import withdraw
from jarvis.engine.db import Database, Reader, Tx
from jarvis.kit.actor import Language, Role
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Conflict, NotFound


class StaffAdministration:
    """Changes employees and branches; each change is one transaction with its audit entry."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def add(
        self,
        *,
        name: str,
        role: Role,
        branch: str | None,
        all_branches: bool,
        language: Language,
        department: str | None = None,
        manager: str | None = None,
        by: str = "CLI",
    ) -> UUID:
        """Hire an employee; return their id.

        Raises:
            Conflict: somebody of that name works here already.
            NotFound: no such branch or manager.
        """
        async with self._db.transaction() as tx:
            branch_id = await _branch_id(tx, branch)
            manager_id = None
            if manager is not None:
                manager_id = await tx.fetchval("SELECT id FROM employee WHERE name = $1", manager)
                if manager_id is None:
                    raise NotFound(f"no employee {manager}")
            employee_id = await tx.fetchval(
                """INSERT INTO employee (name, role, home_branch_id, all_branches, department,
                    manager_employee_id, language)
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id""",
                name,
                role.value,
                branch_id,
                all_branches,
                department,
                manager_id,
                language,
            )
            if employee_id is None:
                raise Conflict(f"{name} works here already")
            if branch_id is not None:
                await tx.execute(
                    "INSERT INTO employee_scope (employee_id, branch_id) VALUES ($1, $2)",
                    employee_id,
                    branch_id,
                )
            await audit.record(
                tx,
                action="staff.add",
                actor_name=by,
                subject=name,
                outcome=f"{role.value} {branch or ''}",
            )
        return employee_id

    async def add_branch(
        self, code: str, names: Mapping[str, str], *, rents: bool, by: str
    ) -> None:
        """Add a branch with its names in ru, en and ka, unless its code exists; `rents` means that
        cars are given out there."""
        async with self._db.transaction() as tx:
            added = await tx.fetchval(
                """INSERT INTO branch (code, name_ru, name_en, name_ka, rents) VALUES ($1, $2, $3,
                    $4, $5)
                   ON CONFLICT (code) DO NOTHING RETURNING true""",
                code,
                names["ru"],
                names["en"],
                names["ka"],
                rents,
            )
            if added:
                await audit.record(
                    tx, action="branch.add", actor_name=by, subject=code, outcome=names["ru"]
                )

    async def change(
        self, employee_id: UUID, *, role: Role | None = None, branch: str | None = None, by: str
    ) -> None:
        """Give an employee another role, or another branch in place of all that they had.

        With the role, their approval requests that are still undecided become void.

        Raises:
            NotFound: nobody of that id works here, or there is no such branch.
        """
        async with self._db.transaction() as tx:
            branch_id = await _branch_id(tx, branch)
            changed = await tx.execute(
                """UPDATE employee SET role = coalesce($2, role), home_branch_id = coalesce($3,
                    home_branch_id)
                    WHERE id = $1 AND dismissed_at IS NULL""",
                employee_id,
                role.value if role else None,
                branch_id,
            )
            if not changed:
                raise NotFound("nobody of that id works here")
            withdrawn = (
                await withdraw(tx, employee_id, self._clock.now()) if role is not None else []
            )
            if branch_id is not None:
                await tx.execute("DELETE FROM employee_scope WHERE employee_id = $1", employee_id)
                await tx.execute(
                    "INSERT INTO employee_scope (employee_id, branch_id) VALUES ($1, $2)",
                    employee_id,
                    branch_id,
                )
            await audit.record(
                tx,
                action="staff.change",
                actor_name=by,
                subject=str(employee_id),
                outcome=f"{role.value if role else ''} {branch or ''}".strip(),
            )
            await publish_change(tx, employee_id, withdrawn)

    async def bind(
        self,
        *,
        employee_id: UUID,
        system: str,
        key: str,
        by: str,
        by_id: UUID | None = None,
        announce: bool = True,
    ) -> None:
        """Bind an identity in an outside system to an employee.

        Without `announce` the groups are not updated: a loaded world has its members already.

        Raises:
            Conflict: the identity belongs to somebody else, or this employee has another one in
                that system.
        """
        async with self._db.transaction() as tx:
            await bind_identity(tx, employee_id, system, key, by, by_id)
            if system == "telegram" and announce:
                await publish_change(tx, employee_id)

    async def dismiss(self, employee_id: UUID, *, by: str, announce: bool = True) -> None:
        """End an employee's rights from their next tool call on, and void their undecided approval
        requests and invitations; idempotent.

        Raises:
            Conflict: it is the last administrator, without whom nobody can be hired or bound.
        """
        async with self._db.transaction() as tx:
            await _keep_an_administrator(tx, employee_id)
            count = await tx.execute(
                "UPDATE employee SET dismissed_at = $2 WHERE id = $1 AND dismissed_at IS NULL",
                employee_id,
                self._clock.now(),
            )
            if count:
                withdrawn = await withdraw(tx, employee_id, self._clock.now())
                await tx.execute(
                    "UPDATE employee_invite SET decided_at = $2, accepted = false WHERE "
                    "employee_id = $1 AND decided_at IS NULL",
                    employee_id,
                    self._clock.now(),
                )
                await audit.record(
                    tx,
                    action="staff.dismiss",
                    actor_name=by,
                    subject=str(employee_id),
                    outcome="done",
                )
                if announce:
                    await publish_change(tx, employee_id, withdrawn)


async def _keep_an_administrator(tx: Tx, leaving: UUID) -> None:
    # locked, so that two do not dismiss each other
    rows = await tx.fetch(
        "SELECT id FROM employee WHERE role = $1 AND dismissed_at IS NULL ORDER BY id FOR UPDATE",
        Role.ADMIN.value,
    )
    if [row["id"] for row in rows] == [leaving]:
        raise Conflict("this is the last administrator: name another one first (jarvis staff add)")


async def _branch_id(reader: Reader, code: str | None) -> UUID | None:
    if code is None:
        return None
    branch_id = await reader.fetchval("SELECT id FROM branch WHERE code = $1", code)
    if branch_id is None:
        rows = await reader.fetch("SELECT code FROM branch ORDER BY rents DESC, code")
        raise NotFound(f"no branch {code}; branches: {', '.join(r['code'] for r in rows)}")
    return branch_id
