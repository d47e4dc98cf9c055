"""The registry of groups. A bot cannot list the groups that it is in, so they are recorded here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from jarvis.domains.chats.models import OWN, SERVICE, Forum, Purpose
from jarvis.engine import audit
from jarvis.engine.db import Reader, Row, Tx
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Conflict, InvalidRequest, NotFound


class ChatService:
    """Reads and writes what each group is used for, in the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def register(
        self,
        tx: Tx,
        marked_id: int,
        title: str,
        purpose: Purpose,
        branch: str | None,
        *,
        by: str,
        employee_id: UUID | None = None,
    ) -> None:
        """Record what a group is used for.

        Raises:
            NotFound: no branch has this code.
            InvalidRequest: a branch or an employee was given where the purpose has none, or is
                missing.
            Conflict: another reachable group has this purpose; the message is its title. A group
                that the bot has lost is replaced.
        """
        if (branch is None) == (purpose == "branch_forum"):
            raise InvalidRequest(f"{purpose} {'needs' if branch is None else 'has no'} branch")
        if (employee_id is None) == (purpose in OWN):
            raise InvalidRequest(
                f"{purpose} {'needs' if employee_id is None else 'has no'} employee"
            )
        branch_id = await tx.fetchval("SELECT id FROM branch WHERE code = $1", branch)
        if branch is not None and branch_id is None:
            raise NotFound(f"no branch {branch}")
        other = await self.serving(tx, purpose, branch, employee_id)
        if other is not None and other.marked_id != marked_id:
            if not other.lost:
                raise Conflict(other.title)
            await tx.execute(
                "UPDATE chat SET purpose = NULL, branch_id = NULL, employee_id = NULL WHERE id = "
                "$1",
                other.id,
            )
        await tx.execute(
            """INSERT INTO chat (marked_id, kind, title, purpose, branch_id, seen_at, employee_id)
               VALUES ($1, 'group', $2, $3, $4, $5, $6)
               ON CONFLICT (marked_id) DO UPDATE SET title = $2, purpose = $3, branch_id = $4,
                 employee_id = $6""",
            marked_id,
            title,
            purpose,
            branch_id,
            self._clock.now(),
            employee_id,
        )
        await audit.record(
            tx, action="chat.register", actor_name=by, subject=title, outcome=purpose
        )

    async def set_title(self, tx: Tx, marked_id: int, title: str) -> None:
        """Record the title that Telegram shows."""
        await tx.execute("UPDATE chat SET title = $2 WHERE marked_id = $1", marked_id, title)

    async def title_of(self, reader: Reader, marked_id: int) -> str | None:
        """Return the last known title of a group."""
        return await reader.fetchval("SELECT title FROM chat WHERE marked_id = $1", marked_id)

    async def forum_of(self, reader: Reader, branch: str | None) -> Forum | None:
        """Return the forum of a branch, or None."""
        return _forum(await reader.fetchrow(f"{_FORUMS} AND b.code = $1", branch))

    async def company(self, reader: Reader, purpose: Purpose) -> Forum | None:
        """Return the company-wide group of this purpose, or None."""
        return _forum(await reader.fetchrow(f"{_FORUMS} AND c.purpose = $1", purpose))

    async def own(self, reader: Reader, purpose: Purpose, employee_id: UUID | None) -> Forum | None:
        """Return an employee's own group of this purpose, or None."""
        return _forum(
            await reader.fetchrow(
                f"{_FORUMS} AND c.purpose = $1 AND c.employee_id = $2", purpose, employee_id
            )
        )

    async def serving(
        self, reader: Reader, purpose: Purpose, branch: str | None, employee_id: UUID | None
    ) -> Forum | None:
        """Return the group that is registered for this purpose and branch or employee, or None."""
        if purpose in OWN:
            return await self.own(reader, purpose, employee_id)
        return await (
            self.forum_of(reader, branch) if branch is not None else self.company(reader, purpose)
        )

    async def forum(self, reader: Reader, marked_id: int) -> Forum | None:
        """Return the registered group with this Telegram id, or None."""
        return _forum(await reader.fetchrow(f"{_FORUMS} AND c.marked_id = $1", marked_id))

    async def services(self, reader: Reader) -> list[Forum]:
        """Return the service chats."""
        return [g for g in await self.groups(reader) if g.purpose in SERVICE]

    async def groups(self, reader: Reader) -> list[Forum]:
        """Return every registered group."""
        return [
            f
            for f in map(_forum, await reader.fetch(f"{_FORUMS} ORDER BY c.title"))
            if f is not None
        ]

    async def set_bot_rights(
        self, tx: Tx, forum: Forum, *, lacks: Sequence[str] = (), lost: bool = False
    ) -> None:
        """Record which rights the bot is missing in a group, or that it is no longer a member."""
        await tx.execute(
            "UPDATE chat SET lacks = $2, lost_at = CASE WHEN $3 THEN coalesce(lost_at, $4) END "
            "WHERE id = $1",
            forum.id,
            sorted(lacks),
            lost,
            self._clock.now(),
        )


_FORUMS = """SELECT c.id, c.marked_id, c.title, c.purpose, c.employee_id, c.lacks, c.lost_at, b.code
               FROM chat c LEFT JOIN branch b ON b.id = c.branch_id WHERE c.purpose IS NOT NULL"""


def _forum(row: Row | None) -> Forum | None:
    if row is None:
        return None
    return Forum(
        id=row["id"],
        marked_id=row["marked_id"],
        title=row["title"],
        purpose=row["purpose"],
        branch=row["code"],
        employee_id=row["employee_id"],
        lacks=frozenset(row["lacks"]),
        lost=row["lost_at"] is not None,
    )
