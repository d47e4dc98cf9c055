"""Reads that changes of staff and branches need."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from jarvis.engine.db import Reader
from jarvis.kit.actor import Role
from jarvis.kit.errors import NotFound


async def works_here(reader: Reader, name: str, role: Role | None = None) -> UUID | None:
    """Return the employee of this name, and of this role if one is given."""
    return await reader.fetchval(
        "SELECT id FROM employee WHERE name = $1 AND dismissed_at IS NULL "
        "AND ($2::text IS NULL OR role = $2)",
        name,
        None if role is None else role.value,
    )


async def employee_called(reader: Reader, name: str) -> UUID:
    """Return the employee with this full name, or the only one with a name that contains it.

    Raises:
        NotFound: nobody, or several; the message lists who is there.
    """
    rows = await reader.fetch(
        "SELECT id, name FROM employee WHERE dismissed_at IS NULL ORDER BY name"
    )
    wanted = name.strip().casefold()
    exact = [row["id"] for row in rows if row["name"].casefold() == wanted]
    found = exact or [row["id"] for row in rows if wanted in row["name"].casefold()]
    if len(found) != 1:
        raise NotFound(
            f"{len(found)} people answer to {name!r}; staff: {', '.join(r['name'] for r in rows)}"
        )
    return found[0]


async def branch_exists(reader: Reader, code: str) -> bool:
    """Whether a branch has this code."""
    return bool(await reader.fetchval("SELECT true FROM branch WHERE code = $1", code))


async def position(reader: Reader, employee_id: UUID) -> Mapping[str, str | None]:
    """Role and home branch of an employee; nothing of somebody who left."""
    row = await reader.fetchrow(
        """SELECT e.role, b.code AS branch FROM employee e LEFT JOIN branch b
            ON b.id = e.home_branch_id
            WHERE e.id = $1 AND e.dismissed_at IS NULL""",
        employee_id,
    )
    return {} if row is None else {"role": row["role"], "branch": row["branch"]}


async def bot_name(reader: Reader) -> str | None:
    """The name under which people find the bot; None before it has logged in once."""
    return await reader.fetchval("SELECT max(username) FROM telegram_session")


async def asked_for(reader: Reader, key: str) -> bool:
    """Whether an effect with this key was requested."""
    return bool(await reader.fetchval("SELECT true FROM effect WHERE idempotency_key = $1", key))


async def administrators(reader: Reader) -> int:
    """Number of administrators."""
    return int(
        await reader.fetchval(
            "SELECT count(*) FROM employee WHERE role = 'admin' AND dismissed_at IS NULL"
        )
    )
