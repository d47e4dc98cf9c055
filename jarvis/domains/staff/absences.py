"""Absences, and the substitutes who take over the work meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jarvis.engine.db import Reader, Row, Tx
from jarvis.kit.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """An absence of an employee from the morning of `first` to the end of `last`, days in
    Tbilisi."""

    id: UUID
    employee_id: UUID
    name: str
    substitute_id: UUID | None
    substitute: str | None
    first: date
    last: date
    cancelled: bool


class Absences:
    """Reads and writes absences, always in the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def from_form(
        self,
        tx: Tx,
        form_id: UUID,
        *,
        employee_id: UUID,
        first: date,
        last: date,
        substitute: UUID | None,
    ) -> UUID:
        """Create the absence of a form; a form that was sent back and closed again updates its
        absence."""
        return await tx.fetchval(
            """INSERT INTO absence (employee_id, substitute_employee_id, first_on, last_on, form_id,
                noted_at)
               VALUES ($1, $2, $3, $4, $5, $6)
               ON CONFLICT (form_id) DO UPDATE SET substitute_employee_id = $2, first_on = $3,
                 last_on = $4
               RETURNING id""",
            employee_id,
            None if substitute == employee_id else substitute,
            first,
            last,
            form_id,
            self._clock.now(),
        )

    async def get(self, reader: Reader, absence_id: UUID) -> Absence | None:
        """An absence by its id."""
        return _absence(await reader.fetchrow(f"{_SQL} WHERE a.id = $1", absence_id))

    async def cancel(self, tx: Tx, absence_id: UUID) -> bool:
        """Cancel an absence; false when it was cancelled before."""
        sql = (
            "UPDATE absence SET cancelled_at = $2 WHERE id = $1 AND cancelled_at IS NULL "
            "RETURNING true"
        )
        return bool(await tx.fetchval(sql, absence_id, self._clock.now()))

    async def substitute_of(self, reader: Reader, employee_id: UUID, day: date) -> UUID:
        """Return who does an employee's work on a day: the employee, the substitute, or the
        substitute's own substitute."""
        seen = [employee_id]
        while True:
            found: UUID | None = await reader.fetchval(
                """SELECT a.substitute_employee_id FROM absence a JOIN employee e
                    ON e.id = a.substitute_employee_id
                    WHERE a.employee_id = $1 AND a.first_on <= $2 AND a.last_on >= $2
                      AND a.cancelled_at IS NULL AND e.dismissed_at IS NULL
                    ORDER BY a.noted_at DESC LIMIT 1""",
                seen[-1],
                day,
            )
            if found is None or found in seen:
                return seen[-1]
            seen.append(found)


_SQL = """SELECT a.*, e.name, s.name AS substitute FROM absence a JOIN employee e
           ON e.id = a.employee_id
            LEFT JOIN employee s ON s.id = a.substitute_employee_id"""


def _absence(row: Row | None) -> Absence | None:
    if row is None:
        return None
    return Absence(
        id=row["id"],
        employee_id=row["employee_id"],
        name=row["name"],
        substitute_id=row["substitute_employee_id"],
        substitute=row["substitute"],
        first=row["first_on"],
        last=row["last_on"],
        cancelled=row["cancelled_at"] is not None,
    )
