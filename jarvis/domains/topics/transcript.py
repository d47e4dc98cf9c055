"""Copies the messages of one topic into another one, with author and time. Files are copied
separately."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from uuid import UUID

from jarvis.domains.chats.models import Topic
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.chats.topics import topic_order, topic_ref
from jarvis.domains.staff.readers import GROUP
from jarvis.engine import effects
from jarvis.engine.db import Tx
from jarvis.engine.effects import Lane, Origin
from jarvis.integrations.telegram.kinds import SEND, target
from jarvis.kit.clock import local
from jarvis.messaging.catalogue import say
from jarvis.messaging.markup import Markup, escape, html, lines

COPIED = "talk.told"  # messages of a topic were copied, or copying failed
MESSAGE_MAX = 3500  # characters of a message with copied messages


async def is_copied(tx: Tx, topic: Topic) -> bool:
    """Return whether all messages of a topic were copied."""
    if not await tx.fetchval(
        f"SELECT EXISTS ({_MESSAGES} LIMIT 1)",
        str(topic.marked_id),
        str(topic.number),
        topic.copied_seq,
    ):
        state = (
            await tx.fetchval("SELECT state FROM effect WHERE id = $1", topic.copied_by)
            if topic.copied_by
            else "done"
        )
        return state == "done"
    return False


async def copy_messages(
    tx: Tx, origin: Origin, registry: TopicRegistry, topic: Topic, place: Topic
) -> None:
    """Copy the messages of a topic that were not copied yet into the topic `place`."""
    rows = await tx.fetch(
        f"{_MESSAGES} ORDER BY e.seq", str(topic.marked_id), str(topic.number), topic.copied_seq
    )
    if not rows:
        return
    latest = {row["message"]: row for row in rows}  # an edit replaces the message
    copies = [
        line(f"{local(r['received_at']):%d.%m %H:%M}", r["author"] or "—", r["text"])
        for r in latest.values()
    ]
    last: UUID | None = None
    for number, page in enumerate(pages(copies)):
        head = say("archive.talk", GROUP.language, topic=topic.title, n=len(copies))
        last = await effects.request(
            tx,
            origin,
            kind=SEND,
            target=target(place.marked_id),
            ordering_key=topic_order(place),
            lane=Lane.BULK,
            key=origin.key(f"talk:{topic.id}:{rows[-1]['seq']}:{number}"),
            settled_kind=COPIED,
            after=last,
            args={
                "chat_id": place.marked_id,
                "topic": topic_ref(place),
                "topic_row": str(place.id),
                "text": lines([head, page]),
                "car": str(topic.car_id) if topic.car_id else None,
                "told": str(topic.id),
            },
        )
    assert last is not None
    await registry.set_copied(tx, topic.id, rows[-1]["seq"], last)


def line(when: str, author: str, text: str) -> Markup:
    """One message as HTML of at most `MESSAGE_MAX` characters; its text is cut before it is
    escaped, so never inside an entity."""
    head = html("{} <b>{}</b>: ", when, author)
    room = MESSAGE_MAX - len(head)
    if len(escape(text)) <= room:
        return html("{}{}", head, text)
    kept = sum(used < room for used in accumulate(len(escape(each)) for each in text))
    return html("{}{}…", head, text[:kept])


def pages(copies: Sequence[Markup]) -> list[Markup]:
    """Join lines to messages of at most `MESSAGE_MAX` characters."""
    parts: list[list[Markup]] = [[]]
    used = 0
    for copied in copies:
        if used + len(copied) + 1 > MESSAGE_MAX and parts[-1]:
            parts.append([])
            used = 0
        parts[-1].append(copied)
        used += len(copied) + 1
    return [lines(part).rstrip() for part in parts]


_MESSAGES = """SELECT e.seq, e.received_at, (e.payload->>'message_id')::bigint AS message,
            e.payload->>'text' AS text, p.name AS author
             FROM event e LEFT JOIN employee_identity i ON i.system = 'telegram'
               AND i.external_key = e.payload->>'sender_id'
             LEFT JOIN employee p ON p.id = i.employee_id
            WHERE e.kind = 'message.employee' AND e.payload->>'chat_id' = $1
              AND e.payload->>'topic' = $2 AND e.seq > $3
              AND e.payload->>'text' <> '' AND jsonb_typeof(e.payload->'media') = 'null'"""
