"""The archive keeps a car's material for good: sets as albums, and the talk of topics that close.

A topic that its car left closes only when everything of it stands in the archive; a day after that,
and after another look at the archive, it is deleted.
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
KEPT_S = 24 * 3600.0  # a closed topic is deleted so long after its copy was found complete
SWEPT = 20  # cars a sweep


class Archive:
    """Publishes in the archive what is missing there, closes what waited for it, deletes what
    outlived it."""

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

    async def settle(self, tx: Tx, origin: Origin, car_id: UUID) -> None:
        """Ask for what is missing in the archive; close the topics that wait for nothing any
        more."""
        # one settling of a car at a time
        await tx.execute("SELECT 1 FROM car WHERE id = $1 FOR UPDATE", car_id)
        forum = await self._chats.company(tx, "archive")
        leaving = [t for t in await self._registry.leaving(tx, car_id) if t.number is not None]
        if forum is not None:
            absent = await self._posts.absent(tx, forum.id, car_id)
            told = [await transcript.told(tx, t) for t in leaving]
            if absent or not all(told):
                await self._fill(tx, origin, forum, car_id, leaving)
                return
        for topic in leaving:
            await self._registry.set_state(tx, topic.id, "closed")
            await topics.change(tx, origin, topic, closed=True)
            if forum is not None:
                await self._keep(tx, topic)

    async def _keep(self, tx: Tx, topic: Topic) -> None:
        """The closed topic stays for a day; then it is looked at whether it can go."""
        due = self._clock.now() + timedelta(seconds=KEPT_S)
        await self._timers.arm(tx, kind=DUE, subject=str(topic.id), due_at=due)

    async def _fill(
        self, tx: Tx, origin: Origin, forum: Forum, car_id: UUID, leaving: Sequence[Topic]
    ) -> None:
        """Albums and talk that the archive lacks, into the car's topic there."""
        if forum.lost or not forum.able(TOPICS):
            return
        subject = Subject("car", car_id)
        place = await self._registry.live(tx, subject, "archive")
        if place is None:
            place = await topics.take(
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
            await transcript.tell(tx, origin, self._registry, topic, place)

    # events

    @subscriber(PLACED, SET_FILED)
    async def placed(self, handling: Handling) -> None:
        """Material was put to an operation, or arrived in a topic: the archive gets it, and what
        waited for it may close."""
        async with handling.transaction() as tx:
            await self.settle(tx, handling.origin, UUID(str(handling.event.payload["car_id"])))

    @subscriber(transcript.TOLD)
    async def told(self, handling: Handling) -> None:
        """What was said in a topic arrived in the archive, and what waited for it may close; or it
        is told again."""
        ended = Completed.of(handling.event)
        async with handling.transaction() as tx:
            if not ended.done:
                await self._registry.untold(tx, UUID(str(ended.args["told"])))
            elif ended.args["car"] is not None:
                await self.settle(tx, handling.origin, UUID(str(ended.args["car"])))

    @subscriber(FORUMS, ABLE, REGISTERED, lane=DeliveryLane.BULK)
    async def sweep(self, handling: Handling) -> None:
        """Cars whose material should have arrived by now: asked for again, at once when the archive
        can take it again."""
        forum = await self._chats.company(self._db, "archive")
        if forum is None or not forum.able(TOPICS):
            return
        cars = [
            s.car_id
            for s in await self._posts.absent(self._db, forum.id, None)
            if s.car_id is not None
        ]
        cars += await self._registry.left(self._db)
        for car_id in portion(cars, self._clock.now()):
            async with handling.transaction() as tx:
                await self.settle(tx, handling.origin, car_id)

    @subscriber(DUE, lane=DeliveryLane.BULK)
    async def due(self, handling: Handling) -> None:
        """A topic was closed a day ago: look whether its copy still stands before it goes."""
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
        """Delete the topic when its copy is whole, else make the copy whole and wait another
        day."""
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
            # what was said while the topic closed may have arrived later
            told = await transcript.told(tx, topic)
            if (
                ended.done
                and not gone
                and told
                and not await self._posts.absent(tx, forum.id, topic.car_id)
            ):
                await topics.delete(tx, handling.origin, topic)
                return
            await self.settle(tx, handling.origin, topic.car_id)
            if not told:
                await self._fill(tx, handling.origin, forum, topic.car_id, [topic])
            await self._keep(tx, topic)

    @subscriber(DELETED, lane=DeliveryLane.BULK)
    async def deleted(self, handling: Handling) -> None:
        """A topic was deleted: nothing of it stands there any more. One that could not be is tried
        again in a day."""
        ended = Completed.of(handling.event)
        topic_id = UUID(str(ended.args["topic_row"]))
        async with handling.transaction() as tx:
            topic = await self._registry.topic(tx, topic_id)
            if topic is None:
                return
            if not ended.done:
                await self._keep(tx, topic)
                return
            subject = await self._registry.lost(tx, topic_id)
            if subject is not None:  # the car came back while its topic was going
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
    """At most `SWEPT` of the cars, other ones each period: those that nothing helps keep no others
    waiting."""
    known = sorted(set(cars))
    begin = int(now.timestamp()) // PERIOD_S * SWEPT % max(1, len(known))
    return (known[begin:] + known[:begin])[:SWEPT]
