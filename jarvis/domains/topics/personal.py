"""Employees' own groups: a topic for each client that they are responsible for, and for each task
assigned to them.

Every event compares the registry with what should be, as for cars. Clients are identified by id,
not by name: two with one name have two topics, and one who returns gets their earlier topic back.
During an absence the topics are in the groups of the substitute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from jarvis.domains.bookings.models import Booking
from jarvis.domains.bookings.receivables import Receivables
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.chats.models import REFRESHES, Forum, Purpose, Subject, Topic
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.topic_registry import TopicRegistry
from jarvis.domains.chats.topic_subjects import TopicSubjects
from jarvis.domains.chats.topics import (
    PINS,
    TOPICS,
    OpeningPosts,
    change,
    get_or_create,
    refresh,
    refresh_all,
)
from jarvis.domains.clients.service import ClientService
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.staff.absences import Absences
from jarvis.domains.staff.events import CHANGED
from jarvis.domains.staff.readers import Readers
from jarvis.domains.tasks import view as task_view
from jarvis.domains.tasks.payloads import SetTask
from jarvis.domains.tasks.service import TaskService
from jarvis.domains.topics import personal_view as render
from jarvis.domains.topics import transcript
from jarvis.engine import audit
from jarvis.engine.db import Database, Tx
from jarvis.engine.effects import Origin
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.rentprog.mirror import LOADED
from jarvis.kit.clock import Clock, local_date
from jarvis.kit.roles import CONTACTS
from jarvis.messaging import outbox
from jarvis.messaging.view import Button

CARD_PAUSE_S = 60.0  # at least so long between two edits of a client's post
BOOKINGS = (
    "booking.created",
    "booking.updated",
    "booking.cancelled",
    "booking.issued",
    "booking.returned",
)


class PersonalTopics:
    """Reconciles the topics of clients and tasks in the groups of their responsible employees."""

    feature: ClassVar[str] = "personal"

    def __init__(
        self,
        db: Database,
        clock: Clock,
        fleet: FleetService,
        bookings: BookingService,
        receivables: Receivables,
        clients: ClientService,
        tasks: TaskService,
        absences: Absences,
        chats: ChatService,
        registry: TopicRegistry,
        subjects: TopicSubjects,
        interactions: Interactions,
        readers: Readers,
    ) -> None:
        self._db = db
        self._clock = clock
        self._fleet = fleet
        self._bookings = bookings
        self._receivables = receivables
        self._clients = clients
        self._tasks = tasks
        self._absences = absences
        self._chats = chats
        self._registry = registry
        self._subjects = subjects
        self._interactions = interactions
        self._readers = readers
        self._openings = OpeningPosts(clock, registry)

    @subscriber(*BOOKINGS)
    async def of_booking(self, handling: Handling) -> None:
        """Reconcile the clients that a booking event concerns, also the one that it was moved
        away from."""
        payload = handling.event.payload
        clients = {payload.get("client_id"), payload.get("before", {}).get("client_id")} - {None}
        for client_id in sorted(map(str, clients)):
            await self._client(handling, UUID(client_id))

    @subscriber(LOADED, lane=DeliveryLane.BULK)
    async def loaded(self, handling: Handling) -> None:
        """Reconcile every client with a responsible employee after the first complete load of
        RentProg."""
        await refresh_all(
            handling,
            await self._subjects.clients_answered_for(self._db, local_date(self._clock.now())),
        )

    @subscriber("client.created", "client.updated", "client.linked")
    async def of_client(self, handling: Handling) -> None:
        """Reconcile a client that was created or changed, perhaps later than their bookings."""
        await self._client(handling, UUID(str(handling.event.payload["client_id"])))

    @subscriber(CHANGED)
    async def of_person(self, handling: Handling) -> None:
        """Reconcile whatever an employee is responsible for after their role or employment
        changed."""
        async with handling.transaction() as tx:
            await self.refresh_employee(
                tx, handling, UUID(str(handling.event.payload["employee_id"]))
            )

    async def refresh_employee(self, tx: Tx, handling: Handling, employee_id: UUID) -> None:
        """Request reconciliation of all clients and tasks of an employee after this transaction."""
        for subject in await self._subjects.of_employee(
            tx, employee_id, local_date(self._clock.now())
        ):
            await refresh(tx, handling, subject)

    @subscriber(REFRESHES["client"], lane=DeliveryLane.BULK)
    async def client_due(self, handling: Handling) -> None:
        """Reconcile a client on request."""
        await self._client(handling, UUID(str(handling.event.payload["subject"])))

    @subscriber(REFRESHES["task"])
    async def task_due(self, handling: Handling) -> None:
        """Reconcile a task on request."""
        await self._task(handling, UUID(str(handling.event.payload["subject"])))

    async def _client(self, handling: Handling, client_id: UUID) -> None:
        async with handling.transaction() as tx:
            # one reconciliation of a client at a time
            await tx.execute("SELECT 1 FROM client WHERE id = $1 FOR UPDATE", client_id)
            client, bookings = (
                await self._clients.get(client_id),
                await self._bookings.of_client(client_id),
            )
            booking, responsible, forum = await self._answered_for(tx, bookings)
            car = (
                await self._fleet.get(booking.car_id)
                if booking is not None and booking.car_id is not None
                else None
            )
            title = render.client_title(client, car)
            topic = await self._keep(
                tx, handling.origin, Subject("client", client_id), "personal", forum, title
            )
            if topic is None or forum is None or booking is None:
                return
            reader = await self._readers.of_employee(forum.employee_id)
            contact = reader.actor.role in CONTACTS
            substitute = reader.actor.name if forum.employee_id != responsible else None
            owed = [
                o
                for b in bookings
                if b.status != "cancelled"
                for o in await self._receivables.of_booking(b.id)
            ]
            text = render.client_card(
                client, bookings, booking, car, owed, reader, contact=contact, substitute=substitute
            )
            if contact and topic.opening is None:
                await audit.record(
                    tx,
                    action="client.contact",
                    actor_id=forum.employee_id,
                    actor_name="Jarvis",
                    outcome="pinned",
                    subject=forum.title,
                    event_id=handling.event.id,
                    details={"client_id": str(client_id)},
                )
            await self._openings.write(
                tx, handling.origin, topic, text, pins=forum.able(PINS), pause_s=CARD_PAUSE_S
            )

    async def _task(self, handling: Handling, task_id: UUID) -> None:
        async with handling.transaction() as tx:
            task = await self._tasks.get(tx, task_id, lock=True)
            if task is None:
                return
            subject = Subject("task", task_id)
            forum = await self._home(tx, "tasks", task.assignee_id)
            # the last topic of the task shows that it is done, and closes
            if task.status == "done":
                last = await self._registry.live(tx, subject, "tasks")
                forum = await self._chats.forum(tx, last.marked_id) if last is not None else None
            topic = await self._keep(
                tx, handling.origin, subject, "tasks", forum, task_view.title(task)
            )
            if topic is None or forum is None:
                return
            reader = await self._readers.of_employee(forum.employee_id)
            text = task_view.card(
                task,
                reader,
                substitute=reader.actor.name if forum.employee_id != task.assignee_id else None,
            )
            verb = "open" if task.status == "done" else "done"
            row = [
                Button(
                    label=reader.label(f"b.task.{verb}"),
                    payload=SetTask(task_id=task.id, done=task.status != "done"),
                )
            ]
            stored = await self._interactions.store(
                tx,
                outbox.stored_form([row]),
                group=f"task:{task.id}:{handling.event.id}",
                who=Who(employee_id=forum.employee_id),
                life=None,
            )
            await self._openings.write(
                tx, handling.origin, topic, text, pins=forum.able(PINS), pause_s=0, buttons=stored
            )
            if task.status == "done":
                await self._leave(tx, handling.origin, topic)

    async def _answered_for(
        self, tx: Tx, bookings: Sequence[Booking]
    ) -> tuple[Booking | None, UUID | None, Forum | None]:
        """Return the client's most current rental whose responsible employee has a group, that
        employee, and the group."""
        for booking in live(bookings):
            responsible = await self._bookings.responsible_of(booking.id)
            forum = await self._home(tx, "personal", responsible)
            if forum is not None:
                return booking, responsible, forum
        return None, None, None

    async def _home(self, tx: Tx, purpose: Purpose, responsible: UUID | None) -> Forum | None:
        """Return the group of the employee's substitute today, or the employee's own if the
        substitute has none that can take topics."""
        if responsible is None:
            return None
        substitute = await self._absences.substitute_of(
            tx, responsible, local_date(self._clock.now())
        )
        there = await self._chats.own(tx, purpose, substitute)
        return (
            there
            if there is not None and there.able(TOPICS)
            else await self._chats.own(tx, purpose, responsible)
        )

    async def _keep(
        self,
        tx: Tx,
        origin: Origin,
        subject: Subject,
        purpose: Purpose,
        forum: Forum | None,
        title: str,
    ) -> Topic | None:
        """Keep the subject's topic in this group under this title, or in none; a new topic gets
        a copy of earlier messages."""
        topic = await self._registry.live(tx, subject, purpose)
        if topic is not None and (forum is None or topic.chat_id != forum.id):
            await self._leave(tx, origin, topic)
            topic = None
        if forum is None or forum.lost or not forum.able(TOPICS):
            return None
        if topic is None:
            topic = await get_or_create(tx, origin, self._registry, forum, subject, title)
            for former in await self._registry.former(tx, subject, topic):
                await transcript.copy_messages(tx, origin, self._registry, former, topic)
        await self._openings.set_title(tx, origin, topic, title)
        return topic

    async def _leave(self, tx: Tx, origin: Origin, topic: Topic) -> None:
        """Close the topic; it is reopened if its subject returns."""
        if topic.number is None:
            await self._registry.set_state(
                tx, topic.id, "leaving"
            )  # closed as soon as it is created
            return
        await self._registry.set_state(tx, topic.id, "closed")
        await change(tx, origin, topic, closed=True)


def live(bookings: Sequence[Booking]) -> list[Booking]:
    """Return a client's current rentals, then the planned ones."""
    found = [b for b in bookings if b.status in ("planned", "in_rent") and b.purpose == "rental"]
    return sorted(
        found, key=lambda b: (b.status != "in_rent", b.start is None, b.start or b.source_at)
    )
