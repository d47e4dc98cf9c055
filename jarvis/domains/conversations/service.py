"""Memory per person and place: append-only, closed after 30 idle minutes or by `/new`, hidden by `/forget`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from jarvis.engine.db import Database, Tx
from jarvis.kit.clock import Clock
from jarvis.kit.ids import new_token

IDLE = timedelta(minutes=30)
BUTTON_LIFE = timedelta(days=7)
REMEMBERED_RUNS = 6
EARLIER_CHARS = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """An open conversation. `fresh` is true at its first request."""

    id: UUID
    tainted: bool
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What a press of a stored button means."""

    state: Literal["ok", "unknown", "expired", "used", "other_person"]
    kind: str = ""
    choice: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewButton:
    """A button to store: `choice` is the request, or the decision, that it stands for."""

    label: str
    kind: str
    choice: str


class ConversationService:
    """Opens conversations, keeps their history and their buttons."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def open(self, employee_id: UUID, place: str) -> Conversation:
        """The conversation of a person in a place; a new one after 30 idle minutes."""
        now = self._clock.now()
        async with self._db.transaction() as tx:
            await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 4))", f"{employee_id}:{place}")
            await tx.execute(
                """UPDATE conversation SET closed_at = $3
                    WHERE employee_id = $1 AND place = $2 AND closed_at IS NULL AND last_at < $4""",
                employee_id, place, now, now - IDLE,
            )  # fmt: skip
            row = await tx.fetchrow(
                """INSERT INTO conversation (employee_id, place, started_at, last_at) VALUES ($1, $2, $3, $3)
                   ON CONFLICT (employee_id, place) WHERE closed_at IS NULL DO UPDATE SET last_at = greatest(conversation.last_at, $3)
                   RETURNING id, tainted, (xmax = 0) AS fresh""",
                employee_id, place, now,
            )  # fmt: skip
        assert row is not None
        return Conversation(id=row["id"], tainted=row["tainted"], fresh=row["fresh"])

    async def close(self, employee_id: UUID, place: str, *, forget: bool) -> None:
        """End the conversation; with `forget` all earlier ones of this place are hidden as well."""
        now = self._clock.now()
        await self._db.execute(
            "UPDATE conversation SET closed_at = $3 WHERE employee_id = $1 AND place = $2 AND closed_at IS NULL",
            employee_id, place, now,
        )  # fmt: skip
        if forget:
            await self._db.execute(
                "UPDATE conversation SET forgotten_at = $3 WHERE employee_id = $1 AND place = $2 AND forgotten_at IS NULL",
                employee_id, place, now,
            )  # fmt: skip

    async def history(self, conversation_id: UUID, role: str) -> list[Any]:
        """What a role's last runs read and wrote, the oldest first, as JSON messages."""
        rows = await self._db.fetch(
            """SELECT m.messages FROM agent_message m JOIN conversation c ON c.id = m.conversation_id
                WHERE m.conversation_id = $1 AND m.role = $2 AND c.forgotten_at IS NULL ORDER BY m.seq DESC LIMIT $3""",
            conversation_id, role, REMEMBERED_RUNS,
        )  # fmt: skip
        return [message for row in reversed(rows) for message in row["messages"]]

    async def earlier(self, conversation_id: UUID) -> str:
        """A short list of older requests that no longer stand in the history."""
        rows = await self._db.fetch(
            """SELECT request_text FROM agent_run WHERE conversation_id = $1 AND state = 'answered'
                ORDER BY started_at DESC OFFSET $2 LIMIT 20""",
            conversation_id, REMEMBERED_RUNS,
        )  # fmt: skip
        return "; ".join(str(row["request_text"]) for row in reversed(rows))[-EARLIER_CHARS:]

    async def remember(self, tx: Tx, conversation_id: UUID, run_id: UUID, role: str, messages: Sequence[Any]) -> None:
        """Append what one role read and wrote."""
        await tx.execute(
            "INSERT INTO agent_message (conversation_id, agent_run_id, role, messages) VALUES ($1, $2, $3, $4)",
            conversation_id, run_id, role, list(messages),
        )  # fmt: skip

    async def store_buttons(
        self, tx: Tx, rows: Sequence[Sequence[NewButton]], *, group: str, employee_id: UUID | None,
        conversation_id: UUID | None,
    ) -> list[list[dict[str, str]]]:  # fmt: skip
        """Store buttons and return them as an effect's argument: labels with short tokens.

        A group that was stored before keeps its tokens, so that a repeated handler shows the same buttons.
        """
        known = await tx.fetch("SELECT token FROM interaction WHERE group_key = $1 ORDER BY ordinal", group)
        tokens = [row["token"] for row in known]
        now = self._clock.now()
        result: list[list[dict[str, str]]] = []
        number = 0
        for row in rows:
            line: list[dict[str, str]] = []
            for button in row:
                if number >= len(tokens):
                    tokens.append(new_token(12))
                    await tx.execute(
                        """INSERT INTO interaction (token, kind, choice, group_key, allowed_employee_id, conversation_id,
                                                    created_at, expires_at, ordinal)
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
                        tokens[number], button.kind, button.choice, group, employee_id, conversation_id, now,
                        now + BUTTON_LIFE, number,
                    )  # fmt: skip
                line.append({"label": button.label, "token": tokens[number]})
                number += 1
            result.append(line)
        return result

    async def look(self, token: str, employee_id: UUID | None) -> Pressed:
        """What a press would mean now, without using the button up."""
        row = await self._db.fetchrow("SELECT * FROM interaction WHERE token = $1", token)
        if row is None:
            return Pressed(state="unknown")
        if row["allowed_employee_id"] not in (None, employee_id):
            return Pressed(state="other_person")
        if row["expires_at"] < self._clock.now():
            return Pressed(state="expired")
        if row["used_at"] is not None:
            return Pressed(state="used")
        return Pressed(state="ok", kind=row["kind"], choice=row["choice"], group=row["group_key"])

    async def use(self, tx: Tx, token: str, employee_id: UUID) -> Pressed:
        """Use a button once: its whole group is settled with it. A second press finds it used."""
        row = await tx.fetchrow("SELECT * FROM interaction WHERE token = $1 FOR UPDATE", token)
        if row is None:
            return Pressed(state="unknown")
        if row["allowed_employee_id"] not in (None, employee_id):
            return Pressed(state="other_person")
        if row["used_at"] is not None:
            return Pressed(state="used")
        if row["expires_at"] < self._clock.now():
            return Pressed(state="expired")
        await tx.execute(
            "UPDATE interaction SET used_at = $2, used_by_employee_id = $3 WHERE group_key = $1 AND used_at IS NULL",
            row["group_key"], self._clock.now(), employee_id,
        )  # fmt: skip
        return Pressed(state="ok", kind=row["kind"], choice=row["choice"], group=row["group_key"])

    async def report_problem(self, employee_id: UUID, place: str, text: str | None) -> str | None:
        """Note a problem with the last answer here; returns its trace id, None when there is no answer yet."""
        trace = await self._db.fetchval(
            """SELECT r.trace_id FROM agent_run r JOIN conversation c ON c.id = r.conversation_id
                WHERE c.employee_id = $1 AND c.place = $2 ORDER BY r.started_at DESC LIMIT 1""",
            employee_id, place,
        )  # fmt: skip
        if trace is not None:
            await self._db.execute(
                "INSERT INTO problem_report (employee_id, trace_id, text, reported_at) VALUES ($1, $2, $3, $4)",
                employee_id, trace, text, self._clock.now(),
            )  # fmt: skip
        return trace
