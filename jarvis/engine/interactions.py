"""Stored buttons, of which messages are only a view: who may press them and until when; each is
used once. All copies of a card form one group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from jarvis.engine.db import Database, Reader, Row, Tx
from jarvis.kit.actor import Actor, Role
from jarvis.kit.clock import Clock
from jarvis.kit.ids import new_token

DECISION_LIFE = timedelta(days=7)
TOKEN_BYTES = 12  # 16 characters; Telegram takes up to 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who may press: one person, or everybody with these roles who may see the branch; both empty
    means anybody."""

    employee_id: UUID | None = None
    roles: frozenset[Role] = frozenset()
    branch: str | None = None

    def may(self, actor: Actor | None) -> bool:
        """Whether this person may press; only employees may."""
        if actor is None:
            return False
        if self.employee_id is not None:
            return self.employee_id == actor.employee_id
        return not self.roles or (actor.role in self.roles and actor.may_see(self.branch))


ANYBODY = Who()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewButton:
    """A button to store: `choice` is its payload, in the form that the owner of its kind reads;
    `who` overrides the group's."""

    label: str
    kind: str
    choice: str
    who: Who | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """The meaning of a callback on a stored button. `who`: who may press it."""

    state: Literal["ok", "unknown", "expired", "used", "not_allowed"]
    kind: str = ""
    choice: str = ""
    group: str = ""
    who: Who = ANYBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One message that shows a group: its chat, person, language, and the effect that sent it."""

    place: str
    employee_id: UUID | None
    language: str
    effect_id: UUID


class Interactions:
    """Stores buttons, resolves callbacks, and keeps the copies of a group."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def store(
        self,
        tx: Tx,
        rows: Sequence[Sequence[NewButton]],
        *,
        group: str,
        who: Who,
        life: timedelta | None,
        conversation_id: UUID | None = None,
    ) -> list[list[dict[str, str]]]:
        """Store buttons and return them as an effect's argument: labels with short tokens. `life`
        None: no expiry.

        A group that was stored before keeps its tokens, so that a repeated handler, or a copy,
        shows the same buttons.
        """
        known = await tx.fetch(
            "SELECT token FROM interaction WHERE group_key = $1 ORDER BY ordinal", group
        )
        tokens = [row["token"] for row in known]
        now = self._clock.now()
        result: list[list[dict[str, str]]] = []
        number = 0
        for row in rows:
            line: list[dict[str, str]] = []
            for button in row:
                if number >= len(tokens):
                    may = button.who or who
                    tokens.append(new_token(TOKEN_BYTES))
                    await tx.execute(
                        """INSERT INTO interaction (token, kind, choice, group_key,
                            allowed_employee_id, allowed_roles,
                                                    allowed_branch, conversation_id, created_at,
                                                      expires_at, ordinal)
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
                        tokens[number],
                        button.kind,
                        button.choice,
                        group,
                        may.employee_id,
                        sorted(may.roles) or None,
                        may.branch,
                        conversation_id,
                        now,
                        None if life is None else now + life,
                        number,
                    )
                line.append({"label": button.label, "token": tokens[number]})
                number += 1
            result.append(line)
        return result

    async def look(self, token: str, actor: Actor | None) -> Pressed:
        """Resolve a callback without using the button up."""
        return self._read(
            await self._db.fetchrow("SELECT * FROM interaction WHERE token = $1", token),
            actor,
            None,
        )

    async def use(
        self, tx: Tx, token: str, actor: Actor | None, event_id: UUID, *, closes_group: bool = True
    ) -> Pressed:
        """Use a button once; this closes its whole group. A second callback finds it used.

        A callback that is handled again after an interruption finds its own use. If `closes_group`
        is false the group stays open: another person's decision is still needed.
        """
        row = await tx.fetchrow("SELECT * FROM interaction WHERE token = $1 FOR UPDATE", token)
        pressed = self._read(row, actor, event_id)
        if (
            pressed.state == "ok"
            and closes_group
            and row is not None
            and row["used_by_event_id"] != event_id
        ):
            assert actor is not None
            # The event is recorded on the pressed token only; the other buttons are closed without
            # one.
            await tx.execute(
                """UPDATE interaction SET used_at = $2, used_by_employee_id = $3,
                          used_by_event_id = CASE WHEN token = $4 THEN $5::uuid END
                    WHERE group_key = $1 AND used_at IS NULL""",
                row["group_key"],
                self._clock.now(),
                actor.employee_id,
                token,
                event_id,
            )
        return pressed

    async def close(self, tx: Tx, group: str) -> None:
        """Close a group without a callback: it expired, or what it asks has changed."""
        await tx.execute(
            "UPDATE interaction SET used_at = $2 WHERE group_key = $1 AND used_at IS NULL",
            group,
            self._clock.now(),
        )

    def _read(self, row: Row | None, actor: Actor | None, event_id: UUID | None) -> Pressed:
        if row is None:
            return Pressed(state="unknown")
        who = Who(
            employee_id=row["allowed_employee_id"],
            roles=frozenset(Role(r) for r in row["allowed_roles"] or ()),
            branch=row["allowed_branch"],
        )
        mine = event_id is not None and row["used_by_event_id"] == event_id
        state: Literal["ok", "expired", "used", "not_allowed"] = "ok"
        if not who.may(actor):
            state = "not_allowed"
        elif row["used_at"] is not None and not mine:
            state = "used"
        elif row["expires_at"] is not None and row["expires_at"] < self._clock.now() and not mine:
            state = "expired"
        return Pressed(
            state=state, kind=row["kind"], choice=row["choice"], group=row["group_key"], who=who
        )

    async def add_copy(self, tx: Tx, group: str, copy: Copy) -> None:
        """Remember a message that shows the group; one a place."""
        await tx.execute(
            """INSERT INTO interaction_copy (group_key, employee_id, place, language, effect_id)
                VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (group_key, place) DO UPDATE SET effect_id = $5""",
            group,
            copy.employee_id,
            copy.place,
            copy.language,
            copy.effect_id,
        )

    async def copies(self, reader: Reader, group: str) -> list[Copy]:
        """Every message that shows the group."""
        rows = await reader.fetch(
            "SELECT * FROM interaction_copy WHERE group_key = $1 ORDER BY place", group
        )
        return [
            Copy(
                place=r["place"],
                employee_id=r["employee_id"],
                language=r["language"],
                effect_id=r["effect_id"],
            )
            for r in rows
        ]
