"""Gives each active car one open topic in the forum of its branch, with an opening post that shows
its current state.

Handlers do not follow the steps of a move. Every event about a car compares the registry with what
should be and requests the difference, so that lost, repeated or reordered events have the same
result.
"""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from jarvis.domains.bookings.models import now_and_next
from jarvis.domains.bookings.receivables import Receivables
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.chats.models import REFRESHES, SERVICE, Forum, Purpose, Subject, Topic
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.chats.topic_subjects import TopicSubjects
from jarvis.domains.chats.topics import (
    MADE,
    PINS,
    REGISTERED,
    TOPICS,
    WRITTEN,
    OpeningPosts,
    change,
    get_or_create,
    refresh,
    refresh_all,
)
from jarvis.domains.fleet.service import SOURCE, Car, FleetService
from jarvis.domains.forms.service import FormService
from jarvis.domains.media.service import MediaService
from jarvis.domains.staff.readers import Readers
from jarvis.domains.topics import view as render
from jarvis.domains.topics.archive import Archive
from jarvis.engine import audit, refs
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Completed, Origin
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.rentprog.assumptions import CAR_PAGE
from jarvis.integrations.rentprog.mirror import LOADED, read_whole
from jarvis.integrations.telegram.kinds import TOPIC_GONE
from jarvis.kit.clock import Clock, local_date
from jarvis.messaging.markup import Markup, lines

REFRESH_S = 600.0  # at least so long between two edits of an opening post
TOUCHING = (
    "car.created",
    "car.updated",
    "car.moved",
    "car.linked",
    "booking.created",
    "booking.updated",
    "booking.cancelled",
    "booking.issued",
    "booking.returned",
)


class CarTopics:
    """Reconciles the topics of cars with the fleet and its bookings."""

    feature: ClassVar[str] = "car_topics"

    def __init__(
        self,
        db: Database,
        clock: Clock,
        fleet: FleetService,
        bookings: BookingService,
        receivables: Receivables,
        readers: Readers,
        chats: ChatService,
        registry: TopicRegistry,
        subjects: TopicSubjects,
        archive: Archive,
        media: MediaService,
        forms: FormService,
    ) -> None:
        self._db = db
        self._clock = clock
        self._fleet = fleet
        self._bookings = bookings
        self._receivables = receivables
        self._readers = readers
        self._chats = chats
        self._registry = registry
        self._subjects = subjects
        self._archive = archive
        self._media = media
        self._forms = forms
        self._openings = OpeningPosts(clock, registry)

    @subscriber(*TOUCHING)
    async def touched(self, handling: Handling) -> None:
        """Reconcile the cars that an event concerns, also the one that a booking was moved away
        from."""
        payload = handling.event.payload
        cars = {payload.get("car_id"), payload.get("before", {}).get("car_id")} - {None}
        for car_id in sorted(map(str, cars)):
            await self._reconcile(handling, UUID(car_id))

    @subscriber(LOADED, lane=DeliveryLane.BULK)
    async def loaded(self, handling: Handling) -> None:
        """Reconcile every car that has a forum after the first complete load of RentProg."""
        await refresh_all(handling, await self._subjects.cars_with_forum(self._db))

    @subscriber(MADE)
    async def made(self, handling: Handling) -> None:
        """Record that a topic was created, or failed to be."""
        ended = Completed.of(handling.event)
        async with handling.transaction() as tx:
            topic = await self._registry.created_by(tx, ended.effect_id)
            if topic is None:
                return
            if ended.done:
                await self._registry.set_created(tx, topic.id, int(ended.receipt["topic"]))
                if topic.state == "leaving" and topic.car_id is not None:
                    await self._archive.reconcile(tx, handling.origin, topic.car_id)
                elif topic.state == "leaving":
                    await self._registry.set_state(tx, topic.id, "closed")
                    await change(tx, handling.origin, topic, closed=True)
            elif ended.state in ("dead", "dropped"):
                await self._registry.set_state(tx, topic.id, "gone")
                await audit.record(
                    tx,
                    action="topic.create",
                    actor_name="Jarvis",
                    subject=topic.title,
                    outcome="failed",
                    event_id=handling.event.id,
                    details={"cause": ended.cause},
                )

    @subscriber(WRITTEN)
    async def written(self, handling: Handling) -> None:
        """Record the result of writing to a topic; a topic that somebody deleted is created
        again."""
        ended = Completed.of(handling.event)
        written: str | None = ended.args.get("topic_row")
        if ended.state != "dead" or written is None:
            return
        if ended.cause != TOPIC_GONE:
            async with handling.transaction() as tx:
                before: str | None = ended.args.get("of")
                await self._registry.mark_opening_post_failed(
                    tx, ended.effect_id, UUID(before) if before is not None else None
                )
            return
        async with handling.transaction() as tx:
            subject = await self._registry.mark_deleted(tx, UUID(written))
            await audit.record(
                tx,
                action="topic.lost",
                actor_name="Jarvis",
                subject=written,
                outcome="deleted by hand",
                event_id=handling.event.id,
            )
            if subject is not None:
                await refresh(tx, handling, subject)

    @subscriber(REFRESHES["car"], lane=DeliveryLane.BULK)
    async def refreshed(self, handling: Handling) -> None:
        """Reconcile a car, after the pause between edits or on request."""
        await self._reconcile(handling, UUID(str(handling.event.payload["subject"])))

    @subscriber(REGISTERED)
    async def registered(self, handling: Handling) -> None:
        """Reconcile everything that belongs in a newly registered forum."""
        forum = await self._chats.forum(self._db, int(handling.event.payload["chat_id"]))
        if forum is not None and forum.purpose not in SERVICE:
            await refresh_all(
                handling,
                await self._subjects.subjects_of(self._db, forum, local_date(self._clock.now())),
            )

    async def _reconcile(self, handling: Handling, car_id: UUID) -> None:
        """Compare a car's topics with what should be and request the difference, as far as the
        bot has the rights for it."""
        async with handling.transaction() as tx:
            # one reconciliation of a car at a time
            await tx.execute("SELECT 1 FROM car WHERE id = $1 FOR UPDATE", car_id)
            car = await self._fleet.get(car_id)
            kept = car.active and not await tx.fetchval(
                "SELECT deleted_at IS NOT NULL FROM car WHERE id = $1", car_id
            )
            await self._place(
                tx,
                handling.origin,
                car,
                "branch_forum",
                await self._chats.forum_of(tx, car.branch) if kept else None,
            )
            await self._place(
                tx,
                handling.origin,
                car,
                "hq",
                await self._chats.company(tx, "hq") if kept else None,
            )
            await self._archive.reconcile(tx, handling.origin, car_id)

    async def _place(
        self, tx: Tx, origin: Origin, car: Car, purpose: Purpose, forum: Forum | None
    ) -> None:
        """Keep the car's topic of this purpose in this forum, or in none."""
        subject, title = Subject("car", car.id), render.title(car)
        topic = await self._registry.live(tx, subject, purpose)
        if topic is not None and (forum is None or topic.chat_id != forum.id):
            await self._leave(tx, topic)
            topic = None
        if car.plate_key is not None:
            # it may have moved before it had a topic; without a plate its title is not unique
            await self._registry.adopt_misplaced(tx, car.id, purpose, title, forum)
        if forum is None or forum.lost or (topic is None and not forum.able(TOPICS)):
            return
        topic = topic or await get_or_create(tx, origin, self._registry, forum, subject, title)
        if forum.able(TOPICS):
            await self._openings.set_title(tx, origin, topic, title)
        await self._open(tx, origin, topic, car, pins=forum.able(PINS))

    async def _leave(self, tx: Tx, topic: Topic) -> None:
        """Mark the topic to be closed by `Archive` when its content is archived."""
        await self._registry.set_state(tx, topic.id, "leaving")

    async def _open(self, tx: Tx, origin: Origin, topic: Topic, car: Car, *, pins: bool) -> None:
        """Write the opening post, or edit it when a fact in it has changed."""
        if topic.opening is None and not await read_whole(tx):
            # half of what the post shows is not known yet; `mirror.loaded` reconciles the car again
            return
        await self._openings.write(
            tx, origin, topic, await self._text(tx, car), pins=pins, pause_s=REFRESH_S
        )

    async def _text(self, tx: Tx, car: Car) -> Markup:
        reader = await self._readers.of_group()
        bookings = await self._bookings.of_car(car.id, since=reader.now)
        current, following = now_and_next(bookings, reader.now)
        owed = await self._receivables.of_booking(current.id) if current is not None else []
        parts = [render.opening(car, current, following, owed, reader)]
        for form in await self._forms.open_on(tx, car.id):
            booking = (
                await self._bookings.get(form.booking_id) if form.booking_id is not None else None
            )
            parts.append(render.form_block(form, booking, reader))
        newest = await self._media.of_car(tx, car.id, limit=1)
        if newest:
            parts.append(
                render.material_block(await self._media.count_of(tx, car.id), newest[0], reader)
            )
        key = await refs.key_of(tx, SOURCE, "car", car.id)
        if key is not None:
            parts.append(render.link(CAR_PAGE.format(key=key)))
        return lines(parts)
