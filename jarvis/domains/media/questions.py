"""The question to the author of a set of files: what it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from jarvis.domains.bookings.models import Booking, now_and_next
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.chats.models import Forum
from jarvis.domains.chats.service import ChatService
from jarvis.domains.media import view as render
from jarvis.domains.media.claims import FileClaims
from jarvis.domains.media.models import MediaSet, Operation
from jarvis.domains.media.service import MediaService
from jarvis.domains.staff.readers import Readers
from jarvis.engine.db import Reader as Db
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock, day_bounds, local_date
from jarvis.messaging import outbox
from jarvis.messaging.view import Button, Reader

DELETES = "delete_messages"  # the right


class FilingQuestions:
    """Asks authors in their private chats, in one message for each set."""

    def __init__(
        self,
        clock: Clock,
        bookings: BookingService,
        chats: ChatService,
        media: MediaService,
        interactions: Interactions,
        readers: Readers,
        claims: FileClaims,
    ) -> None:
        self._clock = clock
        self._bookings = bookings
        self._chats = chats
        self._media = media
        self._interactions = interactions
        self._readers = readers
        self._claims = claims

    async def ask(self, handling: Handling, set_id: UUID, *, stuck: bool = False) -> None:
        """Ask about a set when all of its files are stored, or update the question when more came.

        `stuck` means that messages which are still in the forum cannot be removed soon.
        """
        async with handling.transaction() as tx:
            found = await self._media.get(tx, set_id, lock=True)
            if found is None or found.employee_id is None or found.state != "open":
                return
            if found.form_id is not None:
                await self._claims.update(tx, handling, found.form_id)
                return
            items = await self._media.items(tx, set_id)
            forum = await self.moderated(tx, found.chat_id)
            moving = (
                ("taken", "stored")
                if forum is not None and forum.able(DELETES) and not stuck
                else ("taken",)
            )
            kept = [i for i in items if i.state in ("stored", "removed")]
            if not kept or any(i.state in moving for i in items):
                return
            reader = await self._readers.of_employee(found.employee_id)
            key = (
                "media.stored"
                if forum is None
                else "media.kept"
                if any(i.state == "stored" for i in kept)
                else "media.removed"
            )
            text = reader.say(key, n=len(kept), topic=found.topic_title or "General")
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

    async def moderated(self, reader: Db, chat_id: int) -> Forum | None:
        """Return the branch forum with this id, where only Jarvis publishes files; None for
        other chats."""
        forum = await self._chats.forum(reader, chat_id)
        return forum if forum is not None and forum.purpose == "branch_forum" else None

    async def _choices(
        self, found: MediaSet, forum: Forum | None, reader: Reader
    ) -> list[list[Button]]:
        """Return buttons for check-lists that may need the files, then for operations."""
        offers = await self._offers(found.car_id, forum, reader.actor)
        lists: list[list[Button]] = []
        for op, b in offers[:2]:
            what = render.operation(op, b, found.car_id, reader)
            label = reader.label("b.form.list", what=what)
            button = self._claims.offer_button(reader.actor, label, op, b, found.id)
            if button is not None:
                lists.append([button])
        return [*lists, *render.choices(found, offers, found.car_id, reader)]

    async def _offers(
        self, car_id: UUID | None, forum: Forum | None, actor: Actor
    ) -> list[tuple[Operation, Booking]]:
        """Return likely operations: those of the car's bookings, else today's in the branch."""
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
