"""The command `/car`: the photos of a car, with time, booking, author and hash."""

from __future__ import annotations

from collections.abc import Sequence

from jarvis.domains.bookings.service import BookingService
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.fleet.service import Car, FleetService
from jarvis.domains.media import view as render
from jarvis.domains.media.models import MediaSet
from jarvis.domains.media.payloads import ShowCarMaterial, ShowSet
from jarvis.domains.media.publishing import albums, outgoing
from jarvis.domains.media.service import MediaService
from jarvis.domains.staff.readers import Readers
from jarvis.engine import audit, effects
from jarvis.engine.db import Database, Tx
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.worker import Handling
from jarvis.integrations.telegram.kinds import ALBUM, target
from jarvis.kit.actor import Actor
from jarvis.kit.roles import CONTACTS
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback, command
from jarvis.messaging.markup import Markup, lines
from jarvis.messaging.view import Button, Reader

SHOWN = 6  # cars, or sets, a message


class CarFile:
    """Answers `/car` and its buttons. Photos are shown to people who may see the car's branch;
    clients' documents only to those who may see clients' contacts, and only in private."""

    def __init__(
        self,
        db: Database,
        fleet: FleetService,
        bookings: BookingService,
        chats: ChatService,
        registry: TopicRegistry,
        media: MediaService,
        interactions: Interactions,
        readers: Readers,
    ) -> None:
        self._db = db
        self._fleet = fleet
        self._bookings = bookings
        self._chats = chats
        self._registry = registry
        self._media = media
        self._interactions = interactions
        self._readers = readers

    @command("car")
    async def listing(self, handling: Handling, actor: Actor, said: str) -> None:
        """Show the named car, or that of the topic; else list the cars with the newest photos."""
        p = handling.event.payload
        chat_id, reply_to = int(p["chat_id"]), None if p["private"] else int(p["message_id"])
        cars: list[Car] = []
        if said:
            found = await self._fleet.find(said)
            cars = [await self._fleet.get(c) for c in (found.cars or found.near)[:SHOWN]]
        elif p.get("topic"):
            forum = await self._chats.forum(self._db, chat_id)
            topics = (
                await self._registry.by_numbers(self._db, forum, [p["topic"]])
                if forum is not None
                else {}
            )
            cars = [
                await self._fleet.get(t.car_id) for t in topics.values() if t.car_id is not None
            ]
        async with handling.transaction() as tx:
            reader = await self._readers.of_employee(actor.employee_id)
            if not said and not cars:
                cars = [
                    await self._fleet.get(c)
                    for c in await self._media.cars(tx, actor.branches, SHOWN)
                ]
            seen = [c for c in cars if actor.may_see(c.branch)]
            if len(seen) == 1 and (said or p.get("topic")):
                await self._sets(tx, handling, chat_id, seen[0], reader, reply_to=reply_to)
                return
            key = (
                "carfile.which"
                if seen
                else "carfile.denied"
                if cars
                else "carfile.nocar"
                if said
                else "carfile.nothing"
            )
            rows = [
                [Button(label=c.label[:34], payload=ShowCarMaterial(car_id=c.id))] for c in seen
            ]
            await self._say(tx, handling, chat_id, reader.say(key), rows, actor, reply_to=reply_to)

    @callback(ShowCarMaterial)
    async def of_car(self, handling: Handling, actor: Actor, payload: ShowCarMaterial) -> None:
        """Show the sets of a car in place of the list."""
        p = handling.event.payload
        async with handling.transaction() as tx:
            car = await self._fleet.get(payload.car_id)
            if await self._may(tx, handling, actor, car, f"car:{car.id}"):
                reader = await self._readers.of_employee(actor.employee_id)
                await self._sets(
                    tx, handling, int(p["chat_id"]), car, reader, edit_id=int(p["message_id"])
                )

    @callback(ShowSet)
    async def of_set(self, handling: Handling, actor: Actor, payload: ShowSet) -> None:
        """Send the files of a set to the private chat of whoever asked."""
        async with handling.transaction() as tx:
            found = await self._media.get(tx, payload.set_id)
            car = (
                await self._fleet.get(found.car_id)
                if found is not None and found.car_id is not None
                else None
            )
            papers = found is not None and found.private
            if (
                found is not None
                and car is not None
                and await self._may(tx, handling, actor, car, f"set:{found.id}", papers=papers)
            ):
                await self._files(tx, handling, actor, found)

    async def _may(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        car: Car,
        subject: str,
        *,
        papers: bool = False,
    ) -> bool:
        """Return whether the person may see the car's photos; record it either way, and tell
        them if not."""
        allowed = actor.may_see(car.branch) and (not papers or actor.role in CONTACTS)
        await audit.record(
            tx,
            action="client.papers" if papers else "material.read",
            actor_id=actor.employee_id,
            actor_name=actor.name,
            subject=subject,
            outcome="shown" if allowed else "denied",
            event_id=handling.event.id,
        )
        if not allowed:
            text = (await self._readers.of_employee(actor.employee_id)).say("carfile.denied")
            await self._say(
                tx, handling, int(handling.event.payload["chat_id"]), text, (), actor, reply_to=None
            )
        return allowed

    async def _sets(
        self,
        tx: Tx,
        handling: Handling,
        chat_id: int,
        car: Car,
        reader: Reader,
        *,
        reply_to: int | None = None,
        edit_id: int | None = None,
    ) -> None:
        sets = await self._media.of_car(
            tx, car.id, papers=chat_id > 0 and reader.actor.role in CONTACTS
        )
        shown, buttons = [render.car_head(car, len(sets), reader)], list[Button]()
        for number, found in enumerate(sets[:SHOWN], 1):
            booking = (
                await self._bookings.get(found.booking_id) if found.booking_id is not None else None
            )
            digests = [i.digest or "" for i in await self._media.items(tx, found.id)]
            shown.append(render.set_line(number, found, booking, digests, reader))
            buttons.append(
                Button(
                    label=f"{number}. {reader.label(f'op.{found.operation}')}",
                    payload=ShowSet(set_id=found.id),
                )
            )
        if len(sets) > SHOWN:
            shown.append(reader.say("carfile.more", n=len(sets) - SHOWN))
        rows = [buttons[n : n + 2] for n in range(0, len(buttons), 2)]
        await self._say(
            tx,
            handling,
            chat_id,
            lines(shown),
            rows,
            reader.actor,
            reply_to=reply_to,
            edit_id=edit_id,
        )

    async def _files(self, tx: Tx, handling: Handling, actor: Actor, found: MediaSet) -> None:
        """Send the albums of a set in private, in order."""
        to = int(handling.event.payload["sender_id"])
        items = [i for i in await self._media.items(tx, found.id) if i.filed_key is not None]
        booking = (
            await self._bookings.get(found.booking_id) if found.booking_id is not None else None
        )
        words = [i.caption for i in items if i.caption]
        head = render.caption(
            found, booking, len(items), words, await self._readers.of_employee(actor.employee_id)
        )
        for number, part in enumerate(albums(items)):
            await effects.request(
                tx,
                handling.origin,
                kind=ALBUM,
                target=target(to),
                ordering_key=f"telegram:out:{to}",
                args={
                    "chat_id": to,
                    "topic": None,
                    "caption": head if number == 0 else "",
                    "items": [outgoing(i) for i in part],
                },
                key=handling.key(f"album:{found.id}:{number}"),
            )

    async def _say(
        self,
        tx: Tx,
        handling: Handling,
        chat_id: int,
        text: Markup,
        rows: Sequence[Sequence[Button]],
        actor: Actor,
        *,
        reply_to: int | None,
        edit_id: int | None = None,
    ) -> None:
        stored = await self._interactions.store(
            tx,
            outbox.stored_form(rows),
            group=f"carfile:{handling.event.id}",
            who=Who(employee_id=actor.employee_id),
            life=None,
        )
        if edit_id is None:
            await outbox.send(
                tx,
                handling.origin,
                chat_id,
                text,
                buttons=stored,
                reply_to=reply_to,
                key=handling.key("carfile"),
            )
        else:
            await outbox.edit(
                tx,
                handling.origin,
                chat_id,
                text,
                message_id=edit_id,
                buttons=stored,
                key=handling.key("carfile"),
            )
