"""The archive forum keeps everything about a car: its photos as albums, and the messages of topics
that are closed.

When a car leaves a branch, its topic there closes once the archive has all of its content. A day
later the archive copy is checked again, and then the topic is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from jarvis.domains.chats import topics
from jarvis.domains.chats.models import Forum, Subject, Topic
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.chats.topics import ABLE, DELETED, REGISTERED, TOPICS
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.media.events import SET_FILED
from jarvis.domains.media.posts import MediaPosts
from jarvis.domains.media.publishing import PLACED, Publisher
from jarvis.domains.topics import transcript
from jarvis.domains.topics import view as render
from jarvis.domains.topics.checks import FORUMS, PERIOD_S
from jarvis.engine import audit, effects
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Completed, Lane, Origin
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.timing import Timers
from jarvis.engine.worker import Handling
from jarvis.integrations.telegram.kinds import LOOK, target
from jarvis.kit.clock import Clock

DUE, VERIFIED = "topic.due", "archive.verified"
KEPT_S = 24 * 3600.0  # from the closing of a topic to its deletion
SWEPT = 20  # cars in one sweep


class Archive:
    """Copies content to the archive, closes topics that are archived, and deletes them a day
    later."""

    feature: ClassVar[str] = "archive"

    def __init__(
        self,
        db: Database,
        clock: Clock,
        fleet: FleetService,
        chats: ChatService,
        registry: TopicRegistry,
        posts: MediaPosts,
        publisher: Publisher,
    ) -> None:
        self._db = db
        self._clock = clock
        self._fleet = fleet
        self._chats = chats
        self._registry = registry
        self._posts = posts
        self._publisher = publisher
        self._timers = Timers()

    async def reconcile(self, tx: Tx, origin: Origin, car_id: UUID) -> None:
        """Request what the archive is missing of a car; close its topics that are completely
        archived."""
        # one reconciliation of a car at a time
        await tx.execute("SELECT 1 FROM car WHERE id = $1 FOR UPDATE", car_id)
        forum = await self._chats.company(tx, "archive")
        leaving = [
            t for t in await self._registry.awaiting_archive(tx, car_id) if t.number is not None
        ]
        if forum is not None:
            absent = await self._posts.absent(tx, forum.id, car_id)
            copied = [await transcript.is_copied(tx, t) for t in leaving]
            if absent or not all(copied):
                await self._fill(tx, origin, forum, car_id, leaving)
                return
        for topic in leaving:
            await self._registry.set_state(tx, topic.id, "closed")
            await topics.change(tx, origin, topic, closed=True)
            if forum is not None:
                await self._keep(tx, topic)

    async def _keep(self, tx: Tx, topic: Topic) -> None:
        """Check in a day whether the closed topic can be deleted."""
        due = self._clock.now() + timedelta(seconds=KEPT_S)
        await self._timers.arm(tx, kind=DUE, subject=str(topic.id), due_at=due)

    async def _fill(
        self, tx: Tx, origin: Origin, forum: Forum, car_id: UUID, leaving: Sequence[Topic]
    ) -> None:
        """Copy missing albums and messages into the car's topic in the archive."""
        if forum.lost or not forum.able(TOPICS):
            return
        subject = Subject("car", car_id)
        place = await self._registry.live(tx, subject, "archive")
        if place is None:
            place = await topics.get_or_create(
                tx,
                origin,
                self._registry,
                forum,
                subject,
                render.title(await self._fleet.get(car_id)),
            )
        for found in await self._posts.absent(tx, forum.id, car_id):
            await self._publisher.publish(tx, origin, found, place, forum, lane=Lane.BULK)
        for topic in leaving:
            await transcript.copy_messages(tx, origin, self._registry, topic, place)

    @subscriber(PLACED, SET_FILED)
    async def placed(self, handling: Handling) -> None:
        """Continue archiving a car when photos of it were filed or published."""
        async with handling.transaction() as tx:
            await self.reconcile(tx, handling.origin, UUID(str(handling.event.payload["car_id"])))

    @subscriber(transcript.COPIED)
    async def told(self, handling: Handling) -> None:
        """Continue archiving when messages were copied, or copy them again after a failure."""
        ended = Completed.of(handling.event)
        async with handling.transaction() as tx:
            if not ended.done:
                await self._registry.clear_copied(tx, UUID(str(ended.args["told"])))
            elif ended.args["car"] is not None:
                await self.reconcile(tx, handling.origin, UUID(str(ended.args["car"])))

    @subscriber(FORUMS, ABLE, REGISTERED, lane=DeliveryLane.BULK)
    async def sweep(self, handling: Handling) -> None:
        """Retry archiving that should be complete by now, and at once when the archive becomes
        writable again."""
        forum = await self._chats.company(self._db, "archive")
        if forum is None or not forum.able(TOPICS):
            return
        cars = [
            s.car_id
            for s in await self._posts.absent(self._db, forum.id, None)
            if s.car_id is not None
        ]
        cars += await self._registry.cars_awaiting_archive(self._db)
        for car_id in portion(cars, self._clock.now()):
            async with handling.transaction() as tx:
                await self.reconcile(tx, handling.origin, car_id)

    @subscriber(DUE, lane=DeliveryLane.BULK)
    async def due(self, handling: Handling) -> None:
        """Read the archive copy of a topic that was closed a day ago, before it is deleted."""
        async with handling.transaction() as tx:
            topic = await self._registry.topic(tx, UUID(str(handling.event.payload["subject"])))
            forum = await self._chats.company(tx, "archive")
            if topic is None or topic.state != "closed" or topic.car_id is None or forum is None:
                return
            if forum.lost:
                await self._keep(tx, topic)
                return
            await effects.request(
                tx,
                handling.origin,
                kind=LOOK,
                target=target(forum.marked_id),
                settled_kind=VERIFIED,
                lane=Lane.BULK,
                key=handling.key(f"look:{topic.id}"),
                args={
                    "chat_id": forum.marked_id,
                    "topic_row": str(topic.id),
                    "messages": await self._posts.posts_of(tx, forum.id, topic.car_id),
                },
            )

    @subscriber(VERIFIED, lane=DeliveryLane.BULK)
    async def verified(self, handling: Handling) -> None:
        """Delete the topic if its copy is complete; else complete the copy and wait another day."""
        ended = Completed.of(handling.event)
        async with handling.transaction() as tx:
            topic = await self._registry.topic(tx, UUID(str(ended.args["topic_row"])))
            forum = await self._chats.company(tx, "archive")
            if topic is None or topic.state != "closed" or topic.car_id is None or forum is None:
                return
            wanted = [int(n) for n in ended.args["messages"]]
            there = [int(n) for n in ended.receipt["messages"]] if ended.done else []
            gone = [n for n in wanted if n not in there] if ended.done else []
            await self._posts.seen(tx, forum.id, there, gone)
            # messages written while the topic closed may have been received later
            copied = await transcript.is_copied(tx, topic)
            if (
                ended.done
                and not gone
                and copied
                and not await self._posts.absent(tx, forum.id, topic.car_id)
            ):
                await topics.delete(tx, handling.origin, topic)
                return
            await self.reconcile(tx, handling.origin, topic.car_id)
            if not copied:
                await self._fill(tx, handling.origin, forum, topic.car_id, [topic])
            await self._keep(tx, topic)

    @subscriber(DELETED, lane=DeliveryLane.BULK)
    async def deleted(self, handling: Handling) -> None:
        """Record the deletion of a topic; one that failed is retried in a day."""
        ended = Completed.of(handling.event)
        topic_id = UUID(str(ended.args["topic_row"]))
        async with handling.transaction() as tx:
            topic = await self._registry.topic(tx, topic_id)
            if topic is None:
                return
            if not ended.done:
                await self._keep(tx, topic)
                return
            subject = await self._registry.mark_deleted(tx, topic_id)
            if subject is not None:  # the car came back while its topic was being deleted
                await topics.refresh(tx, handling, subject)
            await self._posts.topic_gone(tx, topic_id)
            await audit.record(
                tx,
                action="topic.delete",
                actor_name="Jarvis",
                subject=topic.title,
                outcome="deleted",
                event_id=handling.event.id,
            )


def portion(cars: Sequence[UUID], now: datetime) -> list[UUID]:
    """Return at most `SWEPT` of the cars, different ones in each period, so that cars whose
    archiving keeps failing do not block the others."""
    known = sorted(set(cars))
    begin = int(now.timestamp()) // PERIOD_S * SWEPT % max(1, len(known))
    return (known[begin:] + known[:begin])[:SWEPT]
