"""The history of conversations, by employee and chat: append-only, closed after 30 idle minutes
or by `/new`, hidden by `/forget`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from jarvis.engine.db import Database, Tx
from jarvis.kit.clock import Clock

IDLE = timedelta(minutes=30)
REMEMBERED_RUNS = 6
EARLIER_CHARS = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """An open conversation and the agent run that starts in it. `fresh` is true at its first
    request.

    `history` holds what each role read and wrote in its last runs, oldest first, as JSON messages;
    `earlier` summarises older requests with the first line of their answers.
    """

    id: UUID
    run_id: UUID
    tainted: bool
    fresh: bool
    history: Mapping[str, Sequence[Any]]
    earlier: str


class ConversationService:
    """Opens and closes conversations and keeps their history."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def begin(
        self,
        *,
        employee_id: UUID,
        place: str,
        event_id: UUID,
        text: str,
        language: str,
        trace_id: str,
    ) -> Conversation:
        """Start a request in the employee's conversation in this chat, or in a new one after 30
        idle minutes, and create the run's row.

        A repeated event restarts its own run.
        """
        row = await self._db.fetchrow(
            "SELECT * FROM conversation_begin($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            employee_id,
            place,
            event_id,
            text,
            language,
            trace_id,
            self._clock.now(),
            IDLE,
            REMEMBERED_RUNS,
        )
        assert row is not None
        runs: dict[str, list[list[Any]]] = row["history"]
        return Conversation(
            id=row["conversation_id"],
            run_id=row["run_id"],
            tainted=row["tainted"],
            fresh=row["fresh"],
            history={
                role: [message for messages in rows for message in messages]
                for role, rows in runs.items()
            },
            earlier="; ".join(row["earlier"])[-EARLIER_CHARS:],
        )

    async def close(self, employee_id: UUID, place: str, *, forget: bool) -> None:
        """Close the conversation; with `forget` earlier ones in this chat are hidden as well."""
        now = self._clock.now()
        await self._db.execute(
            "UPDATE conversation SET closed_at = $3 WHERE employee_id = $1 AND place = $2 AND "
            "closed_at IS NULL",
            employee_id,
            place,
            now,
        )
        if forget:
            await self._db.execute(
                "UPDATE conversation SET forgotten_at = $3 WHERE employee_id = $1 AND place = $2 "
                "AND forgotten_at IS NULL",
                employee_id,
                place,
                now,
            )

    async def end(self, tx: Tx, employee_id: UUID) -> None:
        """Close every conversation of an employee who left."""
        await tx.execute(
            "UPDATE conversation SET closed_at = $2 WHERE employee_id = $1 AND closed_at IS NULL",
            employee_id,
            self._clock.now(),
        )

    async def remember(
        self, tx: Tx, conversation_id: UUID, run_id: UUID, role: str, messages: Sequence[Any]
    ) -> None:
        """Append what a role read and wrote."""
        await tx.execute(
            "INSERT INTO agent_message (conversation_id, agent_run_id, role, messages) VALUES ($1, "
            "$2, $3, $4)",
            conversation_id,
            run_id,
            role,
            list(messages),
        )

    async def report_problem(self, employee_id: UUID, place: str, text: str | None) -> str | None:
        """Record a problem with the last answer in this chat; return its trace id, or None when
        there is no answer yet."""
        trace = await self._db.fetchval(
            """SELECT r.trace_id FROM agent_run r JOIN conversation c ON c.id = r.conversation_id
                WHERE c.employee_id = $1 AND c.place = $2 ORDER BY r.started_at DESC LIMIT 1""",
            employee_id,
            place,
        )
        if trace is not None:
            await self._db.execute(
                "INSERT INTO problem_report (employee_id, trace_id, text, reported_at) VALUES ($1, "
                "$2, $3, $4)",
                employee_id,
                trace,
                text,
                self._clock.now(),
            )
        return trace
