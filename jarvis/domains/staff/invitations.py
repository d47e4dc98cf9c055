"""Invitations: one-time links by which a new colleague binds their Telegram account, once an
administrator confirms it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from jarvis.domains.staff.events import publish_change
from jarvis.domains.staff.identities import bind_identity
from jarvis.domains.staff.models import Claim
from jarvis.engine import audit
from jarvis.engine.db import Database
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Conflict
from jarvis.kit.ids import new_token, sha256_hex

INVITE_LIFE = timedelta(days=3)


class Invitations:
    """Makes invitations, records who opened one, and binds those who were confirmed."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def create(self, employee_id: UUID, *, by: str) -> str:
        """Make a one-time token for a link to the bot; an administrator still has to confirm."""
        token = new_token(16)
        async with self._db.transaction() as tx:
            await tx.execute(
                "INSERT INTO employee_invite (employee_id, token_digest, expires_at) VALUES ($1, "
                "$2, $3)",
                employee_id,
                sha256_hex(token),
                self._clock.now() + INVITE_LIFE,
            )
            await audit.record(
                tx, action="staff.invite", actor_name=by, subject=str(employee_id), outcome="made"
            )
        return token

    async def claim(self, token: str, telegram_id: int) -> Claim | None:
        """Record that a Telegram user opened the link of an invitation; None when its token is
        unknown, used or too old."""
        row = await self._db.fetchrow(
            """UPDATE employee_invite i SET claimed_at = $3, claimed_by_key = $2 FROM employee e
                WHERE i.token_digest = $1 AND i.expires_at > $3 AND i.decided_at IS NULL
                  AND (i.claimed_by_key IS NULL OR i.claimed_by_key = $2) AND e.id = i.employee_id
                RETURNING i.id, e.id AS employee_id, e.name, e.language""",
            sha256_hex(token),
            str(telegram_id),
            self._clock.now(),
        )
        if row is None:
            return None
        return Claim(
            invite_id=row["id"],
            employee_id=row["employee_id"],
            employee_name=row["name"],
            telegram_id=str(telegram_id),
            language=row["language"],
        )

    async def decide(self, invite_id: UUID, *, accept: bool, by: Actor) -> Claim:
        """Accept or decline a claim; an accepted one binds the Telegram user to the employee.

        Raises:
            Conflict: decided already (the message is the person's name), or the identity is taken.
        """
        async with self._db.transaction() as tx:
            row = await tx.fetchrow(
                """UPDATE employee_invite i SET decided_at = $2, accepted = $3,
                    decided_by_employee_id = $4 FROM employee e
                    WHERE i.id = $1 AND i.decided_at IS NULL AND i.claimed_by_key IS NOT NULL
                      AND e.id = i.employee_id
                    RETURNING i.*, e.name, e.language""",
                invite_id,
                self._clock.now(),
                accept,
                by.employee_id,
            )
            if row is None:
                name = await tx.fetchval(
                    "SELECT e.name FROM employee_invite i JOIN employee e ON e.id = i.employee_id "
                    "WHERE i.id = $1",
                    invite_id,
                )
                raise Conflict(str(name))
            if accept:
                await bind_identity(
                    tx,
                    row["employee_id"],
                    "telegram",
                    row["claimed_by_key"],
                    by.name,
                    by.employee_id,
                )
                await publish_change(tx, row["employee_id"])
        return Claim(
            invite_id=invite_id,
            employee_id=row["employee_id"],
            employee_name=row["name"],
            telegram_id=row["claimed_by_key"],
            language=row["language"],
        )
