"""Effects on topics: creating, renaming, closing, pinning, deleting. Effects on one topic are
carried out in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from jarvis.domains.chats.models import REFRESHES, Forum, Subject, Topic
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.engine import effects
from jarvis.engine.db import Tx
from jarvis.engine.effects import Lane, Origin
from jarvis.engine.journal import Journal
from jarvis.engine.timing import Timers
from jarvis.engine.worker import Handling
from jarvis.integrations.telegram.kinds import (
    EDIT,
    PIN,
    SEND,
    TOPIC_CREATE,
    TOPIC_DELETE,
    TOPIC_EDIT,
    target,
)
from jarvis.kit.clock import Clock
from jarvis.kit.ids import sha256_hex
from jarvis.messaging.markup import Markup
from jarvis.messaging.outbox import StoredButtons

TOPICS, PINS = "manage_topics", "pin_messages"  # administrator rights
MADE, WRITTEN, DELETED = "topic.made", "topic.written", "topic.deleted"
NEEDED = (TOPICS, "delete_messages", PINS)  # rights that reconciliation of a forum needs
REGISTERED = "chat.registered"
LOOKED, ABLE = "forum.looked", "forum.able"
PORTION = 200  # subjects in one transaction


async def get_or_create(
    tx: Tx, origin: Origin, registry: TopicRegistry, forum: Forum, subject: Subject, title: str
) -> Topic:
    """Return the subject's topic in this forum: one that it had before, an unassigned one with
    its title, or a new one that is being created."""
    known = await registry.reusable(tx, forum, subject, title)
    if known is not None:
        await registry.assign(tx, known, subject)
        if known.state == "closed":
            await change(tx, origin, known, closed=False)
        return await _fresh(tx, registry, known)
    topic = await registry.create(tx, forum, subject, title)
    effect_id = await effects.request(
        tx,
        origin,
        kind=TOPIC_CREATE,
        target=target(forum.marked_id),
        args={"chat_id": forum.marked_id, "title": title},
        key=f"topic:{topic.id}",
        ordering_key=topic_order(topic),
        lane=Lane.NORMAL,
        settled_kind=MADE,
        branch=forum.branch,
    )
    await registry.set_creating_effect(tx, topic.id, effect_id)
    return await _fresh(tx, registry, topic)


async def _fresh(tx: Tx, registry: TopicRegistry, topic: Topic) -> Topic:
    found = await registry.topic(tx, topic.id)
    assert found is not None
    return found


async def change(tx: Tx, origin: Origin, topic: Topic, **what: Any) -> None:
    """Rename, close or reopen a topic."""
    args = {
        "chat_id": topic.marked_id,
        "topic": topic_ref(topic),
        "topic_row": str(topic.id),
        **what,
    }
    await effects.request(
        tx,
        origin,
        kind=TOPIC_EDIT,
        target=target(topic.marked_id),
        args=args,
        ordering_key=topic_order(topic),
        settled_kind=WRITTEN,
        key=origin.key(f"topic:{topic.id}:{'+'.join(what)}"),
    )


async def pin(tx: Tx, origin: Origin, topic: Topic, effect_id: UUID) -> None:
    """Pin the post that an effect wrote."""
    args = {
        "chat_id": topic.marked_id,
        "topic": topic_ref(topic),
        "topic_row": str(topic.id),
        "of": str(effect_id),
    }
    await effects.request(
        tx,
        origin,
        kind=PIN,
        target=target(topic.marked_id),
        args=args,
        lane=Lane.BULK,
        key=origin.key(f"pin:{effect_id}"),
        ordering_key=topic_order(topic),
        settled_kind=WRITTEN,
    )


def topic_ref(topic: Topic) -> Mapping[str, Any]:
    """Return how an effect's arguments name the topic: by number, or by the effect that creates
    it."""
    return {"number": topic.number} if topic.number is not None else {"of": str(topic.made_by)}


def topic_order(topic: Topic) -> str:
    """Return the ordering key of all effects on a topic."""
    return f"telegram:topic:{topic.id}"


async def delete(tx: Tx, origin: Origin, topic: Topic) -> None:
    """Delete a topic with all of its messages."""
    await effects.request(
        tx,
        origin,
        kind=TOPIC_DELETE,
        target=target(topic.marked_id),
        ordering_key=topic_order(topic),
        settled_kind=DELETED,
        args={"chat_id": topic.marked_id, "topic": topic_ref(topic), "topic_row": str(topic.id)},
        lane=Lane.BULK,
        key=origin.key(f"delete:{topic.id}"),
    )


async def refresh(tx: Tx, handling: Handling, subject: Subject) -> None:
    """Request that the topics of a car, a client or a task are reconciled after this
    transaction."""
    await handling.publish(
        tx,
        kind=REFRESHES[subject.kind],
        name=str(subject.id),
        payload={"subject": str(subject.id)},
        ordering_key=f"timer:{subject.id}",
    )


async def refresh_all(handling: Handling, subjects: Sequence[Subject]) -> None:
    """Request that the topics of many subjects are reconciled, a few hundred in each
    transaction."""
    for begin in range(0, len(subjects), PORTION):
        async with handling.transaction() as tx:
            for subject in subjects[begin : begin + PORTION]:
                await refresh(tx, handling, subject)


async def publish_registered(tx: Tx, journal: Journal, chat_id: int, by: str) -> None:
    """Publish that a group was registered, so that its topics and members are reconciled.

    `by` makes the event unique: the id of the occasion.
    """
    await journal.publish(
        tx,
        kind=REGISTERED,
        dedup_key=f"registered:{chat_id}:{by}",
        payload={"chat_id": chat_id},
        ordering_key=f"chat:{chat_id}",
    )


class OpeningPosts:
    """Writes the opening post of a topic, and edits it when its text changes."""

    def __init__(self, clock: Clock, registry: TopicRegistry) -> None:
        self._clock = clock
        self._registry = registry
        self._timers = Timers()

    async def set_title(self, tx: Tx, origin: Origin, topic: Topic, title: str) -> None:
        """Rename the topic unless it has this title already."""
        if topic.title != title:
            await self._registry.set_title(tx, topic.id, title)
            await change(tx, origin, topic, title=title)

    async def write(
        self,
        tx: Tx,
        origin: Origin,
        topic: Topic,
        text: Markup,
        *,
        pins: bool,
        pause_s: float,
        buttons: StoredButtons = (),
    ) -> None:
        """Write or edit the opening post.

        An edit waits until `pause_s` seconds have passed since the last one. `buttons` are updated
        only when the text changes.
        """
        assert topic.subject is not None
        digest = sha256_hex(text)
        if digest == topic.opening_digest:
            return
        due = (
            None
            if topic.opening is None or topic.opening_at is None
            else topic.opening_at + timedelta(seconds=pause_s)
        )
        if due is not None and due > self._clock.now():
            await self.schedule(tx, topic.subject, due)
            return
        where = {"chat_id": topic.marked_id, "topic": topic_ref(topic), "topic_row": str(topic.id)}
        effect_id = await effects.request(
            tx,
            origin,
            kind=EDIT if topic.opening else SEND,
            target=target(topic.marked_id),
            lane=Lane.BULK,
            args={
                **where,
                "text": text,
                "of": str(topic.opening) if topic.opening else None,
                "buttons": buttons,
            },
            key=origin.key(f"opening:{topic.id}:{digest[:16]}"),
            ordering_key=topic_order(topic),
            settled_kind=WRITTEN,
        )
        if topic.opening is None and pins:
            await pin(tx, origin, topic, effect_id)
        await self._registry.set_opening_post(tx, topic.id, effect_id, digest)

    async def schedule(self, tx: Tx, subject: Subject, due: datetime) -> None:
        """Have the subject reconciled at this time."""
        await self._timers.arm(
            tx, kind=REFRESHES[subject.kind], subject=str(subject.id), due_at=due
        )
