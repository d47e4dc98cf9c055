"""Reads the staff list: who works here, in which role and branches, and their Telegram accounts."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from typing import cast
from uuid import UUID

from jarvis.domains.staff.models import Branch, Contact, Person
from jarvis.domains.staff.queries import employee_called
from jarvis.engine.db import Database, Reader, Row
from jarvis.kit.actor import Actor, Language, Role
from jarvis.kit.errors import NotFound
from jarvis.kit.names import name_score
from jarvis.kit.text import fold

BRANCHES_KEPT_S = 60.0  # branches change by hand, about once a year


class StaffService:
    """Finds employees and branches; `StaffAdministration` changes them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._branches: list[Branch] = []
        self._branches_until = 0.0

    async def branches(self) -> list[Branch]:
        """All branches, rental ones first: those added before the last read of an employee are
        included, a changed name appears within a minute."""
        if self._branches and time.monotonic() < self._branches_until:
            return self._branches
        rows = await self._db.fetch("SELECT * FROM branch ORDER BY rents DESC, code")
        self._branches_until = time.monotonic() + BRANCHES_KEPT_S
        self._branches = [
            Branch(
                id=r["id"],
                code=r["code"],
                rents=r["rents"],
                names={"ru": r["name_ru"], "en": r["name_en"], "ka": r["name_ka"]},
            )
            for r in rows
        ]
        return self._branches

    async def actor_of_telegram(self, user_id: int) -> Actor | None:
        """The employee bound to a Telegram user; None for strangers and dismissed people."""
        row = await self._db.fetchrow(
            f"""{_ACTOR_SQL} JOIN employee_identity i ON i.employee_id = e.id
                WHERE i.system = 'telegram' AND i.external_key = $1 AND e.dismissed_at IS NULL""",
            str(user_id),
        )
        return self._read(row)

    async def actor(self, employee_id: UUID) -> Actor | None:
        """The employee as of now; None once dismissed."""
        row = await self._db.fetchrow(
            f"{_ACTOR_SQL} WHERE e.id = $1 AND e.dismissed_at IS NULL", employee_id
        )
        return self._read(row)

    def _read(self, row: Row | None) -> Actor | None:
        """Read an employee; since every message reads one, a new branch is noticed here."""
        if row is None:
            return None
        if row["branches"] != len(self._branches):
            self._branches_until = 0.0
        return _actor(row)

    async def telegram_of(self, employee_id: UUID) -> int | None:
        """The Telegram user of an employee; None when none is bound, or once dismissed."""
        key = await self._db.fetchval(
            """SELECT i.external_key FROM employee_identity i JOIN employee e
                ON e.id = i.employee_id
                WHERE i.system = 'telegram' AND e.id = $1 AND e.dismissed_at IS NULL""",
            employee_id,
        )
        return None if key is None else int(key)

    async def colleagues(self, branch: str | None) -> list[Actor]:
        """Employees with a bound Telegram who may see the branch (None: all employees), by name."""
        people = await self.approvers(
            frozenset(Role), frozenset({branch} if branch is not None else ())
        )
        return sorted((actor for actor, _ in people), key=lambda actor: actor.name)

    async def actor_by_name(self, name: str) -> Actor:
        """An employee by full name, or by a part of it that fits one person.

        Raises:
            NotFound: nobody; the message lists who is there.
        """
        actor = await self.actor(await employee_called(self._db, name))
        if actor is None:
            raise NotFound(f"{name} has left the company")
        return actor

    async def people(self) -> Sequence[Row]:
        """The staff list with branch codes."""
        return await self._db.fetch(
            """SELECT e.id, e.name, e.role, e.language, e.dismissed_at, b.code AS branch,
                e.all_branches,
                      (SELECT string_agg(i.system, ', ') FROM employee_identity i
                        WHERE i.employee_id = e.id) AS bound
                 FROM employee e LEFT JOIN branch b ON b.id = e.home_branch_id ORDER BY e.name"""
        )

    async def heads(self, branch: str | None) -> list[str]:
        """Names of those responsible for a branch: its heads, else the directors."""
        rows = await self._db.fetch(
            """SELECT e.name, e.role FROM employee e LEFT JOIN branch b ON b.id = e.home_branch_id
                WHERE e.dismissed_at IS NULL AND ((e.role = 'branch_head' AND b.code = $1)
                  OR e.role = 'director')
                ORDER BY e.role, e.name""",
            branch,
        )
        heads = [r["name"] for r in rows if r["role"] == "branch_head"]
        return heads or [r["name"] for r in rows]

    async def find(self, said: str) -> list[Person]:
        """Employees whose name the phrase contains, in any alphabet and case; only the best
        match."""
        words = [fold(word) for word in re.findall(r"[^\W\d_]{3,}", said)]
        people = await self._persons(self._db, "e.dismissed_at IS NULL")
        scored = [
            (name_score(words, p.name.partition(" ")[0], p.name.partition(" ")[2]), p)
            for p in people
        ]
        best = max((score for score, _ in scored), default=0.0)
        return [p for score, p in scored if score >= 85 and score > best - 3]

    async def person(self, reader: Reader, employee_id: UUID) -> Person | None:
        """A person of the staff list, also after they left."""
        rows = await self._persons(reader, "e.id = $1", employee_id)
        return rows[0] if rows else None

    async def persons(self, reader: Reader, telegram_ids: Sequence[int]) -> list[Person]:
        """Those to whom these Telegram users are bound, also after they left."""
        return await self._persons(
            reader, "i.external_key = ANY($1)", [str(n) for n in telegram_ids]
        )

    async def employed(self, reader: Reader) -> list[Person]:
        """Everybody who works here and has a bound Telegram."""
        return await self._persons(reader, "e.dismissed_at IS NULL AND i.external_key IS NOT NULL")

    async def _persons(self, reader: Reader, where: str, *values: object) -> list[Person]:
        rows = await reader.fetch(
            f"""{_ACTOR_SQL}
                LEFT JOIN employee_identity i ON i.employee_id = e.id AND i.system = 'telegram'
                WHERE {where} ORDER BY e.name""".replace(
                "e.language,", "e.dismissed_at, i.external_key,"
            ),
            *values,
        )
        return [
            Person(
                employee_id=r["id"],
                name=r["name"],
                role=Role(r["role"]),
                everywhere=r["all_branches"],
                branches=frozenset({*r["scope"], *([r["home"]] if r["home"] else [])}),
                dismissed=r["dismissed_at"] is not None,
                telegram_id=None if r["external_key"] is None else int(r["external_key"]),
            )
            for r in rows
        ]

    async def contacts(
        self, role: Role | None = None, *, digest_hour: int | None = None
    ) -> list[Contact]:
        """Everybody with a bound Telegram: of a role, or whose digest comes at this local hour."""
        rows = await self._db.fetch(
            """SELECT e.id, i.external_key, e.language, e.digest_hour, e.muted
                 FROM employee e JOIN employee_identity i ON i.employee_id = e.id
                WHERE i.system = 'telegram' AND e.dismissed_at IS NULL AND ($1::text IS NULL
                  OR e.role = $1)
                  AND ($2::int IS NULL OR e.digest_hour = $2) ORDER BY e.name""",
            role.value if role else None,
            digest_hour,
        )
        return [
            Contact(
                employee_id=r["id"],
                telegram_id=int(r["external_key"]),
                language=r["language"],
                digest_hour=r["digest_hour"],
                muted=r["muted"],
            )
            for r in rows
        ]

    async def approvers(
        self, roles: frozenset[Role], branches: frozenset[str]
    ) -> list[tuple[Actor, int]]:
        """Employees of these roles who may see all these branches, with their Telegram ids: nearest
        first (heads of one of the branches, then heads of departments, then directors)."""
        rows = await self._db.fetch(
            f"""{_ACTOR_SQL} JOIN employee_identity i ON i.employee_id = e.id
                WHERE i.system = 'telegram' AND e.dismissed_at IS NULL AND e.role = ANY($1)
                ORDER BY e.name""".replace(
                "e.language, b.code", "e.language, i.external_key, b.code"
            ),
            sorted(roles),
        )
        found = [(_actor(row), int(row["external_key"])) for row in rows]
        able = [pair for pair in found if all(pair[0].may_see(branch) for branch in branches)]
        order = {Role.BRANCH_HEAD: 0, Role.DEPARTMENT_HEAD: 1, Role.DIRECTOR: 2}
        return sorted(able, key=lambda pair: (order.get(pair[0].role, 3), pair[0].name))


_ACTOR_SQL = """SELECT e.id, e.name, e.role, e.all_branches, e.language, b.code AS home,
                       ARRAY(SELECT c.code FROM employee_scope s JOIN branch c ON c.id = s.branch_id
                              WHERE s.employee_id = e.id) AS scope,
                       (SELECT count(*) FROM branch) AS branches
                  FROM employee e LEFT JOIN branch b ON b.id = e.home_branch_id"""


def _actor(row: Row) -> Actor:
    """Build the actor; without a branch of their own they see none, unless `all_branches` is
    set."""
    scope = (
        frozenset[str]()
        if row["all_branches"]
        else frozenset({*row["scope"], row["home"] or "none"})
    )
    return Actor(
        employee_id=row["id"],
        name=row["name"],
        role=Role(row["role"]),
        branches=scope,
        home_branch=row["home"],
        language=cast(Language, row["language"]),
    )
