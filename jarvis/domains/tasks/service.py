"""Tasks: what, by whom, until when. They come from a form; a substitute does those of an absent
employee."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from jarvis.engine.db import Reader, Row, Tx
from jarvis.kit.clock import Clock

TITLE_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that `assignee` is to do for `creator`, by the end of `due` (a day in Tbilisi)."""

    id: UUID
    title: str
    status: Literal["todo", "done"]
    creator_id: UUID
    creator: str
    assignee_id: UUID
    assignee: str
    due: date | None
    form_id: UUID | None
    done_at: datetime | None
    done_by: str | None


class TaskService:
    """Reads and writes tasks, always in the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def from_form(
        self,
        tx: Tx,
        form_id: UUID,
        *,
        title: str,
        creator: UUID,
        assignee: UUID,
        due: date | None,
        branch: str | None,
    ) -> UUID:
        """Create the task of a form; a form that was sent back and closed again updates its
        task."""
        return await tx.fetchval(
            """INSERT INTO task (title, creator_employee_id, assignee_employee_id, due_on, form_id,
                branch_id, created_at)
               VALUES ($1, $2, $3, $4, $5, (SELECT id FROM branch WHERE code = $6), $7)
               ON CONFLICT (form_id) DO UPDATE SET title = $1, assignee_employee_id = $3,
                 due_on = $4 RETURNING id""",
            title[:TITLE_MAX],
            creator,
            assignee,
            due,
            form_id,
            branch,
            self._clock.now(),
        )

    async def get(self, reader: Reader, task_id: UUID, *, lock: bool = False) -> Task | None:
        """A task; `lock` holds its row until the transaction ends."""
        if lock:
            await reader.fetchrow("SELECT 1 FROM task WHERE id = $1 FOR UPDATE", task_id)
        return _task(await reader.fetchrow(f"{_SQL} WHERE t.id = $1", task_id))

    async def open_of(self, reader: Reader, employee_id: UUID, limit: int) -> list[Task]:
        """Open tasks that the person has or gave, the earliest due first."""
        rows = await reader.fetch(
            f"""{_SQL} WHERE t.status = 'todo'
                AND $1 IN (t.assignee_employee_id, t.creator_employee_id)
                ORDER BY t.due_on NULLS LAST, t.created_at LIMIT $2""",
            employee_id,
            limit,
        )
        return [t for t in map(_task, rows) if t is not None]

    async def set_done(self, tx: Tx, task_id: UUID, *, by: UUID | None) -> bool:
        """Mark a task done by this person, or open (None); false when nothing changed."""
        return bool(
            await tx.fetchval(
                """UPDATE task SET status = CASE WHEN $2::uuid IS NULL THEN 'todo' ELSE 'done' END,
                    done_by_employee_id = $2,
                          done_at = CASE WHEN $2::uuid IS NULL THEN NULL ELSE $3::timestamptz END
                    WHERE id = $1 AND (status = 'done') = ($2::uuid IS NULL) RETURNING true""",
                task_id,
                by,
                self._clock.now(),
            )
        )


_SQL = """SELECT t.*, c.name AS creator, a.name AS assignee, d.name AS done_by FROM task t
            JOIN employee c ON c.id = t.creator_employee_id JOIN employee a
              ON a.id = t.assignee_employee_id
            LEFT JOIN employee d ON d.id = t.done_by_employee_id"""


def _task(row: Row | None) -> Task | None:
    if row is None:
        return None
    return Task(
        id=row["id"],
        title=row["title"],
        status=row["status"],
        creator_id=row["creator_employee_id"],
        creator=row["creator"],
        assignee_id=row["assignee_employee_id"],
        assignee=row["assignee"],
        due=row["due_on"],
        form_id=row["form_id"],
        done_at=row["done_at"],
        done_by=row["done_by"],
    )
