"""Memory per person and place: append-only, closed after 30 idle minutes or by `/new`, hidden by `/forget`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
EARLIER_CHARS = 1200


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """An open conversation with the run that begins in it. `fresh` is true at its first request.

    `history` holds what each role read and wrote in its last runs, the oldest first, as JSON messages; `earlier` sums up
    older requests with the first line of their answers.
    """

    id: UUID
    run_id: UUID
    tainted: bool
    fresh: bool
    history: Mapping[str, Sequence[Any]]
    earlier: str


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

    async def begin(self, *, employee_id: UUID, place: str, event_id: UUID, text: str, language: str, trace_id: str) -> Conversation:
        """Begin a request: the conversation of a person in a place (a new one after 30 idle minutes) and the run's row.

        A repeated event begins its own run anew.
        """
        row = await self._db.fetchrow(
            "SELECT * FROM conversation_begin($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            employee_id, place, event_id, text, language, trace_id, self._clock.now(), IDLE, REMEMBERED_RUNS,
        )  # fmt: skip
        assert row is not None
        runs: dict[str, list[list[Any]]] = row["history"]
        return Conversation(
            id=row["conversation_id"], run_id=row["run_id"], tainted=row["tainted"], fresh=row["fresh"],
            history={role: [message for messages in rows for message in messages] for role, rows in runs.items()},
            earlier="; ".join(row["earlier"])[-EARLIER_CHARS:],
        )  # fmt: skip

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

    async def use(self, tx: Tx, token: str, employee_id: UUID, event_id: UUID) -> Pressed:
        """Use a button once: its whole group is settled with it. A second press finds it used.

        The press that used it finds it its own when its handling is repeated after an interruption.
        """
        row = await tx.fetchrow("SELECT * FROM interaction WHERE token = $1 FOR UPDATE", token)
        if row is None:
            return Pressed(state="unknown")
        if row["allowed_employee_id"] not in (None, employee_id):
            return Pressed(state="other_person")
        mine = row["used_by_event_id"] == event_id
        if row["used_at"] is not None and not mine:
            return Pressed(state="used")
        if row["expires_at"] < self._clock.now() and not mine:
            return Pressed(state="expired")
        if not mine:
            # The token that was pressed names the press; its neighbours are settled without one.
            await tx.execute(
                """UPDATE interaction SET used_at = $2, used_by_employee_id = $3,
                          used_by_event_id = CASE WHEN token = $4 THEN $5::uuid END
                    WHERE group_key = $1 AND used_at IS NULL""",
                row["group_key"], self._clock.now(), employee_id, token, event_id,
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
