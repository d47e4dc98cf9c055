"""Starts forms and check-lists, opens them for whoever may fill them in, and reminds at the
deadline."""

from __future__ import annotations

from datetime import datetime, time
from typing import ClassVar
from uuid import UUID

from jarvis.domains.bookings.models import Booking
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.chats.models import Subject
from jarvis.domains.chats.topics import refresh
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.forms import view as render
from jarvis.domains.forms.files import FormFiles
from jarvis.domains.forms.messages import FormMessages
from jarvis.domains.forms.models import Form
from jarvis.domains.forms.payloads import OpenForm
from jarvis.domains.forms.records import record
from jarvis.domains.forms.service import FormService
from jarvis.domains.forms.templates import Template, template
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Tx
from jarvis.engine.interactions import Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.timing import Timers
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock, at_local, local_date
from jarvis.kit.roles import BRANCH_STAFF
from jarvis.messaging import outbox

DUE, FINISHED = "form.due", "form.finished"


class Forms:
    """Starts and opens forms; `FormAnswers` takes what is written, `FormFiles` what is sent."""

    feature: ClassVar[str] = "forms"

    def __init__(
        self,
        clock: Clock,
        staff: StaffService,
        fleet: FleetService,
        bookings: BookingService,
        forms: FormService,
        files: FormFiles,
        messages: FormMessages,
    ) -> None:
        self._clock = clock
        self._staff = staff
        self._fleet = fleet
        self._bookings = bookings
        self._forms = forms
        self._files = files
        self._messages = messages
        self._timers = Timers()

    async def begin(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        key: str,
        subject: UUID | None,
        set_id: UUID | None = None,
    ) -> None:
        """Start and open a form of this template about this subject, with files that were sent
        before."""
        form_id = await self._begin(tx, handling, actor, key, subject)
        if form_id is not None:
            await self._files.join(tx, handling, actor, form_id, set_id)
            await self.open(tx, handling, actor, form_id)

    async def _begin(
        self, tx: Tx, handling: Handling, actor: Actor, key: str, subject: UUID | None
    ) -> UUID | None:
        """Return a new or the open form of this template and subject; None if the employee may
        not fill it in."""
        wanted = template(key)
        booking = (
            await self._bookings.get(subject)
            if subject is not None and wanted.subject == "booking"
            else None
        )
        car_id = (
            booking.car_id if booking is not None else subject if wanted.subject == "car" else None
        )
        car = await self._fleet.get(car_id) if car_id is not None else None
        branch = (
            booking.branch
            if booking is not None
            else car.branch
            if car is not None
            else actor.home_branch
        )
        if not await self.may_fill(tx, handling, actor, wanted, branch, str(subject or "")):
            return None
        deadline = self._deadline(wanted, booking)
        responsible = (
            await self._bookings.responsible_of(booking.id) if booking is not None else None
        )
        form_id = await self._forms.start(
            tx,
            wanted,
            actor.employee_id,
            responsible=responsible,
            car_id=car_id,
            booking_id=booking.id if booking else None,
            branch=branch,
            deadline=deadline,
        )
        if deadline is not None and deadline > self._clock.now():
            await self._timers.arm(tx, kind=DUE, subject=str(form_id), due_at=deadline)
        return form_id

    def _deadline(self, wanted: Template, booking: Booking | None) -> datetime | None:
        if isinstance(wanted.deadline, int):
            return at_local(local_date(self._clock.now()), time(wanted.deadline))
        return (
            None
            if booking is None
            else booking.start
            if wanted.deadline == "start"
            else booking.end
        )

    async def may_fill(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        wanted: Template,
        branch: str | None,
        subject: str,
    ) -> bool:
        """Return whether the employee may fill in this form; if not, record it and tell them."""
        if wanted.subject == "none" or (
            actor.may_see(branch) and (actor.role in BRANCH_STAFF or wanted.kind == "form")
        ):
            return True
        await record(tx, handling, actor, subject, "denied", {"template": wanted.key})
        text = (await self._messages.reader(actor.employee_id)).say("form.denied")
        await outbox.send(
            tx,
            handling.origin,
            int(handling.event.payload["sender_id"]),
            text,
            key=handling.key("form.denied"),
        )
        return False

    async def open(self, tx: Tx, handling: Handling, actor: Actor, form_id: UUID) -> None:
        """Assign the form to the employee and send it as a new message in their private chat."""
        form = await self._forms.get(tx, form_id, lock=True)
        if form is None:
            return
        if form.state != "open":
            await self._messages.show_current(tx, handling, actor, form)
            return
        if form.holder_id != actor.employee_id:
            await record(
                tx, handling, actor, f"form:{form.id}", "taken over", {"from": str(form.holder_id)}
            )
        await self._forms.assign(tx, form_id, actor.employee_id)
        await self._messages.show(tx, handling, form_id, fresh=True)
        await self.refresh_topic(tx, handling, form)

    async def refresh_topic(self, tx: Tx, handling: Handling, form: Form) -> None:
        """Update the opening post of the car's topic, which shows forms in progress."""
        if form.car_id is not None:
            await refresh(tx, handling, Subject("car", form.car_id))

    @subscriber(DUE, lane=DeliveryLane.PEOPLE)
    async def due(self, handling: Handling) -> None:
        """Tell the employee once what is missing at the deadline."""
        async with handling.transaction() as tx:
            form = await self._forms.get(tx, UUID(str(handling.event.payload["subject"])))
            to = await self._staff.telegram_of(form.holder_id) if form is not None else None
            if form is None or to is None or form.state != "open" or form.deadline is None:
                return
            reader = await self._messages.reader(form.holder_id)
            context = await self._messages.context(form, reader)
            text = reader.say(
                "form.due",
                what=render.name(context),
                t=reader.brief(form.deadline),
                undone=render.undone(context),
            )
            rows = [[render.button(reader.label("b.form.open"), OpenForm(form_id=form.id))]]
            await self._messages.send(
                tx,
                handling,
                to,
                text,
                rows,
                Who(employee_id=form.holder_id),
                key=f"form.due:{form.id}",
            )
