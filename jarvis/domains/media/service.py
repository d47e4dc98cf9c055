"""Sets of material: what one person sent at one place in one go, the operation it belongs to, and
where it was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

from jarvis.engine.db import Reader, Row, Tx
from jarvis.kit.clock import Clock, local

Operation = Literal["issue", "return", "damage", "other"]
ItemState = Literal["taken", "stored", "removed", "refused"]
SET_PAUSE = timedelta(minutes=10)  # what comes later begins a set of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file of a message. `key` is where it lies, `clean_key` the picture without its metadata,
    `digest` its SHA-256."""

    id: UUID
    set_id: UUID
    chat_id: int
    message_id: int
    kind: str
    name: str | None
    caption: str | None
    state: ItemState
    reason: str | None
    key: str | None
    clean_key: str | None
    mime: str | None
    digest: str | None
    filed_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSet:
    """`chat_id` is the chat (marked) where it was sent, `topic_title` its topic; `asked` the effect
    that asked the author; `files` how many were filed. `form_id`: it was sent for a form.
    `private`: papers of a client, stored and never published."""

    id: UUID
    sender_id: int
    employee_id: UUID | None
    author: str | None
    chat_id: int
    topic_title: str | None
    car_id: UUID | None
    booking_id: UUID | None
    operation: Operation | None
    state: Literal["open", "filing", "filed"]
    asked: UUID | None
    form_id: UUID | None
    private: bool
    started_at: datetime
    filed_at: datetime | None
    files: int


class MediaService:
    """Reads and writes sets, items and posts, always in the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def taken(
        self,
        tx: Tx,
        *,
        chat_id: int,
        message_id: int,
        version: str,
        sender_id: int,
        employee_id: UUID | None,
        topic: int | None,
        file: Mapping[str, Any],
        caption: str,
        form_id: UUID | None = None,
        private: bool = False,
    ) -> UUID | None:
        """Register a file of a message, in the author's open set of this place or a new one; None
        when it was registered before.

        What is sent for a form is one set, its private files another.

        An edit that leaves the file as it is changes what was written under it.
        """
        now = self._clock.now()
        if await tx.fetchval(
            """UPDATE media_item SET caption = $4 WHERE marked_chat = $1 AND message = $2
                AND (version = $3 OR file = $5)
               RETURNING true""",
            chat_id,
            message_id,
            version,
            caption or None,
            file["file"],
        ):
            return None
        set_id = await tx.fetchval(
            """UPDATE media_set s SET last_at = $4 FROM chat c
                WHERE c.id = s.chat_id AND c.marked_id = $2 AND s.sender = $1 AND s.state = 'open'
                  AND (s.last_at > $5 OR s.form_id IS NOT NULL) AND s.form_id IS NOT DISTINCT
                    FROM $6 AND s.private = $7
                  AND s.topic_id IS NOT DISTINCT FROM (SELECT id FROM topic WHERE chat_id = c.id
                    AND number = $3)
               RETURNING s.id""",
            sender_id,
            chat_id,
            topic,
            now,
            now - SET_PAUSE,
            form_id,
            private,
        )
        set_id = set_id or await tx.fetchval(
            """INSERT INTO media_set (sender, employee_id, chat_id, topic_id, car_id, started_at,
                last_at, form_id, private)
               SELECT $1, $4, c.id, t.id, t.car_id, $5, $5, $6, $7
                 FROM chat c LEFT JOIN topic t ON t.chat_id = c.id AND t.number = $3
                   WHERE c.marked_id = $2 RETURNING id""",
            sender_id,
            chat_id,
            topic,
            employee_id,
            now,
            form_id,
            private,
        )
        return await tx.fetchval(
            """INSERT INTO media_item (set_id, marked_chat, message, version, file, kind, name,
                caption, state, posted_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'taken', $9) RETURNING id""",
            set_id,
            chat_id,
            message_id,
            version,
            file["file"],
            file["kind"],
            file.get("name"),
            caption or None,
            now,
        )

    async def item(self, reader: Reader, item_id: UUID) -> Item | None:
        rows = await self._items(reader, "i.id = $1", item_id)
        return rows[0] if rows else None

    async def items(self, reader: Reader, set_id: UUID) -> list[Item]:
        """The files of a set in their order."""
        return await self._items(reader, "i.set_id = $1", set_id)

    async def waiting(self, reader: Reader, chat_id: int) -> list[Item]:
        """Files of a chat that are stored and whose messages still stand there."""
        return await self._items(reader, "i.marked_chat = $1 AND i.state = 'stored'", chat_id)

    async def _items(self, reader: Reader, where: str, value: object) -> list[Item]:
        rows = await reader.fetch(
            f"""SELECT i.*, m.storage_key, m.clean_key, m.content_type, m.sha256
                  FROM media_item i LEFT JOIN media m ON m.id = i.media_id WHERE {where}
                    ORDER BY i.message, i.posted_at""",
            value,
        )
        return [_item(row) for row in rows]

    async def stored(self, tx: Tx, item_id: UUID, media_id: UUID) -> None:
        """The file is ours now."""
        await tx.execute(
            "UPDATE media_item SET media_id = $2, state = 'stored' WHERE id = $1 AND state = "
            "'taken'",
            item_id,
            media_id,
        )

    async def refused(self, tx: Tx, item_id: UUID, reason: str) -> None:
        """The file is none that we take; its message stays."""
        await tx.execute(
            "UPDATE media_item SET state = 'refused', reason = $2 WHERE id = $1 AND state = "
            "'taken'",
            item_id,
            reason,
        )

    async def removed(self, tx: Tx, chat_id: int, messages: Sequence[int]) -> list[UUID]:
        """Their messages are gone from the chat; returns the sets they belong to, also when this
        was noted before."""
        rows = await tx.fetch(
            """UPDATE media_item SET state = 'removed' WHERE marked_chat = $1 AND message = ANY($2)
                AND state IN ('stored', 'removed')
               RETURNING set_id""",
            chat_id,
            list(messages),
        )
        return list(dict.fromkeys(row["set_id"] for row in rows))

    async def get(self, reader: Reader, set_id: UUID, *, lock: bool = False) -> MediaSet | None:
        """A set; `lock` keeps others from it until the transaction ends."""
        if lock:
            await reader.fetchrow("SELECT 1 FROM media_set WHERE id = $1 FOR UPDATE", set_id)
        return _set(await reader.fetchrow(f"{_SETS} WHERE s.id = $1", set_id))

    async def join(self, tx: Tx, set_id: UUID, form_id: UUID, *, private: bool) -> list[UUID]:
        """The set was sent for a form; returns its files in their order."""
        await tx.execute(
            "UPDATE media_set SET form_id = $2, private = $3 WHERE id = $1 AND state = 'open'",
            set_id,
            form_id,
            private,
        )
        return [i.id for i in await self.items(tx, set_id) if i.state != "refused"]

    async def release(self, tx: Tx, form_id: UUID) -> list[UUID]:
        """The form needs its files no longer: returns their sets, which are anybody's again."""
        rows = await tx.fetch(
            "UPDATE media_set SET form_id = NULL WHERE form_id = $1 AND state = 'open' RETURNING "
            "id",
            form_id,
        )
        return [row["id"] for row in rows]

    async def for_form(self, reader: Reader, chat_id: int, message_id: int) -> bool:
        """Whether a message brought a file for a form."""
        return bool(
            await reader.fetchval(
                """SELECT true FROM media_item i JOIN media_set s ON s.id = i.set_id
                    WHERE i.marked_chat = $1 AND i.message = $2 AND s.form_id IS NOT NULL""",
                chat_id,
                message_id,
            )
        )

    async def asked(self, tx: Tx, set_id: UUID, effect_id: UUID) -> None:
        """The effect that wrote, or changed, the question to the author."""
        await tx.execute(
            "UPDATE media_set SET asked_effect_id = $2 WHERE id = $1", set_id, effect_id
        )

    async def filing(
        self,
        tx: Tx,
        set_id: UUID,
        operation: Operation,
        car_id: UUID,
        booking_id: UUID | None,
        by: UUID,
    ) -> list[Item]:
        """The set belongs to this operation; returns its files with the keys under which they will
        lie. What is still on its way becomes a set of its own."""
        await tx.execute(
            """WITH late AS (SELECT id FROM media_item WHERE set_id = $1 AND state = 'taken'),
                    fresh AS (INSERT INTO media_set (sender, employee_id, chat_id, topic_id, car_id,
                      started_at, last_at, form_id,
                                                     private)
                              SELECT s.sender, s.employee_id, s.chat_id, s.topic_id, t.car_id,
                                s.last_at, s.last_at, s.form_id,
                                     s.private
                                FROM media_set s LEFT JOIN topic t ON t.id = s.topic_id
                               WHERE s.id = $1 AND EXISTS (SELECT 1 FROM late) RETURNING id)
               UPDATE media_item i SET set_id = fresh.id FROM fresh WHERE i.id IN (SELECT id
                 FROM late)""",
            set_id,
        )
        await tx.execute(
            """UPDATE media_set SET operation = $2, car_id = $3, booking_id = $4, state = 'filing',
                filed_at = $5,
                      filed_by_employee_id = $6 WHERE id = $1""",
            set_id,
            operation,
            car_id,
            booking_id,
            self._clock.now(),
            by,
        )
        items = [i for i in await self.items(tx, set_id) if i.state in ("stored", "removed")]
        for number, item in enumerate(items, 1):
            assert item.key is not None
            name = f"{number:02d}-{item.id.hex[:8]}.{item.key.rpartition('.')[2]}"
            key = f"cars/{car_id}/operations/{set_id}/{local(self._clock.now()):%Y%m%d}/{name}"
            await tx.execute("UPDATE media_item SET filed_key = $2 WHERE id = $1", item.id, key)
        return [i for i in await self.items(tx, set_id) if i.filed_key is not None]

    async def set_state(self, tx: Tx, set_id: UUID, state: Literal["open", "filed"]) -> None:
        """`filed`: every copy was read back. `open`: it failed, and may be tried again."""
        await tx.execute("UPDATE media_set SET state = $2 WHERE id = $1", set_id, state)

    async def of_car(
        self, reader: Reader, car_id: UUID, *, limit: int = 50, papers: bool = False
    ) -> list[MediaSet]:
        """The filed sets of a car that anybody may see, the newest first; with the `papers` of
        clients when they are asked for."""
        rows = await reader.fetch(
            f"{_SETS} WHERE s.car_id = $1 AND s.state = 'filed' AND ($3 OR NOT s.private) ORDER BY "
            f"s.filed_at DESC LIMIT $2",
            car_id,
            limit,
            papers,
        )
        return [found for row in rows if (found := _set(row)) is not None]

    async def count_of(self, reader: Reader, car_id: UUID) -> int:
        """How many filed sets of a car anybody may see."""
        return await reader.fetchval(
            "SELECT count(*) FROM media_set WHERE car_id = $1 AND state = 'filed' AND NOT private",
            car_id,
        )

    async def cars(self, reader: Reader, branches: frozenset[str], limit: int) -> list[UUID]:
        """Cars of these branches (empty: of all) with the newest filed material."""
        rows = await reader.fetch(
            """SELECT s.car_id FROM media_set s JOIN car c ON c.id = s.car_id LEFT JOIN branch b
                ON b.id = c.branch_id
                WHERE s.state = 'filed' AND NOT s.private AND (cardinality($1::text[]) = 0
                  OR b.code = ANY($1))
                GROUP BY s.car_id ORDER BY max(s.filed_at) DESC LIMIT $2""",
            sorted(branches),
            limit,
        )
        return [row["car_id"] for row in rows]

    # posts

    async def posting(
        self, tx: Tx, effect_id: UUID, chat_id: UUID, topic_id: UUID, items: Sequence[UUID]
    ) -> None:
        """An effect is going to publish these files in a chat."""
        for item_id in items:
            await tx.execute(
                """INSERT INTO post (chat_id, topic_id, item_id, effect_id) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (chat_id, item_id) WHERE gone_at IS NULL DO NOTHING""",
                chat_id,
                topic_id,
                item_id,
                effect_id,
            )

    async def posted(self, tx: Tx, effect_id: UUID, messages: Mapping[UUID, int] | None) -> None:
        """The effect published its files: the message of each; None when it could not."""
        if messages is None:
            await tx.execute(
                "UPDATE post SET gone_at = $2 WHERE effect_id = $1 AND gone_at IS NULL",
                effect_id,
                self._clock.now(),
            )
            return
        for item_id, message in messages.items():
            await tx.execute(
                "UPDATE post SET message = $3, posted_at = $4, seen_at = $4 WHERE effect_id = $1 "
                "AND item_id = $2 AND message IS NULL",
                effect_id,
                item_id,
                message,
                self._clock.now(),
            )

    async def unposted(self, reader: Reader, set_id: UUID, chat_id: UUID) -> list[Item]:
        """Files of a set that neither stand in a chat nor are on their way there."""
        rows = await self._items(reader, "i.filed_key IS NOT NULL AND i.set_id = $1", set_id)
        there = await reader.fetch(
            "SELECT item_id FROM post WHERE chat_id = $1 AND item_id = ANY($2) AND gone_at IS NULL",
            chat_id,
            [i.id for i in rows],
        )
        known = {row["item_id"] for row in there}
        return [i for i in rows if i.id not in known]

    async def standing(self, reader: Reader, set_id: UUID, chat_id: UUID) -> bool:
        """Whether every file of a set stands in a chat."""
        return not await reader.fetchval(
            f"SELECT true FROM media_set s WHERE s.id = $1 AND {_ABSENT} LIMIT 1", set_id, chat_id
        )

    async def absent(
        self, reader: Reader, chat_id: UUID, car_id: UUID | None, limit: int = 1000
    ) -> list[MediaSet]:
        """Filed sets (of a car) of which something does not stand in a chat."""
        rows = await reader.fetch(
            f"""{_SETS} WHERE s.state = 'filed' AND NOT s.private
                   AND ($1::uuid IS NULL OR s.car_id = $1) AND {_ABSENT}
                 ORDER BY s.filed_at LIMIT $3""",
            car_id,
            chat_id,
            limit,
        )
        return [found for row in rows if (found := _set(row)) is not None]

    async def posts_of(self, reader: Reader, chat_id: UUID, car_id: UUID) -> list[int]:
        """The messages in a chat that show files of a car."""
        rows = await reader.fetch(
            """SELECT p.message FROM post p JOIN media_item i ON i.id = p.item_id JOIN media_set s
                ON s.id = i.set_id
                WHERE p.chat_id = $1 AND s.car_id = $2 AND p.gone_at IS NULL
                  AND p.message IS NOT NULL ORDER BY p.message""",
            chat_id,
            car_id,
        )
        return [row["message"] for row in rows]

    async def unseen(
        self, reader: Reader, chat_id: UUID, before: datetime, limit: int
    ) -> list[int]:
        """The messages in a chat that were not looked at since then, the longest first."""
        rows = await reader.fetch(
            """SELECT message FROM post WHERE chat_id = $1 AND gone_at IS NULL
                AND message IS NOT NULL AND seen_at <= $2
                ORDER BY seen_at LIMIT $3""",
            chat_id,
            before,
            limit,
        )
        return [row["message"] for row in rows]

    async def seen(
        self, tx: Tx, chat_id: UUID, there: Sequence[int], gone: Sequence[int]
    ) -> list[UUID]:
        """These messages stand in a chat, those were deleted; returns the cars whose files are
        missing now."""
        now = self._clock.now()
        await tx.execute(
            "UPDATE post SET seen_at = $3 WHERE chat_id = $1 AND message = ANY($2)",
            chat_id,
            list(there),
            now,
        )
        rows = await tx.fetch(
            """UPDATE post p SET gone_at = $3 FROM media_item i JOIN media_set s ON s.id = i.set_id
                WHERE p.chat_id = $1 AND p.message = ANY($2) AND p.gone_at IS NULL
                  AND i.id = p.item_id RETURNING s.car_id""",
            chat_id,
            list(gone),
            now,
        )
        return list(dict.fromkeys(row["car_id"] for row in rows))

    async def topic_gone(self, tx: Tx, topic_id: UUID) -> None:
        """A topic was deleted with all that stood in it."""
        await tx.execute(
            "UPDATE post SET gone_at = $2 WHERE topic_id = $1 AND gone_at IS NULL",
            topic_id,
            self._clock.now(),
        )


_ABSENT = """EXISTS (SELECT 1 FROM media_item i WHERE i.set_id = s.id AND i.filed_key IS NOT NULL
              AND NOT EXISTS (
               SELECT 1 FROM post p WHERE p.item_id = i.id AND p.chat_id = $2 AND p.gone_at IS NULL
                 AND p.message IS NOT NULL))"""
_SETS = """SELECT s.*, c.marked_id, t.title AS topic_title, e.name AS author,
                  (SELECT count(*) FROM media_item i WHERE i.set_id = s.id
                    AND i.filed_key IS NOT NULL) AS files
             FROM media_set s JOIN chat c ON c.id = s.chat_id
            LEFT JOIN topic t ON t.id = s.topic_id LEFT JOIN employee e ON e.id = s.employee_id"""


def _item(row: Row) -> Item:
    return Item(
        id=row["id"],
        set_id=row["set_id"],
        chat_id=row["marked_chat"],
        message_id=row["message"],
        kind=row["kind"],
        name=row["name"],
        caption=row["caption"],
        state=row["state"],
        reason=row["reason"],
        key=row["storage_key"],
        clean_key=row["clean_key"],
        mime=row["content_type"],
        digest=row["sha256"],
        filed_key=row["filed_key"],
    )


def _set(row: Row | None) -> MediaSet | None:
    if row is None:
        return None
    return MediaSet(
        id=row["id"],
        sender_id=row["sender"],
        employee_id=row["employee_id"],
        author=row["author"],
        chat_id=row["marked_id"],
        topic_title=row["topic_title"],
        car_id=row["car_id"],
        booking_id=row["booking_id"],
        operation=cast("Operation | None", row["operation"]),
        state=row["state"],
        asked=row["asked_effect_id"],
        form_id=row["form_id"],
        private=row["private"],
        started_at=row["started_at"],
        filed_at=row["filed_at"],
        files=row["files"],
    )
