"""Who works here and who they are in Telegram. A binding is made by an admin only, never
claimed."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from jarvis.domains.staff.queries import employee_called
from jarvis.engine import audit, journal
from jarvis.engine.approvals import withdraw
from jarvis.engine.db import Database, Reader, Row, Tx
from jarvis.kit.actor import LANGUAGES, Actor, Language, Role
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Conflict, InvalidRequest, NotFound
from jarvis.kit.ids import new_id, new_token, sha256_hex
from jarvis.kit.names import name_score
from jarvis.kit.text import fold

INVITE_LIFE = timedelta(days=3)
CHANGED = "staff.changed"
BRANCHES_KEPT_S = 60.0  # branches change by hand, once in a year


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch with its names."""

    id: UUID
    code: str
    names: dict[str, str]
    rents: bool

    def name(self, language: str) -> str:
        return self.names.get(language, self.names["ru"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody pressed an invitation's link and waits for an admin."""

    invite_id: UUID
    employee_id: UUID
    employee_name: str
    telegram_id: str
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody whom Jarvis may write to in private. `digest_hour` is local; `muted` holds back what
    is not urgent."""

    employee_id: UUID
    telegram_id: int
    language: Language
    digest_hour: int | None
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the staff list, also after they left. `branches` are those that they belong to;
    `everywhere`: may look into all."""

    employee_id: UUID
    name: str
    role: Role
    branches: frozenset[str]
    everywhere: bool
    telegram_id: int | None
    dismissed: bool


class StaffService:
    """Reads and changes the staff list."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._branches: list[Branch] = []
        self._branches_until = 0.0

    async def branches(self) -> list[Branch]:
        """All branches, rental ones first: whatever was added before the last person was read is
        among them, another name shows within a minute."""
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
        """The employee; every message of a person reads one, and so learns of a new branch."""
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
        """Those with a bound Telegram who may look into the branch (None: everybody), by name."""
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
        """Names of those who answer for a branch: its heads, else the directors."""
        rows = await self._db.fetch(
            """SELECT e.name, e.role FROM employee e LEFT JOIN branch b ON b.id = e.home_branch_id
                WHERE e.dismissed_at IS NULL AND ((e.role = 'branch_head' AND b.code = $1)
                  OR e.role = 'director')
                ORDER BY e.role, e.name""",
            branch,
        )
        heads = [r["name"] for r in rows if r["role"] == "branch_head"]
        return heads or [r["name"] for r in rows]

    async def add(
        self,
        *,
        name: str,
        role: Role,
        branch: str | None,
        all_branches: bool,
        language: Language,
        department: str | None = None,
        manager: str | None = None,
        by: str = "CLI",
    ) -> UUID:
        """Hire somebody.

        Raises:
            Conflict: somebody of that name works here already.
            NotFound: no such branch or manager.
        """
        async with self._db.transaction() as tx:
            branch_id = await _branch_id(tx, branch)
            manager_id = None
            if manager is not None:
                manager_id = await tx.fetchval("SELECT id FROM employee WHERE name = $1", manager)
                if manager_id is None:
                    raise NotFound(f"no employee {manager}")
            employee_id = await tx.fetchval(
                """INSERT INTO employee (name, role, home_branch_id, all_branches, department,
                    manager_employee_id, language)
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id""",
                name,
                role.value,
                branch_id,
                all_branches,
                department,
                manager_id,
                language,
            )
            if employee_id is None:
                raise Conflict(f"{name} works here already")
            if branch_id is not None:
                await tx.execute(
                    "INSERT INTO employee_scope (employee_id, branch_id) VALUES ($1, $2)",
                    employee_id,
                    branch_id,
                )
            await audit.record(
                tx,
                action="staff.add",
                actor_name=by,
                subject=name,
                outcome=f"{role.value} {branch or ''}",
            )
        return employee_id

    async def add_branch(
        self, code: str, names: Mapping[str, str], *, rents: bool, by: str
    ) -> None:
        """A branch with its names in ru, en and ka; `rents`: cars are given out there. One that is
        there keeps its names."""
        async with self._db.transaction() as tx:
            added = await tx.fetchval(
                """INSERT INTO branch (code, name_ru, name_en, name_ka, rents) VALUES ($1, $2, $3,
                    $4, $5)
                   ON CONFLICT (code) DO NOTHING RETURNING true""",
                code,
                names["ru"],
                names["en"],
                names["ka"],
                rents,
            )
            if added:
                await audit.record(
                    tx, action="branch.add", actor_name=by, subject=code, outcome=names["ru"]
                )

    async def find(self, said: str) -> list[Person]:
        """Those who work here and whose name is in the phrase, in any alphabet and case; the best
        fit only."""
        words = [fold(word) for word in re.findall(r"[^\W\d_]{3,}", said)]
        people = await self._persons(self._db, "e.dismissed_at IS NULL")
        scored = [
            (name_score(words, p.name.partition(" ")[0], p.name.partition(" ")[2]), p)
            for p in people
        ]
        best = max((score for score, _ in scored), default=0.0)
        return [p for score, p in scored if score >= 85 and score > best - 3]

    async def person(self, reader: Reader, employee_id: UUID) -> Person | None:
        """Somebody of the staff list, also after they left."""
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

    async def change(
        self, employee_id: UUID, *, role: Role | None = None, branch: str | None = None, by: str
    ) -> None:
        """Give somebody another role, or another branch instead of all that they had. What they
        asked for in their old role, and nobody has confirmed, is void.

        Raises:
            NotFound: nobody of that id works here, or there is no such branch.
        """
        async with self._db.transaction() as tx:
            branch_id = await _branch_id(tx, branch)
            changed = await tx.execute(
                """UPDATE employee SET role = coalesce($2, role), home_branch_id = coalesce($3,
                    home_branch_id)
                    WHERE id = $1 AND dismissed_at IS NULL""",
                employee_id,
                role.value if role else None,
                branch_id,
            )
            if not changed:
                raise NotFound("nobody of that id works here")
            withdrawn = (
                await withdraw(tx, employee_id, self._clock.now()) if role is not None else []
            )
            if branch_id is not None:
                await tx.execute("DELETE FROM employee_scope WHERE employee_id = $1", employee_id)
                await tx.execute(
                    "INSERT INTO employee_scope (employee_id, branch_id) VALUES ($1, $2)",
                    employee_id,
                    branch_id,
                )
            await audit.record(
                tx,
                action="staff.change",
                actor_name=by,
                subject=str(employee_id),
                outcome=f"{role.value if role else ''} {branch or ''}".strip(),
            )
            await self._announce(tx, employee_id, withdrawn)

    async def _announce(self, tx: Tx, employee_id: UUID, withdrawn: Sequence[UUID] = ()) -> None:
        """Tell the rooms that keep to the staff list, in the transaction of its change."""
        await journal.publish(
            tx,
            kind=CHANGED,
            dedup_key=f"{CHANGED}:{new_id()}",
            trace_id=new_id().hex,
            parent_id=None,
            ordering_key=f"employee:{employee_id}",
            payload={"employee_id": str(employee_id), "withdrawn": [str(n) for n in withdrawn]},
        )

    async def bind(
        self,
        *,
        employee_id: UUID,
        system: str,
        key: str,
        by: str,
        by_id: UUID | None = None,
        announce: bool = True,
    ) -> None:
        """Bind an outside identity to an employee. `announce`: the chats follow; a world that is
        loaded has its members already.

        Raises:
            Conflict: the identity, or this person's place in that system, is taken.
        """
        async with self._db.transaction() as tx:
            await self._bind(tx, employee_id, system, key, by, by_id)
            if system == "telegram" and announce:
                await self._announce(tx, employee_id)

    async def _bind(
        self, tx: Tx, employee_id: UUID, system: str, key: str, by: str, by_id: UUID | None
    ) -> None:
        owner = await tx.fetchval(
            "SELECT employee_id FROM employee_identity WHERE system = $1 AND external_key = $2",
            system,
            key,
        )
        if owner == employee_id:
            return
        if owner is not None and not await tx.fetchval(
            "SELECT dismissed_at IS NOT NULL FROM employee WHERE id = $1", owner
        ):
            raise Conflict(f"{system} id {key} is bound to somebody else")
        if owner is not None:  # somebody who left comes back, under a row of their own
            await tx.execute(
                "DELETE FROM employee_identity WHERE system = $1 AND external_key = $2", system, key
            )
        if system == "telegram" and await tx.fetchval(
            "SELECT true FROM employee_identity WHERE system = $1 AND employee_id = $2",
            system,
            employee_id,
        ):
            raise Conflict(f"this person has another {system} id")
        await tx.execute(
            """INSERT INTO employee_identity (employee_id, system, external_key,
                bound_by_employee_id)
               VALUES ($1, $2, $3, $4)""",
            employee_id,
            system,
            key,
            by_id,
        )
        await audit.record(
            tx,
            action="staff.bind",
            actor_id=by_id,
            actor_name=by,
            subject=f"{system}",
            outcome="bound",
            details={"employee_id": str(employee_id)},
        )

    async def dismiss(self, employee_id: UUID, *, by: str, announce: bool = True) -> None:
        """End somebody's rights at their next tool call, and what they asked for and nobody has
        confirmed; idempotent."""
        async with self._db.transaction() as tx:
            count = await tx.execute(
                "UPDATE employee SET dismissed_at = $2 WHERE id = $1 AND dismissed_at IS NULL",
                employee_id,
                self._clock.now(),
            )
            if count:
                withdrawn = await withdraw(tx, employee_id, self._clock.now())
                await tx.execute(
                    "UPDATE employee_invite SET decided_at = $2, accepted = false WHERE "
                    "employee_id = $1 AND decided_at IS NULL",
                    employee_id,
                    self._clock.now(),
                )
                await audit.record(
                    tx,
                    action="staff.dismiss",
                    actor_name=by,
                    subject=str(employee_id),
                    outcome="done",
                )
                if announce:
                    await self._announce(tx, employee_id, withdrawn)

    async def set_language(self, employee_id: UUID, language: str) -> None:
        """The person's own language setting."""
        if language not in LANGUAGES:
            raise InvalidRequest("languages: ru, en, ka")
        await self._db.execute(
            "UPDATE employee SET language = $2 WHERE id = $1", employee_id, language
        )

    async def set_digest_hour(self, employee_id: UUID, hour: int | None) -> None:
        """When the digest comes (local hour), or never."""
        if hour is not None and not 0 <= hour <= 23:
            raise InvalidRequest("an hour is 0 to 23")
        await self._db.execute(
            "UPDATE employee SET digest_hour = $2 WHERE id = $1", employee_id, hour
        )

    async def set_muted(self, employee_id: UUID, muted: bool) -> None:
        """Whether notices other than urgent ones are held back."""
        await self._db.execute("UPDATE employee SET muted = $2 WHERE id = $1", employee_id, muted)

    async def preferences(self, employee_id: UUID) -> tuple[Language, int | None, bool]:
        """Language, digest hour, muted."""
        row = await self._db.fetchrow(
            "SELECT language, digest_hour, muted FROM employee WHERE id = $1", employee_id
        )
        if row is None:
            raise NotFound("no such employee")
        return row["language"], row["digest_hour"], row["muted"]

    async def invite(self, employee_id: UUID, *, by: str) -> str:
        """A one-time token for the bot's link; the binding still needs an admin's word."""
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

    async def claim_invite(self, token: str, telegram_id: int) -> Claim | None:
        """Somebody pressed a link; None when it is unknown, used or too old."""
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

    async def decide_invite(self, invite_id: UUID, *, accept: bool, by: Actor) -> Claim:
        """An admin's decision over a claim.

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
                await self._bind(
                    tx,
                    row["employee_id"],
                    "telegram",
                    row["claimed_by_key"],
                    by.name,
                    by.employee_id,
                )
                await self._announce(tx, row["employee_id"])
        return Claim(
            invite_id=invite_id,
            employee_id=row["employee_id"],
            employee_name=row["name"],
            telegram_id=row["claimed_by_key"],
            language=row["language"],
        )

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
        """Those of these roles who may look into all these branches, with their Telegram ids:
        nearest first (a head of one of the branches, then heads of departments, then directors)."""
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
    """Nobody without a branch of their own looks everywhere: only `all_branches` does."""
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


async def _branch_id(reader: Reader, code: str | None) -> UUID | None:
    if code is None:
        return None
    branch_id = await reader.fetchval("SELECT id FROM branch WHERE code = $1", code)
    if branch_id is None:
        rows = await reader.fetch("SELECT code FROM branch ORDER BY rents DESC, code")
        raise NotFound(f"no branch {code}; branches: {', '.join(r['code'] for r in rows)}")
    return branch_id


async def note_worker(tx: Tx, key: int | str | None, name: str | None) -> None:
    """Remember a RentProg user that a booking names: the only list of employees RentProg gives."""
    if key is None:
        return
    await tx.execute(
        """INSERT INTO rentprog_worker (external_key, name) VALUES ($1, $2)
           ON CONFLICT (external_key) DO UPDATE SET name = coalesce($2, rentprog_worker.name),
             seen_at = now()""",
        str(key),
        name,
    )
