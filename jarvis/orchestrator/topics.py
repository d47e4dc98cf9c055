"""What can be asked of a topic: made, named, closed, pinned, deleted. Effects of one topic keep their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from jarvis.domains.chats.service import ChatService, Forum, Topic
from jarvis.domains.fleet.service import Car
from jarvis.engine import effects
from jarvis.engine.db import Tx
from jarvis.engine.effects import Lane, Origin
from jarvis.engine.worker import Handling
from jarvis.integrations.telegram.kinds import PIN, TOPIC_CREATE, TOPIC_DELETE, TOPIC_EDIT, target
from jarvis.orchestrator.render import topics as render

TOPICS, PINS = "manage_topics", "pin_messages"  # rights
MADE, WRITTEN, DELETED, REFRESH = "topic.made", "topic.written", "topic.deleted", "topic.refresh"


async def take(tx: Tx, origin: Origin, chats: ChatService, forum: Forum, car: Car) -> Topic:
    """The car's topic in this forum: the one it had before, one that waits under its title, or a new one."""
    title = render.title(car)
    known = await chats.reusable(tx, forum, car.id, title)
    if known is not None:
        await chats.set_state(tx, known.id, "open" if known.number else "making", car_id=car.id)
        if known.state == "closed":
            await change(tx, origin, known, closed=False)
        return known
    topic = await chats.begin(tx, forum, car.id, title)
    effect_id = await effects.request(
        tx, origin, kind=TOPIC_CREATE, target=target(forum.marked_id), args={"chat_id": forum.marked_id, "title": title},
        key=f"topic:{topic.id}", ordering_key=topic_order(topic), lane=Lane.NORMAL, settled_kind=MADE, branch=forum.branch,
    )  # fmt: skip
    await chats.made_with(tx, topic.id, effect_id)
    fresh = await chats.topic(tx, topic.id)
    assert fresh is not None
    return fresh


async def change(tx: Tx, origin: Origin, topic: Topic, **what: Any) -> None:
    """Give the topic another `title`, or make it `closed` or open."""
    args = {"chat_id": topic.marked_id, "topic": topic_ref(topic), "topic_row": str(topic.id), **what}
    await effects.request(
        tx, origin, kind=TOPIC_EDIT, target=target(topic.marked_id), args=args, ordering_key=topic_order(topic), settled_kind=WRITTEN,
        key=f"topic:{topic.id}:{origin.event_id}:{'+'.join(what)}",
    )  # fmt: skip


async def pin(tx: Tx, origin: Origin, topic: Topic, effect_id: UUID) -> None:
    """Pin the post that an effect wrote."""
    args = {"chat_id": topic.marked_id, "topic": topic_ref(topic), "topic_row": str(topic.id), "of": str(effect_id)}
    await effects.request(
        tx, origin, kind=PIN, target=target(topic.marked_id), args=args, lane=Lane.BULK, key=f"pin:{effect_id}:{origin.event_id}",
        ordering_key=topic_order(topic), settled_kind=WRITTEN,
    )  # fmt: skip


def topic_ref(topic: Topic) -> Mapping[str, Any]:
    """How an effect names the topic: by its number, or by the effect that will find it out."""
    return {"number": topic.number} if topic.number is not None else {"of": str(topic.made_by)}


def topic_order(topic: Topic) -> str:
    """The order of everything that happens in a topic."""
    return f"telegram:topic:{topic.id}"


async def delete(tx: Tx, origin: Origin, topic: Topic) -> None:
    """Delete a topic with all that stands in it."""
    await effects.request(
        tx, origin, kind=TOPIC_DELETE, target=target(topic.marked_id), ordering_key=topic_order(topic), settled_kind=DELETED,
        args={"chat_id": topic.marked_id, "topic": topic_ref(topic), "topic_row": str(topic.id)}, lane=Lane.BULK,
        key=f"delete:{topic.id}:{origin.event_id}",
    )  # fmt: skip


async def refresh(tx: Tx, handling: Handling, car_id: UUID) -> None:
    """Have a car settled once this transaction stands, whatever becomes of its process."""
    await handling.journal.publish(
        tx, kind=REFRESH, dedup_key=f"refresh:{handling.event.id}:{car_id}", payload={"subject": str(car_id)},
        ordering_key=f"timer:{car_id}",
    )  # fmt: skip
