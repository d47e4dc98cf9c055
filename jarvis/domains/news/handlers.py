"""News for the service chats, sent at once or in the evening's digest by their subscriptions, which
administrators edit with buttons."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from jarvis.domains.bookings.service import BookingService
from jarvis.domains.chats.models import SERVICE, Forum
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topics import REGISTERED
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.forms.filling import FINISHED
from jarvis.domains.forms.service import FormService
from jarvis.domains.news import view as render
from jarvis.domains.news.checks import SERVICE_DIGEST
from jarvis.domains.news.payloads import ChooseBranch, ChooseChat, ChooseClass, SetMode
from jarvis.domains.news.subscriptions import EventClass, Subscriptions, route
from jarvis.domains.staff.readers import Readers
from jarvis.engine import audit
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Lane
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor, Role
from jarvis.kit.errors import NotFound
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback, command
from jarvis.messaging.markup import Markup
from jarvis.messaging.view import Button, Reader

BOOKINGS: Mapping[str, EventClass] = {
    "booking.created": "booking_created",
    "booking.cancelled": "booking_cancelled",
    "booking.issued": "booking_issued",
    "booking.returned": "booking_returned",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    tx: Tx
    forum: Forum
    reader: Reader


class News:
    """Turns events into lines, and sends them to the subscribed chats."""

    feature: ClassVar[str] = "news"

    def __init__(
        self,
        db: Database,
        fleet: FleetService,
        bookings: BookingService,
        forms: FormService,
        chats: ChatService,
        subscriptions: Subscriptions,
        interactions: Interactions,
        readers: Readers,
    ) -> None:
        self._db = db
        self._fleet = fleet
        self._bookings = bookings
        self._forms = forms
        self._chats = chats
        self._subscriptions = subscriptions
        self._interactions = interactions
        self._readers = readers

    @subscriber(*BOOKINGS)
    async def booking(self, handling: Handling) -> None:
        """Send news of a booking that was made, cancelled, issued or returned to the chats of its
        branch at that time."""
        payload = handling.event.payload
        async with handling.transaction() as tx:
            reader = await self._readers.of_group()
            try:
                found = await self._bookings.get(UUID(str(payload["booking_id"])))
            except NotFound:
                return  # destroyed in RentProg meanwhile
            if found.purpose == "rental":
                line = render.booking_line(found, reader)
                await self._notify(
                    tx,
                    handling,
                    BOOKINGS[handling.event.kind],
                    payload.get("branch", found.branch),
                    line,
                    reader,
                )

    @subscriber(REGISTERED)
    async def registered(self, handling: Handling) -> None:
        """Give a new service chat the default subscriptions of its purpose."""
        async with handling.transaction() as tx:
            forum = await self._chats.forum(tx, int(handling.event.payload["chat_id"]))
            if forum is not None and forum.purpose in SERVICE:
                await self._subscriptions.add_defaults(tx, forum.id, forum.purpose)

    @subscriber("car.moved")
    async def moved(self, handling: Handling) -> None:
        """Send news of a car that was moved to the chats of its new branch."""
        payload = handling.event.payload
        async with handling.transaction() as tx:
            reader = await self._readers.of_group()
            car = await self._fleet.get(UUID(str(payload["car_id"])))
            line = render.moved_line(car, payload["from"], payload["to"], reader)
            await self._notify(tx, handling, "car_moved", payload["to"], line, reader)

    @subscriber(FINISHED)
    async def form(self, handling: Handling) -> None:
        """Send news of a reported problem, or of a check-list that was closed with gaps."""
        async with handling.transaction() as tx:
            form = await self._forms.get(tx, UUID(str(handling.event.payload["subject"])))
            if (
                form is None
                or form.state != "done"
                or not (form.template.key == "problem" or (form.gaps and form.car_id))
            ):
                return
            reader = await self._readers.of_group()
            car = await self._fleet.get(form.car_id) if form.car_id is not None else None
            booking = (
                await self._bookings.get(form.booking_id) if form.booking_id is not None else None
            )
            event_class: EventClass = (
                "car_problem" if form.template.key == "problem" else "checklist_gaps"
            )
            await self._notify(
                tx,
                handling,
                event_class,
                form.branch,
                render.form_line(form, car, booking, reader),
                reader,
            )

    async def _notify(
        self,
        tx: Tx,
        handling: Handling,
        event_class: EventClass,
        branch: str | None,
        line: Markup,
        reader: Reader,
    ) -> None:
        for found in route(await self._subscriptions.all(tx), event_class, branch):
            if found.mode == "digest":
                await self._subscriptions.note(
                    tx, found.chat_id, event_class, handling.event.id, line
                )
                continue
            text = render.instant(event_class, branch, line, reader)
            await outbox.send(
                tx,
                handling.origin,
                found.marked_id,
                text,
                key=handling.key(f"{event_class}:{found.chat_id}"),
            )

    @subscriber(SERVICE_DIGEST, lane=DeliveryLane.BULK)
    async def digests(self, handling: Handling) -> None:
        """Send the evening's digest to each chat that has lines waiting."""
        for forum in await self._chats.services(self._db):
            async with handling.transaction() as tx:
                lines = await self._subscriptions.waiting(tx, forum.id)
                if not lines or forum.lost:
                    continue
                text = render.digest(lines, await self._readers.of_group())
                key = f"digest:{forum.id}"
                sent = [
                    await outbox.send(
                        tx,
                        handling.origin,
                        forum.marked_id,
                        page,
                        key=handling.key(f"{key}:{n}"),
                        lane=Lane.BULK,
                    )
                    for n, page in enumerate(outbox.split(text))
                ]
                await self._subscriptions.sent(tx, lines, sent[0])

    @command("subscriptions")
    async def overview(self, handling: Handling, actor: Actor, said: str) -> None:
        """`/subscriptions`: list the service chats."""
        p = handling.event.payload
        async with handling.transaction() as tx:
            reader = await self._readers.of_employee(actor.employee_id)
            if actor.role is not Role.ADMIN:
                await audit.record(
                    tx,
                    action="subscriptions",
                    actor_id=actor.employee_id,
                    actor_name=actor.name,
                    outcome="denied",
                    subject="chats",
                    event_id=handling.event.id,
                )
                await outbox.send(
                    tx,
                    handling.origin,
                    int(p["chat_id"]),
                    reader.say("news.denied"),
                    key=handling.key("news.denied"),
                )
                return
            chats = await self._chats.services(tx)
            text = reader.say("news.which" if chats else "news.no_chats")
            stored = await self._stored(tx, handling, render.chats(chats, reader))
            await outbox.send(
                tx,
                handling.origin,
                int(p["chat_id"]),
                text,
                buttons=stored,
                key=handling.key("subscriptions"),
            )

    @callback(ChooseChat)
    async def chat(self, handling: Handling, actor: Actor, payload: ChooseChat) -> None:
        """Show the subscriptions of a chat."""
        async with self._step(handling, actor, payload.chat_id) as step:
            if step is not None:
                rows = await self._subscriptions.all(step.tx)
                await self._show(handling, step, render.classes(step.forum, rows, step.reader))

    @callback(ChooseClass)
    async def chosen_class(self, handling: Handling, actor: Actor, payload: ChooseClass) -> None:
        """Show the branches of an event class."""
        async with self._step(handling, actor, payload.chat_id) as step:
            if step is not None:
                page = render.branches(step.forum, payload.event_class, step.reader)
                await self._show(handling, step, page)

    @callback(ChooseBranch)
    async def branch(self, handling: Handling, actor: Actor, payload: ChooseBranch) -> None:
        """Show the delivery modes."""
        async with self._step(handling, actor, payload.chat_id) as step:
            if step is not None:
                rows = await self._subscriptions.all(step.tx)
                page = render.modes(
                    step.forum, payload.event_class, payload.branch, rows, step.reader
                )
                await self._show(handling, step, page)

    @callback(SetMode)
    async def mode(self, handling: Handling, actor: Actor, payload: SetMode) -> None:
        """Set the delivery mode, with an audit entry."""
        async with self._step(handling, actor, payload.chat_id) as step:
            if step is None:
                return
            await self._subscriptions.set(
                step.tx,
                step.forum.id,
                payload.event_class,
                payload.branch,
                payload.mode,
                actor.employee_id,
            )
            await audit.record(
                step.tx,
                action="subscription.set",
                actor_id=actor.employee_id,
                actor_name=actor.name,
                subject=step.forum.title,
                outcome=payload.mode,
                event_id=handling.event.id,
                details={"class": payload.event_class, "branch": payload.branch or "*"},
            )
            rows = await self._subscriptions.all(step.tx)
            await self._show(handling, step, render.classes(step.forum, rows, step.reader))

    @asynccontextmanager
    async def _step(
        self, handling: Handling, actor: Actor, chat_id: int
    ) -> AsyncGenerator[_Step | None]:
        """Open the transaction of a callback; None unless an administrator pressed and the chat
        exists."""
        async with handling.transaction() as tx:
            forum = await self._chats.forum(tx, chat_id)
            if forum is None or actor.role is not Role.ADMIN:
                yield None
            else:
                reader = await self._readers.of_employee(actor.employee_id)
                yield _Step(tx=tx, forum=forum, reader=reader)

    async def _show(
        self, handling: Handling, step: _Step, page: tuple[Markup, list[list[Button]]]
    ) -> None:
        """Replace the page in its message."""
        p, (text, rows) = handling.event.payload, page
        stored = await self._stored(step.tx, handling, rows)
        await outbox.edit(
            step.tx,
            handling.origin,
            int(p["chat_id"]),
            text,
            message_id=int(p["message_id"]),
            buttons=stored,
            key=handling.key("subscriptions"),
        )

    async def _stored(
        self, tx: Tx, handling: Handling, rows: Sequence[Sequence[Button]]
    ) -> list[list[dict[str, str]]]:
        return await self._interactions.store(
            tx,
            outbox.stored_form(rows),
            group=f"subscribe:{handling.event.id}",
            who=Who(roles=frozenset({Role.ADMIN})),
            life=None,
        )
