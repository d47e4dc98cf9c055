"""Files that people sent, in sets, and the operations that sets were filed under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from jarvis.domains.media.models import Item, MediaSet, Operation
from jarvis.domains.media.queries import SETS, media_set
from jarvis.engine.db import Reader, Row, Tx
from jarvis.kit.clock import Clock, local

SET_PAUSE = timedelta(minutes=10)  # what comes later begins a set of its own


class MediaService:
    """Reads and writes files and sets, in the caller's transaction."""

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
        """Record a file of a message in the author's open set of this place, or in a new one;
        return None if it was recorded before.

        Files for a form are a set of their own, and its private files another. An edit of the
        message that keeps the file changes its caption.
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
        """Return the files of a set in order."""
        return await self._items(reader, "i.set_id = $1", set_id)

    async def waiting(self, reader: Reader, chat_id: int) -> list[Item]:
        """Return the files of a chat that are stored and whose messages were not removed."""
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
        """Record that the file was stored."""
        await tx.execute(
            "UPDATE media_item SET media_id = $2, state = 'stored' WHERE id = $1 AND state = "
            "'taken'",
            item_id,
            media_id,
        )

    async def refused(self, tx: Tx, item_id: UUID, reason: str) -> None:
        """Record that the file was not accepted; its message stays."""
        await tx.execute(
            "UPDATE media_item SET state = 'refused', reason = $2 WHERE id = $1 AND state = "
            "'taken'",
            item_id,
            reason,
        )

    async def removed(self, tx: Tx, chat_id: int, messages: Sequence[int]) -> list[UUID]:
        """Record that messages were removed; return the sets of their files, also if it was
        recorded before."""
        rows = await tx.fetch(
            """UPDATE media_item SET state = 'removed' WHERE marked_chat = $1 AND message = ANY($2)
                AND state IN ('stored', 'removed')
               RETURNING set_id""",
            chat_id,
            list(messages),
        )
        return list(dict.fromkeys(row["set_id"] for row in rows))

    async def get(self, reader: Reader, set_id: UUID, *, lock: bool = False) -> MediaSet | None:
        """Return a set or None; `lock` locks it until the transaction ends."""
        if lock:
            await reader.fetchrow("SELECT 1 FROM media_set WHERE id = $1 FOR UPDATE", set_id)
        return media_set(await reader.fetchrow(f"{SETS} WHERE s.id = $1", set_id))

    async def join(self, tx: Tx, set_id: UUID, form_id: UUID, *, private: bool) -> list[UUID]:
        """Assign the set to a form; return the ids of its files in order."""
        await tx.execute(
            "UPDATE media_set SET form_id = $2, private = $3 WHERE id = $1 AND state = 'open'",
            set_id,
            form_id,
            private,
        )
        return [i.id for i in await self.items(tx, set_id) if i.state != "refused"]

    async def release(self, tx: Tx, form_id: UUID) -> list[UUID]:
        """Detach open sets from a form that was cancelled; return their ids."""
        rows = await tx.fetch(
            "UPDATE media_set SET form_id = NULL WHERE form_id = $1 AND state = 'open' RETURNING "
            "id",
            form_id,
        )
        return [row["id"] for row in rows]

    async def for_form(self, reader: Reader, chat_id: int, message_id: int) -> bool:
        """Return whether a message brought a file for a form."""
        return bool(
            await reader.fetchval(
                """SELECT true FROM media_item i JOIN media_set s ON s.id = i.set_id
                    WHERE i.marked_chat = $1 AND i.message = $2 AND s.form_id IS NOT NULL""",
                chat_id,
                message_id,
            )
        )

    async def asked(self, tx: Tx, set_id: UUID, effect_id: UUID) -> None:
        """Record the effect that last asked the author."""
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
        """Put the set under an operation; return its files with the storage keys they are copied
        to.

        Files that are still being stored are moved to a set of their own.
        """
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
        """Set `filed` when every copy was read back, `open` when copying failed and may be tried
        again."""
        await tx.execute("UPDATE media_set SET state = $2 WHERE id = $1", set_id, state)

    async def of_car(
        self, reader: Reader, car_id: UUID, *, limit: int = 50, papers: bool = False
    ) -> list[MediaSet]:
        """Return the filed sets of a car, newest first; with clients' documents only if `papers`
        is set."""
        rows = await reader.fetch(
            f"{SETS} WHERE s.car_id = $1 AND s.state = 'filed' AND ($3 OR NOT s.private) ORDER BY "
            f"s.filed_at DESC LIMIT $2",
            car_id,
            limit,
            papers,
        )
        return [found for row in rows if (found := media_set(row)) is not None]

    async def count_of(self, reader: Reader, car_id: UUID) -> int:
        """Return the number of filed sets of a car, without clients' documents."""
        return await reader.fetchval(
            "SELECT count(*) FROM media_set WHERE car_id = $1 AND state = 'filed' AND NOT private",
            car_id,
        )

    async def cars(self, reader: Reader, branches: frozenset[str], limit: int) -> list[UUID]:
        """Return the cars of these branches (of all if empty) with the newest filed files."""
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
