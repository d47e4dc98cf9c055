"""What people send: stored first, then removed where only Jarvis publishes media, then put to an
operation by its author.

A file's way: registered (`taken`) → fetched, looked into, stored and read back (`stored`) → its
message removed in a branch forum (`removed`) → one question to the author → copied under the
operation's key → published in the car's topic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, ClassVar
from uuid import UUID

from jarvis.domains.bookings.models import Booking, now_and_next
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.chats.models import Forum, Subject
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.chats.topics import ABLE, refresh
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.media import view as render
from jarvis.domains.media.claims import Claim, FileClaims
from jarvis.domains.media.events import LOOSE, REMOVED, SET_FILED
from jarvis.domains.media.filing import FILED, file_set
from jarvis.domains.media.payloads import FileSet
from jarvis.domains.media.publishing import PLACED, POSTED, Publisher
from jarvis.domains.media.service import Item, MediaService, MediaSet, Operation
from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit, effects
from jarvis.engine.db import Database, Tx
from jarvis.engine.db import Reader as Db
from jarvis.engine.effects import Completed, Lane, Origin
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.telegram.kinds import DELETE, DOWNLOAD, target
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock, day_bounds, local_date
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback
from jarvis.messaging.view import Button, Reader

UPLOADED = "photo.uploaded"
DELETES = "delete_messages"  # the right
# documents are no media
MODERATED = frozenset({"photo", "image", "video", "video_note", "voice", "audio", "gif", "sticker"})


class Material:
    """Takes in, moderates, asks, files, publishes."""

    feature: ClassVar[str] = "media"

    def __init__(
        self,
        db: Database,
        clock: Clock,
        staff: StaffService,
        fleet: FleetService,
        bookings: BookingService,
        chats: ChatService,
        registry: TopicRegistry,
        media: MediaService,
        interactions: Interactions,
        publisher: Publisher,
        claims: FileClaims,
    ) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff
        self._fleet = fleet
        self._bookings = bookings
        self._chats = chats
        self._registry = registry
        self._media = media
        self._interactions = interactions
        self._publisher = publisher
        self._claims = claims

    # in

    async def message(self, handling: Handling) -> None:
        """A message with a file: taken in private, in a branch forum, or when it is addressed to
        Jarvis."""
        p = handling.event.payload
        file = p.get("media")
        if file is None or file["kind"] not in MODERATED:
            return
        actor = await self._staff.actor_of_telegram(p["sender_id"])
        forum = None if p["private"] else await self._moderated(self._db, p["chat_id"])
        if forum is None and (actor is None or not (p["private"] or p["mentioned"])):
            return
        async with handling.transaction() as tx:
            into = await self._into_form(tx, p, actor, forum)
            item_id = await self._media.taken(
                tx,
                chat_id=p["chat_id"],
                message_id=p["message_id"],
                version=p["version"],
                sender_id=p["sender_id"],
                employee_id=actor.employee_id if actor else None,
                topic=p["topic"],
                file=file,
                caption=str(p["text"]),
                form_id=into.form_id if into else None,
                private=into is not None and into.private,
            )
            if item_id is not None:
                if into is not None and actor is not None:
                    await self._claims.photo(
                        tx, handling, actor, into, item_id, _album(p), str(p["text"])
                    )
                await effects.request(
                    tx,
                    handling.origin,
                    kind=DOWNLOAD,
                    target=target(p["chat_id"]),
                    key=f"media:{item_id}",
                    settled_kind=UPLOADED,
                    lane=Lane.URGENT,
                    args={
                        "chat_id": p["chat_id"],
                        "message_id": p["message_id"],
                        "name": file.get("name"),
                        "item": str(item_id),
                        "employee_id": str(actor.employee_id) if actor else None,
                    },
                )

    async def _into_form(
        self, tx: Tx, p: Mapping[str, Any], actor: Actor | None, forum: Forum | None
    ) -> Claim | None:
        """The check-list that the author is filling in, when the file is meant for it: sent in
        private, or in the topic of its car."""
        if (
            actor is None
            or (forum is not None and not p["topic"])
            or not (p["private"] or forum is not None)
        ):
            return None
        topics = await self._registry.numbered(tx, forum, [p["topic"]]) if forum is not None else {}
        cars = [t.car_id for t in topics.values() if t.car_id is not None]
        if forum is not None and not cars:
            return None
        return await self._claims.takes(tx, actor, p["media"], _album(p), cars[0] if cars else None)

    @subscriber(UPLOADED, lane=DeliveryLane.PEOPLE)
    async def uploaded(self, handling: Handling) -> None:
        """A file was stored, or is none that we take."""
        row = Completed.of(handling.event)
        item = await self._media.item(self._db, UUID(str(row.args["item"])))
        if item is None:
            return
        forum = await self._moderated(self._db, item.chat_id)
        if not row.done:
            reason = str(row.cause or "").partition(": ")[2] or (
                "gone" if "gone" in str(row.cause) else "other"
            )
            async with handling.transaction() as tx:
                await self._media.refused(tx, item.id, reason)
                await audit.record(
                    tx,
                    action="media.refused",
                    actor_name="Jarvis",
                    subject=f"item:{item.id}",
                    outcome=reason,
                    event_id=handling.event.id,
                )
                found = await self._media.get(tx, item.set_id)
                if await self._claims.refused(tx, handling, item.id, render.refused(reason)):
                    return
                if found is not None and found.employee_id is not None and reason != "gone":
                    reader = await self._publisher.reader(found.employee_id)
                    await outbox.send(
                        tx,
                        handling.origin,
                        found.sender_id,
                        render.refusal(reason, reader),
                        key=f"refused:{item.id}",
                    )
            return
        async with handling.transaction() as tx:
            await self._media.stored(tx, item.id, UUID(str(row.receipt["media_id"])))
            if forum is not None and forum.able(DELETES):
                await self._remove(tx, handling.origin, forum, [item])
                return
        await self._ask(handling, item.set_id)

    async def _remove(self, tx: Tx, origin: Origin, forum: Forum, items: Sequence[Item]) -> None:
        ids = sorted({i.message_id for i in items})
        await effects.request(
            tx,
            origin,
            kind=DELETE,
            target=target(forum.marked_id),
            args={"chat_id": forum.marked_id, "ids": ids},
            lane=Lane.URGENT,
            settled_kind=REMOVED,
            branch=forum.branch,
            key=origin.key(f"remove:{forum.marked_id}:{ids[0]}"),
        )

    @subscriber(REMOVED, lane=DeliveryLane.PEOPLE)
    async def removed(self, handling: Handling) -> None:
        """Messages are gone from a forum, or could not be removed: their author is asked either
        way."""
        row = Completed.of(handling.event)
        chat_id, ids = int(row.args["chat_id"]), [int(n) for n in row.args["ids"]]
        async with handling.transaction() as tx:
            if row.done:
                sets = await self._media.removed(tx, chat_id, ids)
            else:
                sets = list(
                    dict.fromkeys(
                        i.set_id
                        for i in await self._media.waiting(tx, chat_id)
                        if i.message_id in ids
                    )
                )
        for set_id in sets:
            await self._ask(handling, set_id, stuck=not row.done)

    @subscriber(ABLE)
    async def able(self, handling: Handling) -> None:
        """The bot may remove messages again: what is stored and still stands there goes now."""
        forum = await self._chats.forum(self._db, int(handling.event.payload["chat_id"]))
        if forum is None or not forum.able(DELETES):
            return
        async with handling.transaction() as tx:
            waiting = await self._media.waiting(tx, forum.marked_id)
            for n in range(0, len(waiting), 100):  # Telegram takes so many at once
                await self._remove(tx, handling.origin, forum, waiting[n : n + 100])

    async def _moderated(self, reader: Db, chat_id: int) -> Forum | None:
        """The forum in which only Jarvis publishes media; None for every other chat."""
        forum = await self._chats.forum(reader, chat_id)
        return forum if forum is not None and forum.purpose == "branch_forum" else None

    @subscriber(LOOSE, lane=DeliveryLane.PEOPLE)
    async def loose(self, handling: Handling) -> None:
        """A check-list was cancelled: what was sent for it is asked about."""
        await self._ask(handling, UUID(str(handling.event.payload["set"])))

    # the question

    async def _ask(self, handling: Handling, set_id: UUID, *, stuck: bool = False) -> None:
        """One message to the author about the whole set, written when nothing of it is on its way,
        changed when more came.

        `stuck`: what is stored and still stands in the forum will not go soon.
        """
        async with handling.transaction() as tx:
            found = await self._media.get(tx, set_id, lock=True)
            if found is None or found.employee_id is None or found.state != "open":
                return
            if found.form_id is not None:
                await self._claims.arrived(tx, handling, found.form_id)
                return
            items = await self._media.items(tx, set_id)
            forum = await self._moderated(tx, found.chat_id)
            moving = (
                ("taken", "stored")
                if forum is not None and forum.able(DELETES) and not stuck
                else ("taken",)
            )
            kept = [i for i in items if i.state in ("stored", "removed")]
            if not kept or any(i.state in moving for i in items):
                return
            reader = await self._publisher.reader(found.employee_id)
            key = (
                "media.stored"
                if forum is None
                else "media.kept"
                if any(i.state == "stored" for i in kept)
                else "media.removed"
            )
            text = reader.say(key, n=len(kept), topic=escape(found.topic_title or "General"))
            # a group of its own each time: what is near may have changed since
            stored = await self._interactions.store(
                tx,
                outbox.stored_form(await self._choices(found, forum, reader)),
                group=f"file:{set_id}:{handling.event.id}",
                who=Who(employee_id=found.employee_id),
                life=None,
            )
            if found.asked is None:
                asked = await outbox.send(
                    tx,
                    handling.origin,
                    found.sender_id,
                    text,
                    buttons=stored,
                    key=f"media.ask:{set_id}",
                )
            else:
                asked = await outbox.edit(
                    tx,
                    handling.origin,
                    found.sender_id,
                    text,
                    of=found.asked,
                    buttons=stored,
                    key=handling.key(f"ask:{set_id}"),
                )
            await self._media.asked(tx, set_id, asked)

    async def _choices(
        self, found: MediaSet, forum: Forum | None, reader: Reader
    ) -> list[list[Button]]:
        """Check-lists that the files may be for, then where else they may belong."""
        offers = await self._offers(found.car_id, forum, reader.actor)
        lists: list[list[Button]] = []
        for op, b in offers[:2]:
            what = render.operation(op, b, found.car_id, reader)
            label = reader.say("b.form.list", what=what)
            button = self._claims.offer(reader.actor, label, op, b, found.id)
            if button is not None:
                lists.append([button])
        return [*lists, *render.choices(found, offers, found.car_id, reader)]

    async def _offers(
        self, car_id: UUID | None, forum: Forum | None, actor: Actor
    ) -> list[tuple[Operation, Booking]]:
        """Operations that are near: the car's own, else those of today in the branch."""
        now = self._clock.now()
        offers: list[tuple[Operation, Booking]] = []
        if car_id is not None:
            current, following = now_and_next(await self._bookings.of_car(car_id, since=now), now)
            if current is not None and current.purpose == "rental":
                begun = current.start is not None and local_date(current.start) == local_date(now)
                if current.status == "planned" or begun:
                    offers.append(("issue", current))
                offers.append(("return", current))
            if following is not None:
                offers.append(("issue", following))
            return offers
        start, end = day_bounds(local_date(now))
        branch = forum.branch if forum is not None else actor.home_branch
        pickups = await self._bookings.pickups(start, end, branch, actor.branches)
        returns = await self._bookings.returns(start, end, branch, actor.branches)
        today: Sequence[tuple[Operation, list[Booking]]] = (("issue", pickups), ("return", returns))
        for operation, rows in today:
            for booking in rows:
                if booking.car_id is not None:
                    offers.append((operation, booking))
        return offers

    # out

    @callback(FileSet)
    async def decided(self, handling: Handling, actor: Actor, pressed: FileSet) -> None:
        """The author says what the set belongs to."""
        async with handling.transaction() as tx:
            found = await self._media.get(tx, pressed.set_id, lock=True)
            key = handling.key(f"file:{pressed.set_id}")
            if await tx.fetchval("SELECT true FROM effect WHERE idempotency_key = $1", key):
                return  # this very press, handled again after an interruption
            if found is None or found.state != "open":
                await outbox.send(
                    tx,
                    handling.origin,
                    handling.event.payload["chat_id"],
                    (await self._publisher.reader(actor.employee_id)).say("media.settled"),
                    key=handling.key("settled"),
                )
                return
            files = await file_set(
                tx,
                handling.origin,
                self._media,
                found.id,
                pressed.operation,
                pressed.car_id,
                pressed.booking_id,
                actor.employee_id,
                key=key,
            )
            await audit.record(
                tx,
                action="media.file",
                actor_id=actor.employee_id,
                actor_name=actor.name,
                subject=f"set:{found.id}",
                outcome=pressed.operation,
                event_id=handling.event.id,
                details={"car_id": str(pressed.car_id), "files": files},
            )
            await self._tell(tx, handling, found.id, "media.filing", files)

    @subscriber(FILED, lane=DeliveryLane.PEOPLE)
    async def filed(self, handling: Handling) -> None:
        """The copies were read back: the set is published in the topic of its car, if it has
        one."""
        row = Completed.of(handling.event)
        set_id = UUID(str(row.args["set"]))
        async with handling.transaction() as tx:
            found = await self._media.get(tx, set_id, lock=True)
            if found is None or found.car_id is None:
                return
            if not row.done:
                await self._media.set_state(tx, set_id, "open")
                reader = await self._publisher.reader(found.employee_id)
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
                await self._tell(tx, handling, set_id, "media.filed", len(row.args["items"]))
            await handling.publish(
                tx,
                kind=SET_FILED,
                name=str(set_id),
                payload={"car_id": str(found.car_id)},
                ordering_key=f"car:{found.car_id}",
            )
            await refresh(tx, handling, Subject("car", found.car_id))

    async def _publish(self, tx: Tx, origin: Origin, found: MediaSet) -> bool:
        """In the car's topic, if there is one; false when there is none."""
        assert found.car_id is not None
        topic = await self._registry.live(tx, Subject("car", found.car_id), "branch_forum")
        forum = await self._chats.forum(tx, topic.marked_id) if topic is not None else None
        if topic is None or forum is None or forum.lost:
            return False
        return await self._publisher.publish(tx, origin, found, topic, forum)

    @subscriber(POSTED, lane=DeliveryLane.PEOPLE)
    async def posted(self, handling: Handling) -> None:
        """An album stands in a topic: each message is noted; when it was the last of its set, the
        author hears of it."""
        row = Completed.of(handling.event)
        if row.args.get("set") is None:
            return
        args, done = row.args, row.done
        set_id = UUID(str(args["set"]))
        async with handling.transaction() as tx:
            found = await self._media.get(tx, set_id, lock=True)
            items = [UUID(str(i["item"])) for i in args["items"]]
            ids = [int(n) for n in row.receipt["ids"]] if done else []
            await self._media.posted(
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
                and await self._media.standing(tx, set_id, topic.chat_id)
            ):
                await self._tell(tx, handling, set_id, "media.published", found.files)

    # helpers

    async def _tell(self, tx: Tx, handling: Handling, set_id: UUID, key: str, files: int) -> None:
        """Say in the author's own message how far the set is."""
        found = await self._media.get(tx, set_id)
        if found is None or found.asked is None or found.operation is None or found.car_id is None:
            return
        reader = await self._publisher.reader(found.employee_id)
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


def _album(p: Mapping[str, Any]) -> str | None:
    """The group of messages that a file came in, if it did not come alone."""
    return str(p["album"]) if p["album"] else None
