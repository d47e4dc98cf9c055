"""Identities of employees in outside systems."""

from __future__ import annotations

from uuid import UUID

from jarvis.engine import audit
from jarvis.engine.db import Tx
from jarvis.kit.errors import Conflict


async def bind_identity(
    tx: Tx, employee_id: UUID, system: str, key: str, by: str, by_id: UUID | None
) -> None:
    """Bind an identity of an outside system to an employee; one that is bound to them already
    stays.

    Args:
        tx: The transaction of the binding.
        employee_id: Whose identity it is.
        system: `telegram` or `rentprog`.
        key: The id of the user in that system.
        by: Who binds, for the audit.
        by_id: Who binds, if it is an employee.

    Raises:
        Conflict: the identity belongs to another employee, or this one has another identity in
            Telegram.
    """
    owner = await tx.fetchval(
        "SELECT employee_id FROM employee_identity WHERE system = $1 AND external_key = $2",
        system,
        key,
    )
    if owner == employee_id:
        return
    if owner is not None and not await tx.fetchval(
        "SELECT dismissed_at IS NOT NULL FROM employee WHERE id = $1", owner
    ):
        raise Conflict(f"{system} id {key} is bound to somebody else")
    if owner is not None:  # somebody who left is hired again, in a new row
        await tx.execute(
            "DELETE FROM employee_identity WHERE system = $1 AND external_key = $2", system, key
        )
    if system == "telegram" and await tx.fetchval(
        "SELECT true FROM employee_identity WHERE system = $1 AND employee_id = $2",
        system,
        employee_id,
    ):
        raise Conflict(f"this person has another {system} id")
    await tx.execute(
        """INSERT INTO employee_identity (employee_id, system, external_key,
            bound_by_employee_id)
           VALUES ($1, $2, $3, $4)""",
        employee_id,
        system,
        key,
        by_id,
    )
    await audit.record(
        tx,
        action="staff.bind",
        actor_id=by_id,
        actor_name=by,
        subject=f"{system}",
        outcome="bound",
        details={"employee_id": str(employee_id)},
    )


async def note_worker(tx: Tx, key: int | str | None, name: str | None) -> None:
    """Remember a RentProg user that a booking names: the only list of employees RentProg gives."""
    if key is None:
        return
    await tx.execute(
        """INSERT INTO rentprog_worker (external_key, name) VALUES ($1, $2)
           ON CONFLICT (external_key) DO UPDATE SET name = coalesce($2, rentprog_worker.name),
             seen_at = now()""",
        str(key),
        name,
    )
