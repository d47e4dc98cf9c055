"""Publishes sets of files as albums, each file once in a group; files that are being published
count as published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jarvis.domains.bookings.service import BookingService
from jarvis.domains.chats.models import Forum, Topic
from jarvis.domains.chats.topics import topic_order, topic_ref
from jarvis.domains.media import view as render
from jarvis.domains.media.models import Item, MediaSet
from jarvis.domains.media.posts import MediaPosts
from jarvis.domains.staff.readers import Readers
from jarvis.engine import effects
from jarvis.engine.db import Tx
from jarvis.engine.effects import Lane, Origin
from jarvis.integrations.telegram.kinds import ALBUM, target

POSTED = "media.posted"
PLACED = "media.placed"  # a post was recorded: files of a car were published in its topic
ALBUM_MAX = 10
IN_ALBUM = frozenset({"photo", "image", "video"})  # Telegram groups these only


class Publisher:
    """Requests the albums of sets."""

    def __init__(self, readers: Readers, bookings: BookingService, posts: MediaPosts) -> None:
        self._readers = readers
        self._bookings = bookings
        self._posts = posts

    async def publish(
        self,
        tx: Tx,
        origin: Origin,
        found: MediaSet,
        topic: Topic,
        forum: Forum,
        *,
        lane: Lane = Lane.NORMAL,
    ) -> bool:
        """Request albums of the files that are not in the topic yet; return False if none is
        missing."""
        items = await self._posts.unposted(tx, found.id, topic.chat_id)
        booking = (
            await self._bookings.get(found.booking_id) if found.booking_id is not None else None
        )
        words = [i.caption for i in items if i.caption]
        head = render.caption(found, booking, len(items), words, await self._readers.of_group())
        for number, part in enumerate(albums(items)):
            effect_id = await effects.request(
                tx,
                origin,
                kind=ALBUM,
                target=target(topic.marked_id),
                ordering_key=topic_order(topic),
                branch=forum.branch,
                key=origin.key(f"album:{topic.id}:{part[0].id}"),
                settled_kind=POSTED,
                lane=lane,
                args={
                    "chat_id": topic.marked_id,
                    "topic": topic_ref(topic),
                    "topic_row": str(topic.id),
                    "set": str(found.id),
                    "caption": head if number == 0 else "",
                    "items": [outgoing(i) for i in part],
                },
            )
            await self._posts.posting(tx, effect_id, topic.chat_id, topic.id, [i.id for i in part])
        return bool(items)


def albums(items: Sequence[Item]) -> list[list[Item]]:
    """Group files as Telegram allows: photos and videos by ten, everything else alone."""
    together = [i for i in items if i.kind in IN_ALBUM]
    rows = [together[n : n + ALBUM_MAX] for n in range(0, len(together), ALBUM_MAX)]
    return rows + [[i] for i in items if i.kind not in IN_ALBUM]


def outgoing(item: Item) -> dict[str, Any]:
    """Return a file as an album's argument; photos without metadata."""
    assert item.filed_key is not None
    clean = item.clean_key if item.kind in ("photo", "image") else None
    name = item.filed_key.rpartition("/")[2]
    if clean is not None:
        return {
            "item": str(item.id),
            "key": clean,
            "kind": item.kind,
            "name": f"{name.rpartition('.')[0]}.jpg",
            "mime": "image/jpeg",
        }
    mime = item.mime or "application/octet-stream"
    return {
        "item": str(item.id),
        "key": item.filed_key,
        "kind": item.kind,
        "name": name,
        "mime": mime,
    }
