"""The registry of topics. A bot cannot list the topics of a forum, so they are recorded here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from jarvis.domains.chats.models import Forum, Purpose, Subject, Topic, TopicState
from jarvis.engine.db import Reader, Row, Tx
from jarvis.kit.clock import Clock


class TopicRegistry:
    """Reads and writes the records of topics, in the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def register_topic(self, tx: Tx, marked_id: int, number: int, title: str) -> None:
        """Record a topic that exists in Telegram; the car whose topic would have this title
        adopts it later."""
        await tx.execute(
            """INSERT INTO topic (chat_id, purpose, title, number, state)
               SELECT id, purpose, $2, $3, 'open' FROM chat WHERE marked_id = $1
               ON CONFLICT (chat_id, number) DO NOTHING""",
            marked_id,
            title,
            number,
        )

    async def live(self, reader: Reader, subject: Subject, purpose: Purpose) -> Topic | None:
        """Return the subject's topic of this purpose that is open or being created, or None."""
        sql = (
            f"{_SQL} WHERE t.{subject.kind}_id = $1 AND t.purpose = $2 AND t.state IN "
            f"('making', 'open')"
        )
        return _topic(await reader.fetchrow(sql, subject.id, purpose))

    async def former(self, reader: Reader, subject: Subject, topic: Topic) -> list[Topic]:
        """Return the other topics that the subject had for this purpose, oldest first."""
        others = (
            f"t.{subject.kind}_id = $1 AND t.purpose = $2 AND t.id <> $3 AND t.number IS NOT NULL"
        )
        rows = await reader.fetch(
            f"{_SQL} WHERE {others} ORDER BY t.created_at", subject.id, topic.purpose, topic.id
        )
        return [t for t in map(_topic, rows) if t is not None]

    async def topic(self, reader: Reader, topic_id: UUID) -> Topic | None:
        """Return a topic by its id, or None."""
        return _topic(await reader.fetchrow(f"{_SQL} WHERE t.id = $1", topic_id))

    async def by_numbers(
        self, reader: Reader, forum: Forum, numbers: Sequence[int]
    ) -> dict[int, Topic]:
        """Return the topics with these Telegram numbers, without deleted ones."""
        rows = await reader.fetch(
            f"{_SQL} WHERE t.chat_id = $1 AND t.number = ANY($2) AND t.state <> 'gone'",
            forum.id,
            list(numbers),
        )
        return {t.number: t for t in map(_topic, rows) if t is not None and t.number is not None}

    async def created_by(self, reader: Reader, effect_id: UUID) -> Topic | None:
        """Return the topic that an effect creates, or None."""
        return _topic(await reader.fetchrow(f"{_SQL} WHERE t.made_effect_id = $1", effect_id))

    async def awaiting_archive(self, reader: Reader, car_id: UUID) -> list[Topic]:
        """Return the car's topics that close as soon as the archive has their content."""
        rows = await reader.fetch(f"{_SQL} WHERE t.car_id = $1 AND t.state = 'leaving'", car_id)
        return [t for t in map(_topic, rows) if t is not None]

    async def cars_awaiting_archive(self, reader: Reader) -> list[UUID]:
        """Return the cars that have topics waiting for the archive."""
        rows = await reader.fetch(
            "SELECT DISTINCT car_id FROM topic WHERE state = 'leaving' AND car_id IS NOT NULL"
        )
        return [row["car_id"] for row in rows]

    async def reusable(
        self, reader: Reader, forum: Forum, subject: Subject, title: str
    ) -> Topic | None:
        """Return a topic of the forum that the subject can take over instead of creating one.

        That is a closed topic of its own. A car can also adopt an unassigned one with its title; a
        client cannot, since two clients may have one name.
        """
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

    async def adopt_misplaced(
        self, tx: Tx, car_id: UUID, purpose: Purpose, title: str, forum: Forum | None
    ) -> None:
        """Assign unassigned topics with the car's title outside this forum to the car, to be
        closed once they are archived."""
        await tx.execute(
            """UPDATE topic SET car_id = $1, state = 'leaving'
                WHERE purpose = $2 AND title = $3 AND chat_id IS DISTINCT FROM $4 AND state = 'open'
                  AND num_nonnulls(car_id, client_id, task_id) = 0""",
            car_id,
            purpose,
            title,
            None if forum is None else forum.id,
        )

    async def create(self, tx: Tx, forum: Forum, subject: Subject, title: str) -> Topic:
        """Record a topic that is about to be created in Telegram."""
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

    async def set_creating_effect(self, tx: Tx, topic_id: UUID, effect_id: UUID) -> None:
        """Record the effect that creates the topic."""
        await tx.execute("UPDATE topic SET made_effect_id = $2 WHERE id = $1", topic_id, effect_id)

    async def set_created(self, tx: Tx, topic_id: UUID, number: int) -> None:
        """Record the number that Telegram gave; the topic opens unless it is to be closed
        already."""
        await tx.execute(
            "UPDATE topic SET number = $2, state = CASE state WHEN 'making' THEN 'open' ELSE state "
            "END WHERE id = $1",
            topic_id,
            number,
        )

    async def set_state(self, tx: Tx, topic_id: UUID, state: TopicState) -> None:
        """Set the state of a topic."""
        await tx.execute("UPDATE topic SET state = $2 WHERE id = $1", topic_id, state)

    async def assign(self, tx: Tx, topic: Topic, subject: Subject) -> None:
        """Assign a topic to a subject and open it."""
        await tx.execute(
            f"UPDATE topic SET state = $2, {subject.kind}_id = $3 WHERE id = $1",
            topic.id,
            "open" if topic.number else "making",
            subject.id,
        )

    async def mark_deleted(self, tx: Tx, topic_id: UUID) -> Subject | None:
        """Record that somebody deleted the topic; return the subject that has no open topic now."""
        row = await tx.fetchrow(
            """WITH before AS (SELECT id, car_id, client_id, task_id, state FROM topic WHERE id = $1
                FOR UPDATE),
                    done AS (UPDATE topic SET state = 'gone' WHERE id = $1)
               SELECT * FROM before WHERE state IN ('making', 'open')""",
            topic_id,
        )
        return None if row is None else _subject(row)

    async def set_title(self, tx: Tx, topic_id: UUID, title: str) -> None:
        """Record another title."""
        await tx.execute("UPDATE topic SET title = $2 WHERE id = $1", topic_id, title)

    async def set_opening_post(self, tx: Tx, topic_id: UUID, effect_id: UUID, digest: str) -> None:
        """Record the digest of the opening post and the effect that wrote it."""
        await tx.execute(
            "UPDATE topic SET opening_effect_id = $2, opening_digest = $3, opening_at = $4 WHERE "
            "id = $1",
            topic_id,
            effect_id,
            digest,
            self._clock.now(),
        )

    async def mark_opening_post_deleted(self, tx: Tx, topic_id: UUID) -> None:
        """Record that somebody deleted the opening post; the next reconciliation writes it
        again."""
        await tx.execute(
            "UPDATE topic SET opening_effect_id = NULL, opening_digest = NULL WHERE id = $1",
            topic_id,
        )

    async def mark_opening_post_failed(self, tx: Tx, effect_id: UUID, before: UUID | None) -> None:
        """Record that an edit of the opening post failed; the next event of the subject repeats it.

        Args:
            tx: The caller's transaction.
            effect_id: The effect that failed.
            before: The effect that wrote the post as it is now.
        """
        sql = (
            "UPDATE topic SET opening_digest = NULL, opening_effect_id = $2 WHERE "
            "opening_effect_id = $1"
        )
        await tx.execute(sql, effect_id, before)

    async def set_copied(self, tx: Tx, topic_id: UUID, seq: int, effect_id: UUID) -> None:
        """Record that an effect copies the topic's messages up to this journal position
        elsewhere."""
        await tx.execute(
            "UPDATE topic SET told_seq = $2, told_effect_id = $3 WHERE id = $1",
            topic_id,
            seq,
            effect_id,
        )

    async def clear_copied(self, tx: Tx, topic_id: UUID) -> None:
        """Record that copying the messages failed, so that all of them are copied again."""
        await tx.execute(
            "UPDATE topic SET told_seq = 0, told_effect_id = NULL WHERE id = $1", topic_id
        )

    async def due_for_check(
        self, tx: Tx, forum: Forum, at: datetime, pause: timedelta, most: int
    ) -> list[Row]:
        """Return the topics that were not checked for `pause`, those that waited longest first, and
        mark them as checked at `at`.

        Columns: `number`, and `post`, the message id of the opening post if it was written.
        """
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


_SQL = "SELECT t.*, c.marked_id FROM topic t JOIN chat c ON c.id = t.chat_id"


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
        copied_seq=row["told_seq"],
        copied_by=row["told_effect_id"],
    )
