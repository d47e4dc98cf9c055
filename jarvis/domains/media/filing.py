"""Files sets of files under an operation: the author chooses it, the files are copied and read
back, then the set is published in the topic of its car."""

from __future__ import annotations

from typing import ClassVar, cast
from uuid import UUID

from jarvis.domains.bookings.models import Booking
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.chats.models import Subject
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.chats.topics import refresh
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.media import view as render
from jarvis.domains.media.events import SET_FILED
from jarvis.domains.media.models import MediaSet, Operation
from jarvis.domains.media.payloads import FileSet
from jarvis.domains.media.posts import MediaPosts
from jarvis.domains.media.publishing import PLACED, POSTED, Publisher
from jarvis.domains.media.service import MediaService
from jarvis.domains.staff.readers import Readers
from jarvis.engine import audit, effects
from jarvis.engine.db import Tx
from jarvis.engine.effects import Completed, Origin
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.storage.kinds import FILE
from jarvis.kit.actor import Actor
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback

FILED = "media.filed"


async def file_set(
    tx: Tx,
    origin: Origin,
    media: MediaService,
    set_id: UUID,
    operation: str,
    car_id: UUID,
    booking_id: UUID | None,
    by: UUID,
    *,
    key: str,
) -> int:
    """Request the copies; return the number of files."""
    items = await media.filing(tx, set_id, cast(Operation, operation), car_id, booking_id, by)
    await effects.request(
        tx,
        origin,
        kind=FILE,
        target=f"storage:set:{set_id}",
        settled_kind=FILED,
        key=key,
        args={"set": str(set_id), "items": [{"from": i.key, "to": i.filed_key} for i in items]},
    )
    return len(items)


class MediaFiling:
    """Handles the author's choice, the copies, and the albums in the topic."""

    feature: ClassVar[str] = "media"

    def __init__(
        self,
        fleet: FleetService,
        bookings: BookingService,
        chats: ChatService,
        registry: TopicRegistry,
        media: MediaService,
        posts: MediaPosts,
        publisher: Publisher,
        readers: Readers,
    ) -> None:
        self._fleet = fleet
        self._bookings = bookings
        self._chats = chats
        self._registry = registry
        self._media = media
        self._posts = posts
        self._publisher = publisher
        self._readers = readers

    @callback(FileSet)
    async def decided(self, handling: Handling, actor: Actor, payload: FileSet) -> None:
        """File the set as its author chose."""
        async with handling.transaction() as tx:
            found = await self._media.get(tx, payload.set_id, lock=True)
            key = handling.key(f"file:{payload.set_id}")
            if await tx.fetchval("SELECT true FROM effect WHERE idempotency_key = $1", key):
                return  # this callback is handled again after an interruption
            if found is None or found.state != "open":
                await outbox.send(
                    tx,
                    handling.origin,
                    handling.event.payload["chat_id"],
                    (await self._readers.of_employee(actor.employee_id)).say("media.settled"),
                    key=handling.key("settled"),
                )
                return
            files = await file_set(
                tx,
                handling.origin,
                self._media,
                found.id,
                payload.operation,
                payload.car_id,
                payload.booking_id,
                actor.employee_id,
                key=key,
            )
            await audit.record(
                tx,
                action="media.file",
                actor_id=actor.employee_id,
                actor_name=actor.name,
                subject=f"set:{found.id}",
                outcome=payload.operation,
                event_id=handling.event.id,
                details={"car_id": str(payload.car_id), "files": files},
            )
            await self._update_message(tx, handling, found.id, "media.filing", files)

    @subscriber(FILED, lane=DeliveryLane.PEOPLE)
    async def filed(self, handling: Handling) -> None:
        """Publish the set in the topic of its car, or offer it for another try if copying
        failed."""
        row = Completed.of(handling.event)
        set_id = UUID(str(row.args["set"]))
        async with handling.transaction() as tx:
            found = await self._media.get(tx, set_id, lock=True)
            if found is None or found.car_id is None:
                return
            if not row.done:
                await self._media.set_state(tx, set_id, "open")
                reader = await self._readers.of_employee(found.employee_id)
                await outbox.send(
                    tx,
                    handling.origin,
                    found.sender_id,
                    reader.say("media.failed", cause=str(row.cause)[:120]),
                    key=handling.key(f"failed:{set_id}"),
                )
                return
            await self._media.set_state(tx, set_id, "filed")
            if found.private or not await self._publish(tx, handling.origin, found):
                await self._update_message(
                    tx, handling, set_id, "media.filed", len(row.args["items"])
                )
            await handling.publish(
                tx,
                kind=SET_FILED,
                name=str(set_id),
                payload={"car_id": str(found.car_id)},
                ordering_key=f"car:{found.car_id}",
            )
            await refresh(tx, handling, Subject("car", found.car_id))

    async def _publish(self, tx: Tx, origin: Origin, found: MediaSet) -> bool:
        """Publish in the car's topic; return False if it has none."""
        assert found.car_id is not None
        topic = await self._registry.live(tx, Subject("car", found.car_id), "branch_forum")
        forum = await self._chats.forum(tx, topic.marked_id) if topic is not None else None
        if topic is None or forum is None or forum.lost:
            return False
        return await self._publisher.publish(tx, origin, found, topic, forum)

    @subscriber(POSTED, lane=DeliveryLane.PEOPLE)
    async def posted(self, handling: Handling) -> None:
        """Record the messages of an album; tell the author when the set is completely published."""
        row = Completed.of(handling.event)
        if row.args.get("set") is None:
            return
        args, done = row.args, row.done
        set_id = UUID(str(args["set"]))
        async with handling.transaction() as tx:
            found = await self._media.get(tx, set_id, lock=True)
            items = [UUID(str(i["item"])) for i in args["items"]]
            ids = [int(n) for n in row.receipt["ids"]] if done else []
            await self._posts.posted(
                tx, row.effect_id, dict(zip(items, ids, strict=True)) if done else None
            )
            if done and found is not None and found.car_id is not None:
                payload = {"car_id": str(found.car_id)}
                await handling.publish(
                    tx,
                    kind=PLACED,
                    name=str(set_id),
                    payload=payload,
                    ordering_key=f"car:{found.car_id}",
                )
            topic = await self._registry.topic(tx, UUID(str(args["topic_row"])))
            shown = done and topic is not None and topic.purpose == "branch_forum"
            if (
                shown
                and found is not None
                and topic is not None
                and await self._posts.is_complete(tx, set_id, topic.chat_id)
            ):
                await self._update_message(tx, handling, set_id, "media.published", found.files)

    async def _update_message(
        self, tx: Tx, handling: Handling, set_id: UUID, key: str, files: int
    ) -> None:
        """Show the progress of the set in the message that asked its author."""
        found = await self._media.get(tx, set_id)
        if found is None or found.asked is None or found.operation is None or found.car_id is None:
            return
        reader = await self._readers.of_employee(found.employee_id)
        car, booking = await self._fleet.get(found.car_id), await self._booking(found.booking_id)
        text = reader.say(key, what=render.what(found.operation, booking, car, reader), n=files)
        asked = await outbox.edit(
            tx,
            handling.origin,
            found.sender_id,
            text,
            of=found.asked,
            key=handling.key(f"{key}:{set_id}"),
        )
        await self._media.asked(tx, set_id, asked)

    async def _booking(self, booking_id: UUID | None) -> Booking | None:
        return None if booking_id is None else await self._bookings.get(booking_id)
