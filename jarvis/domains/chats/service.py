"""The registry of chats and topics: a bot can list neither, so what exists is what stands here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from jarvis.engine import audit
from jarvis.engine.db import Reader, Row, Tx
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Conflict, InvalidRequest, NotFound

TopicState = Literal["making", "open", "leaving", "closed", "gone"]
Purpose = Literal[
    "branch_forum", "archive", "hq", "leaders", "sales", "marketing", "personal", "tasks"
]
SERVICE: tuple[Purpose, ...] = ("leaders", "sales", "marketing")  # plain groups that hear news
COMPANY: tuple[Purpose, ...] = ("archive", "hq", *SERVICE)  # one of each for everybody
# one of each for an employee: their clients, their tasks
OWN: tuple[Purpose, ...] = ("personal", "tasks")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what a topic is about."""

    kind: Literal["car", "client", "task"]
    id: UUID


# Events upon which the topics of a subject are compared with what should be; their payload names it
# as `subject`.
REFRESHES = {"car": "topic.refresh", "client": "client.topic.refresh", "task": "task.topic.refresh"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Forum:
    """A group of ours: the forum of a branch, the archive, the main chat of cars, an employee's
    own; or a service chat, which has no topics.

    `lacks`: rights that the bot has not there; `lost`: it is not in the group at all.
    """

    id: UUID
    marked_id: int
    title: str
    purpose: Purpose
    branch: str | None
    employee_id: UUID | None
    lacks: frozenset[str]
    lost: bool

    def able(self, right: str) -> bool:
        """Whether the bot can do there what needs this right."""
        return not self.lost and right not in self.lacks and "forum" not in self.lacks


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic. `subject`: what it is about, None while it is nobody's. `number` is Telegram's, None
    until it was made; `opening` the effect that last wrote its first post; up to `told_seq` in the
    journal its talk stands elsewhere, written there by `told_by`."""

    id: UUID
    chat_id: UUID
    marked_id: int
    subject: Subject | None
    purpose: Purpose
    title: str
    number: int | None
    state: TopicState
    made_by: UUID | None
    opening: UUID | None
    opening_digest: str | None
    opening_at: datetime | None
    told_seq: int
    told_by: UUID | None

    @property
    def car_id(self) -> UUID | None:
        """The car that it is about."""
        return self.subject.id if self.subject is not None and self.subject.kind == "car" else None


class ChatService:
    """Reads and writes the registry, always in the caller's transaction."""

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
        """Say what a group is for: the forum of a branch, the archive, the main chat of cars, an
        employee's clients or tasks.

        Raises:
            NotFound: no such branch.
            InvalidRequest: a branch or an employee where none belongs, or none where one does.
            Conflict: another group serves this and is in reach; the message is its title. One that
                was lost gives way.
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

    async def titled(self, tx: Tx, marked_id: int, title: str) -> None:
        """The group bears this name now."""
        await tx.execute("UPDATE chat SET title = $2 WHERE marked_id = $1", marked_id, title)

    async def title_of(self, reader: Reader, marked_id: int) -> str | None:
        """The name of a group, as it was seen last."""
        return await reader.fetchval("SELECT title FROM chat WHERE marked_id = $1", marked_id)

    async def register_topic(self, tx: Tx, marked_id: int, number: int, title: str) -> None:
        """Note a topic that exists already; the car whose topic would bear this title takes it
        over."""
        await tx.execute(
            """INSERT INTO topic (chat_id, purpose, title, number, state)
               SELECT id, purpose, $2, $3, 'open' FROM chat WHERE marked_id = $1
               ON CONFLICT (chat_id, number) DO NOTHING""",
            marked_id,
            title,
            number,
        )

    async def forum_of(self, reader: Reader, branch: str | None) -> Forum | None:
        """The forum of a branch; None when it has none."""
        return _forum(await reader.fetchrow(f"{_FORUMS} AND b.code = $1", branch))

    async def company(self, reader: Reader, purpose: Purpose) -> Forum | None:
        """The company's only forum of this purpose; None when it has none."""
        return _forum(await reader.fetchrow(f"{_FORUMS} AND c.purpose = $1", purpose))

    async def own(self, reader: Reader, purpose: Purpose, employee_id: UUID | None) -> Forum | None:
        """The group of this purpose that is an employee's own; None when they have none."""
        return _forum(
            await reader.fetchrow(
                f"{_FORUMS} AND c.purpose = $1 AND c.employee_id = $2", purpose, employee_id
            )
        )

    async def serving(
        self, reader: Reader, purpose: Purpose, branch: str | None, employee_id: UUID | None
    ) -> Forum | None:
        """The group that serves this; None when none does."""
        if purpose in OWN:
            return await self.own(reader, purpose, employee_id)
        return await (
            self.forum_of(reader, branch) if branch is not None else self.company(reader, purpose)
        )

    async def forum(self, reader: Reader, marked_id: int) -> Forum | None:
        """The forum with this id."""
        return _forum(await reader.fetchrow(f"{_FORUMS} AND c.marked_id = $1", marked_id))

    async def forums(self, reader: Reader) -> list[Forum]:
        """Every forum of ours."""
        return [g for g in await self.groups(reader) if g.purpose not in SERVICE]

    async def services(self, reader: Reader) -> list[Forum]:
        """The service chats."""
        return [g for g in await self.groups(reader) if g.purpose in SERVICE]

    async def groups(self, reader: Reader) -> list[Forum]:
        """Every group of ours."""
        return [
            f
            for f in map(_forum, await reader.fetch(f"{_FORUMS} ORDER BY c.title"))
            if f is not None
        ]

    async def seen(
        self, tx: Tx, forum: Forum, *, lacks: Sequence[str] = (), lost: bool = False
    ) -> None:
        """Note what the bot lacks in the group, or that it is out of it."""
        await tx.execute(
            "UPDATE chat SET lacks = $2, lost_at = CASE WHEN $3 THEN coalesce(lost_at, $4) END "
            "WHERE id = $1",
            forum.id,
            sorted(lacks),
            lost,
            self._clock.now(),
        )

    async def to_look_at(
        self, tx: Tx, forum: Forum, at: datetime, pause: timedelta, most: int
    ) -> list[Row]:
        """Topics that were not looked at for so long, the longest first: `number`, and `post`, the
        message that opens it, if it was written. They count as looked at now."""
        return await tx.fetch(
            """UPDATE topic t SET looked_at = $2
                 FROM (SELECT id FROM topic WHERE chat_id = $1 AND state IN ('open', 'leaving',
                   'closed')
                          AND (looked_at IS NULL OR looked_at <= $3) ORDER BY looked_at NULLS FIRST,
                            number LIMIT $4) due
                WHERE t.id = due.id
               RETURNING t.number, (SELECT (e.receipt->>'message_id')::bigint FROM effect e
                                     WHERE e.id = t.opening_effect_id
                                       AND e.state = 'done') AS post""",
            forum.id,
            at,
            at - pause,
            most,
        )

    async def numbered(
        self, reader: Reader, forum: Forum, numbers: Sequence[int]
    ) -> dict[int, Topic]:
        """The topics of these numbers that are not gone."""
        rows = await reader.fetch(
            f"{_SQL} WHERE t.chat_id = $1 AND t.number = ANY($2) AND t.state <> 'gone'",
            forum.id,
            list(numbers),
        )
        return {t.number: t for t in map(_topic, rows) if t is not None and t.number is not None}

    async def subjects_of(self, reader: Reader, forum: Forum, today: date) -> list[Subject]:
        """The cars, clients or tasks whose topics this forum should have, or has."""
        if forum.purpose not in OWN:
            rows = await reader.fetch(
                """SELECT c.id FROM car c JOIN chat f ON f.branch_id = c.branch_id
                    OR f.purpose = 'hq' WHERE f.id = $1 AND c.active
                    UNION SELECT car_id FROM topic WHERE chat_id = $1 AND car_id IS NOT NULL
                      AND state IN ('making', 'open')""",
                forum.id,
            )
            return [Subject("car", key) for key in sorted(row["id"] for row in rows)]
        return await self.concerning(
            reader,
            forum.employee_id,
            today,
            kind="client" if forum.purpose == "personal" else "task",
        )

    async def concerning(
        self,
        reader: Reader,
        employee_id: UUID | None,
        today: date,
        *,
        kind: Literal["client", "task"] | None = None,
    ) -> list[Subject]:
        """Clients with a booking that is not over, and open tasks, of this person and of everybody
        who is away today; and those whose topics stand in groups of this person."""
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
        """Every active car for which there is a forum, and every car with a topic that is not
        closed."""
        rows = await reader.fetch(
            """SELECT c.id FROM car c WHERE c.active AND c.deleted_at IS NULL AND EXISTS (
                  SELECT FROM chat f WHERE f.purpose = 'hq' OR (f.purpose = 'branch_forum'
                    AND f.branch_id = c.branch_id))
                UNION SELECT car_id FROM topic WHERE car_id IS NOT NULL AND state IN ('making',
                  'open', 'leaving') ORDER BY 1"""
        )
        return [Subject("car", row["id"]) for row in rows]

    async def clients_answered_for(self, reader: Reader, today: date) -> list[Subject]:
        """Clients with a rental that is not over whose responsible has a group of their own or is
        away today, and every client with an open topic: of the others there is nothing to settle.
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

    async def live(self, reader: Reader, subject: Subject, purpose: Purpose) -> Topic | None:
        """The topic that is, or is being made, the open one of this subject for this purpose."""
        sql = (
            f"{_SQL} WHERE t.{subject.kind}_id = $1 AND t.purpose = $2 AND t.state IN "
            f"('making', 'open')"
        )
        return _topic(await reader.fetchrow(sql, subject.id, purpose))

    async def former(self, reader: Reader, subject: Subject, topic: Topic) -> list[Topic]:
        """Where the subject was talked about before this topic, for the same purpose, the oldest
        first."""
        others = (
            f"t.{subject.kind}_id = $1 AND t.purpose = $2 AND t.id <> $3 AND t.number IS NOT NULL"
        )
        rows = await reader.fetch(
            f"{_SQL} WHERE {others} ORDER BY t.created_at", subject.id, topic.purpose, topic.id
        )
        return [t for t in map(_topic, rows) if t is not None]

    async def topic(self, reader: Reader, topic_id: UUID) -> Topic | None:
        """A topic by its row."""
        return _topic(await reader.fetchrow(f"{_SQL} WHERE t.id = $1", topic_id))

    async def leaving(self, reader: Reader, car_id: UUID) -> list[Topic]:
        """Topics of the car that wait for the archive before they close."""
        rows = await reader.fetch(f"{_SQL} WHERE t.car_id = $1 AND t.state = 'leaving'", car_id)
        return [t for t in map(_topic, rows) if t is not None]

    async def reusable(
        self, reader: Reader, forum: Forum, subject: Subject, title: str
    ) -> Topic | None:
        """A topic of this forum that the subject can take: its own closed one. A car also takes one
        under its title that is nobody's; a client never does: names are not unique."""
        own = f"t.{subject.kind}_id = $2 AND t.state IN ('closed', 'leaving')"
        nobodys = (
            "num_nonnulls(t.car_id, t.client_id, t.task_id) = 0 AND t.title = $3 AND "
            "t.state = 'open' AND $4"
        )
        return _topic(
            await reader.fetchrow(
                f"""{_SQL} WHERE t.chat_id = $1 AND (({own}) OR ({nobodys}))
                    ORDER BY t.{subject.kind}_id NULLS LAST, t.created_at DESC LIMIT 1""",
                forum.id,
                subject.id,
                title,
                subject.kind == "car",
            )
        )

    async def leave_waiting(
        self, tx: Tx, car_id: UUID, purpose: Purpose, title: str, forum: Forum | None
    ) -> None:
        """Topics of this purpose that are nobody's and bear the car's title in any forum but this:
        the car's from now on, and left."""
        await tx.execute(
            """UPDATE topic SET car_id = $1, state = 'leaving'
                WHERE purpose = $2 AND title = $3 AND chat_id IS DISTINCT FROM $4 AND state = 'open'
                  AND num_nonnulls(car_id, client_id, task_id) = 0""",
            car_id,
            purpose,
            title,
            None if forum is None else forum.id,
        )

    async def begin(self, tx: Tx, forum: Forum, subject: Subject, title: str) -> Topic:
        """A row for a topic that is going to be made."""
        topic_id = await tx.fetchval(
            f"INSERT INTO topic (chat_id, purpose, {subject.kind}_id, title, state) VALUES ($1, "
            f"$2, $3, $4, 'making') RETURNING id",
            forum.id,
            forum.purpose,
            subject.id,
            title,
        )
        found = _topic(await tx.fetchrow(f"{_SQL} WHERE t.id = $1", topic_id))
        assert found is not None
        return found

    async def made_by(self, reader: Reader, effect_id: UUID) -> Topic | None:
        """The topic that an effect makes."""
        return _topic(await reader.fetchrow(f"{_SQL} WHERE t.made_effect_id = $1", effect_id))

    async def made_with(self, tx: Tx, topic_id: UUID, effect_id: UUID) -> None:
        """Note the effect that makes the topic."""
        await tx.execute("UPDATE topic SET made_effect_id = $2 WHERE id = $1", topic_id, effect_id)

    async def made(self, tx: Tx, topic_id: UUID, number: int) -> None:
        """Telegram made it; a topic that was left meanwhile stays left."""
        await tx.execute(
            "UPDATE topic SET number = $2, state = CASE state WHEN 'making' THEN 'open' ELSE state "
            "END WHERE id = $1",
            topic_id,
            number,
        )

    async def set_state(self, tx: Tx, topic_id: UUID, state: TopicState) -> None:
        """Open, closed or gone."""
        await tx.execute("UPDATE topic SET state = $2 WHERE id = $1", topic_id, state)

    async def take_over(self, tx: Tx, topic: Topic, subject: Subject) -> None:
        """The topic is about this from now on, and open."""
        await tx.execute(
            f"UPDATE topic SET state = $2, {subject.kind}_id = $3 WHERE id = $1",
            topic.id,
            "open" if topic.number else "making",
            subject.id,
        )

    async def lost(self, tx: Tx, topic_id: UUID) -> Subject | None:
        """Somebody deleted the topic; returns what lives without one now."""
        row = await tx.fetchrow(
            """WITH before AS (SELECT id, car_id, client_id, task_id, state FROM topic WHERE id = $1
                FOR UPDATE),
                    done AS (UPDATE topic SET state = 'gone' WHERE id = $1)
               SELECT * FROM before WHERE state IN ('making', 'open')""",
            topic_id,
        )
        return None if row is None else _subject(row)

    async def retitle(self, tx: Tx, topic_id: UUID, title: str) -> None:
        """The topic bears another name now."""
        await tx.execute("UPDATE topic SET title = $2 WHERE id = $1", topic_id, title)

    async def opened_with(self, tx: Tx, topic_id: UUID, effect_id: UUID, digest: str) -> None:
        """Note what the opening post says now, and the effect that wrote it."""
        await tx.execute(
            "UPDATE topic SET opening_effect_id = $2, opening_digest = $3, opening_at = $4 WHERE "
            "id = $1",
            topic_id,
            effect_id,
            digest,
            self._clock.now(),
        )

    async def told(self, tx: Tx, topic_id: UUID, seq: int, effect_id: UUID) -> None:
        """The talk of a topic up to this place in the journal goes into the archive by this
        effect."""
        await tx.execute(
            "UPDATE topic SET told_seq = $2, told_effect_id = $3 WHERE id = $1",
            topic_id,
            seq,
            effect_id,
        )

    async def untold(self, tx: Tx, topic_id: UUID) -> None:
        """The talk of a topic could not be written: all of it is written again."""
        await tx.execute(
            "UPDATE topic SET told_seq = 0, told_effect_id = NULL WHERE id = $1", topic_id
        )

    async def left(self, reader: Reader) -> list[UUID]:
        """Cars with topics that wait for the archive before they close."""
        rows = await reader.fetch(
            "SELECT DISTINCT car_id FROM topic WHERE state = 'leaving' AND car_id IS NOT NULL"
        )
        return [row["car_id"] for row in rows]

    async def post_lost(self, tx: Tx, topic_id: UUID) -> None:
        """Somebody deleted the opening post: the next settling writes another one."""
        await tx.execute(
            "UPDATE topic SET opening_effect_id = NULL, opening_digest = NULL WHERE id = $1",
            topic_id,
        )

    async def unwritten(self, tx: Tx, effect_id: UUID, before: UUID | None) -> None:
        """An opening post did not go through: the post is that of the effect `before`, and the next
        event of the subject writes it again.
        """
        sql = (
            "UPDATE topic SET opening_digest = NULL, opening_effect_id = $2 WHERE "
            "opening_effect_id = $1"
        )
        await tx.execute(sql, effect_id, before)


_FORUMS = """SELECT c.id, c.marked_id, c.title, c.purpose, c.employee_id, c.lacks, c.lost_at, b.code
               FROM chat c LEFT JOIN branch b ON b.id = c.branch_id WHERE c.purpose IS NOT NULL"""
_SQL = "SELECT t.*, c.marked_id FROM topic t JOIN chat c ON c.id = t.chat_id"


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


def _subject(row: Row) -> Subject | None:
    kinds: tuple[Literal["car", "client", "task"], ...] = ("car", "client", "task")
    return next(
        (Subject(kind, row[f"{kind}_id"]) for kind in kinds if row[f"{kind}_id"] is not None), None
    )


def _topic(row: Row | None) -> Topic | None:
    if row is None:
        return None
    return Topic(
        id=row["id"],
        chat_id=row["chat_id"],
        marked_id=row["marked_id"],
        subject=_subject(row),
        purpose=row["purpose"],
        title=row["title"],
        number=row["number"],
        state=row["state"],
        made_by=row["made_effect_id"],
        opening=row["opening_effect_id"],
        opening_digest=row["opening_digest"],
        opening_at=row["opening_at"],
        told_seq=row["told_seq"],
        told_by=row["told_effect_id"],
    )
