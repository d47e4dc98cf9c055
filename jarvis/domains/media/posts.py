"""Where filed files were published: the messages in the company's groups that show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from jarvis.domains.media.models import Item, MediaSet
from jarvis.domains.media.queries import SETS, media_set
from jarvis.domains.media.service import MediaService
from jarvis.engine.db import Reader, Tx
from jarvis.kit.clock import Clock


class MediaPosts:
    """Reads and writes posts of files, in the caller's transaction."""

    def __init__(self, clock: Clock, media: MediaService) -> None:
        self._clock = clock
        self._media = media

    async def posting(
        self, tx: Tx, effect_id: UUID, chat_id: UUID, topic_id: UUID, items: Sequence[UUID]
    ) -> None:
        """Record that an effect is going to publish these files in a group."""
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
        """Record the messages by which an effect published its files; None if it failed."""
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
        """Return the files of a set that are neither published in a group nor being published."""
        rows = [i for i in await self._media.items(reader, set_id) if i.filed_key is not None]
        there = await reader.fetch(
            "SELECT item_id FROM post WHERE chat_id = $1 AND item_id = ANY($2) AND gone_at IS NULL",
            chat_id,
            [i.id for i in rows],
        )
        known = {row["item_id"] for row in there}
        return [i for i in rows if i.id not in known]

    async def is_complete(self, reader: Reader, set_id: UUID, chat_id: UUID) -> bool:
        """Return whether every file of a set is published in a group."""
        return not await reader.fetchval(
            f"SELECT true FROM media_set s WHERE s.id = $1 AND {_ABSENT} LIMIT 1", set_id, chat_id
        )

    async def absent(
        self, reader: Reader, chat_id: UUID, car_id: UUID | None, limit: int = 1000
    ) -> list[MediaSet]:
        """Return filed sets, of a car or of all, that are not completely published in a group."""
        rows = await reader.fetch(
            f"""{SETS} WHERE s.state = 'filed' AND NOT s.private
                   AND ($1::uuid IS NULL OR s.car_id = $1) AND {_ABSENT}
                 ORDER BY s.filed_at LIMIT $3""",
            car_id,
            chat_id,
            limit,
        )
        return [found for row in rows if (found := media_set(row)) is not None]

    async def posts_of(self, reader: Reader, chat_id: UUID, car_id: UUID) -> list[int]:
        """Return the ids of the messages in a group that show files of a car."""
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
        """Return the ids of messages in a group that were not checked since then, oldest check
        first."""
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
        """Record which messages a check found and which were deleted; return the cars whose
        files are missing now."""
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
        """Record that a topic was deleted with all of its messages."""
        await tx.execute(
            "UPDATE post SET gone_at = $2 WHERE topic_id = $1 AND gone_at IS NULL",
            topic_id,
            self._clock.now(),
        )


_ABSENT = """EXISTS (SELECT 1 FROM media_item i WHERE i.set_id = s.id AND i.filed_key IS NOT NULL
              AND NOT EXISTS (
               SELECT 1 FROM post p WHERE p.item_id = i.id AND p.chat_id = $2 AND p.gone_at IS NULL
                 AND p.message IS NOT NULL))"""
