"""Lists the cars, clients and tasks that need a topic."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from jarvis.domains.chats.models import OWN, Forum, Subject
from jarvis.engine.db import Reader


class TopicSubjects:
    """Finds whose topics have to be reconciled after an event that concerns many."""

    async def subjects_of(self, reader: Reader, forum: Forum, today: date) -> list[Subject]:
        """Return the cars, clients or tasks that should have a topic in this forum, or have one
        there."""
        if forum.purpose not in OWN:
            rows = await reader.fetch(
                """SELECT c.id FROM car c JOIN chat f ON f.branch_id = c.branch_id
                    OR f.purpose = 'hq' WHERE f.id = $1 AND c.active
                    UNION SELECT car_id FROM topic WHERE chat_id = $1 AND car_id IS NOT NULL
                      AND state IN ('making', 'open')""",
                forum.id,
            )
            return [Subject("car", key) for key in sorted(row["id"] for row in rows)]
        return await self.of_employee(
            reader,
            forum.employee_id,
            today,
            kind="client" if forum.purpose == "personal" else "task",
        )

    async def of_employee(
        self,
        reader: Reader,
        employee_id: UUID | None,
        today: date,
        *,
        kind: Literal["client", "task"] | None = None,
    ) -> list[Subject]:
        """Return the clients and tasks whose topics an employee's change can move.

        These are clients with a current booking, and open tasks, of this employee and of everybody
        who is absent today; and whatever has an open topic in the employee's own groups.
        """
        rows = await reader.fetch(
            """WITH people AS (SELECT $1::uuid AS id UNION SELECT employee_id FROM absence
                                WHERE cancelled_at IS NULL AND first_on <= $2 AND last_on >= $2)
               SELECT 'client' AS kind, b.client_id AS id FROM booking b
                 JOIN employee_identity i ON i.system = 'rentprog'
                   AND i.external_key = b.responsible_key
                WHERE i.employee_id IN (SELECT id FROM people) AND b.client_id IS NOT NULL
                  AND b.deleted_at IS NULL
                  AND b.status IN ('planned', 'in_rent')
                UNION SELECT 'task', id FROM task WHERE status = 'todo'
                  AND assignee_employee_id IN (SELECT id FROM people)
                UNION SELECT CASE WHEN t.task_id IS NULL THEN 'client' ELSE 'task' END,
                  coalesce(t.client_id, t.task_id) FROM topic t
                 JOIN chat c ON c.id = t.chat_id
                WHERE c.employee_id = $1 AND t.state IN ('making', 'open')
                  AND num_nonnulls(t.client_id, t.task_id) = 1
                ORDER BY 1, 2""",
            employee_id,
            today,
        )
        return [Subject(row["kind"], row["id"]) for row in rows if kind in (None, row["kind"])]

    async def cars_with_forum(self, reader: Reader) -> list[Subject]:
        """Return every active car whose branch has a forum, and every car with a topic that is
        not closed."""
        rows = await reader.fetch(
            """SELECT c.id FROM car c WHERE c.active AND c.deleted_at IS NULL AND EXISTS (
                  SELECT FROM chat f WHERE f.purpose = 'hq' OR (f.purpose = 'branch_forum'
                    AND f.branch_id = c.branch_id))
                UNION SELECT car_id FROM topic WHERE car_id IS NOT NULL AND state IN ('making',
                  'open', 'leaving') ORDER BY 1"""
        )
        return [Subject("car", row["id"]) for row in rows]

    async def clients_answered_for(self, reader: Reader, today: date) -> list[Subject]:
        """Return the clients with a current rental whose responsible employee has a group of their
        own or is absent today, and every client with an open topic.

        No other client can need a topic.
        """
        rows = await reader.fetch(
            """SELECT b.client_id AS id FROM booking b
                 JOIN employee_identity i ON i.system = 'rentprog'
                   AND i.external_key = b.responsible_key
                WHERE b.client_id IS NOT NULL AND b.deleted_at IS NULL AND b.status IN ('planned',
                  'in_rent') AND b.purpose = 'rental'
                  AND i.employee_id IN (
                    SELECT employee_id FROM chat WHERE purpose = 'personal'
                     UNION SELECT employee_id FROM absence WHERE cancelled_at IS NULL
                       AND first_on <= $1 AND last_on >= $1)
                UNION SELECT client_id FROM topic WHERE client_id IS NOT NULL
                  AND state IN ('making', 'open') ORDER BY 1""",
            today,
        )
        return [Subject("client", row["id"]) for row in rows]
