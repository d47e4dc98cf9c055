"""Filling in forms and check-lists: by buttons, by words, by pictures. The form is in the database;
its message only shows it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from jarvis.domains.bookings.models import Booking
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.chats.models import Subject
from jarvis.domains.chats.topics import refresh
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.forms import view as render
from jarvis.domains.forms.answers import number_in, option_in
from jarvis.domains.forms.messages import Sheets
from jarvis.domains.forms.payloads import BeginForm, DecideWaiver, OpenForm
from jarvis.domains.forms.service import FORM_PHOTOS, Form, FormService, Point
from jarvis.domains.forms.templates import Template, template
from jarvis.domains.media.claims import Claim, FileClaims
from jarvis.domains.media.service import MediaService
from jarvis.domains.staff.service import StaffService
from jarvis.engine import audit
from jarvis.engine.db import Database, Tx
from jarvis.engine.interactions import Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.timing import Timers
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock, at_local, local_date
from jarvis.kit.roles import BRANCH_STAFF, HEADS
from jarvis.language.dates import period_of, stems
from jarvis.messaging import outbox
from jarvis.messaging.view import Button

DUE, FINISHED = "form.due", "form.finished"
WORDS_MAX = 1000  # characters of an answer


class Forms:
    """Begins forms, and takes what is written or sent to the form that one is filling in."""

    feature: ClassVar[str] = "forms"
    provides: ClassVar[tuple[type, ...]] = (FileClaims,)

    def __init__(
        self,
        db: Database,
        clock: Clock,
        staff: StaffService,
        fleet: FleetService,
        bookings: BookingService,
        media: MediaService,
        forms: FormService,
        sheets: Sheets,
    ) -> None:
        self._db = db
        self._clock = clock
        self._staff = staff
        self._fleet = fleet
        self._bookings = bookings
        self._media = media
        self._forms = forms
        self._sheets = sheets
        self._timers = Timers()

    # beginning

    async def begin(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        key: str,
        subject: UUID | None,
        set_id: UUID | None = None,
    ) -> None:
        """Open a form of this template and subject for the person, with files that were sent
        before."""
        form_id = await self._begin(tx, handling, actor, key, subject)
        if form_id is not None:
            await self._join(tx, handling, actor, form_id, set_id)
            await self.open(tx, handling, actor, form_id)

    async def _begin(
        self, tx: Tx, handling: Handling, actor: Actor, key: str, subject: UUID | None
    ) -> UUID | None:
        """A form of this template and subject, begun or found; None when the person may not."""
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
        if not await self.may(tx, handling, actor, wanted, branch, str(subject or "")):
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

    async def may(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        wanted: Template,
        branch: str | None,
        subject: str,
    ) -> bool:
        """Whether the person may fill it in; on record and told when not."""
        if wanted.subject == "none" or (
            actor.may_see(branch) and (actor.role in BRANCH_STAFF or wanted.kind == "form")
        ):
            return True
        await self.record(tx, handling, actor, subject, "denied", {"template": wanted.key})
        text = (await self._sheets.reader(actor.employee_id)).say("form.denied")
        await outbox.send(
            tx,
            handling.origin,
            int(handling.event.payload["sender_id"]),
            text,
            key=handling.key("form.denied"),
        )
        return False

    async def open(self, tx: Tx, handling: Handling, actor: Actor, form_id: UUID) -> None:
        """The person goes on with it, in a message of its own at the end of their chat."""
        form = await self._forms.get(tx, form_id, lock=True)
        if form is None:
            return
        if form.state != "open":
            await self._sheets.outdated(tx, handling, actor, form)
            return
        if form.holder_id != actor.employee_id:
            await self.record(
                tx, handling, actor, f"form:{form.id}", "taken over", {"from": str(form.holder_id)}
            )
        await self._forms.hold(tx, form_id, actor.employee_id)
        await self._sheets.show(tx, handling, form_id, fresh=True)
        await self.noticed(tx, handling, form)

    async def noticed(self, tx: Tx, handling: Handling, form: Form) -> None:
        """The opening post of the car's topic shows who fills in what."""
        if form.car_id is not None:
            await refresh(tx, handling, Subject("car", form.car_id))

    # answers

    async def heard(self, handling: Handling, actor: Actor, text: str) -> bool:
        """What somebody writes in private: whether it was an answer to the form that they are
        filling in, and is taken as one.

        Words under a picture that a form took say what it shows.
        """
        p = handling.event.payload
        if p.get("media"):
            return await self._media.for_form(self._db, int(p["chat_id"]), int(p["message_id"]))
        live = await self._forms.live_of(self._db, actor.employee_id)
        if live is None:
            return False
        async with handling.transaction() as tx:
            form = await self._forms.get(tx, live.id, lock=True)
            asked = form.next if form is not None else None
            if form is None or asked is None or form.state != "open":
                return False
            if not await self._typed(tx, handling, actor, form, asked, text.strip()):
                return False
            await self._sheets.show(tx, handling, form.id)
        return True

    async def _typed(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, asked: Point, text: str
    ) -> bool:
        key, item = asked.item.key, asked.item
        if form.expects == "waive":
            await self.waive(tx, handling, actor, form, key, text[:200].lstrip("."), show=False)
        elif item.kind == "text":
            await self.answer(tx, handling, actor, form, key, words=text[:WORDS_MAX])
        elif item.kind == "number" and (number := number_in(text)) is not None:
            await self._numbered(tx, handling, actor, form, asked, number)
        elif (
            item.kind == "date"
            and len(text) <= 30
            and (period := period_of(text.casefold(), list(stems(text)), self._clock.now()))
        ):
            await self.dated(tx, handling, actor, form, asked, local_date(period.start))
        elif item.kind == "choice" and (option := option_in(asked, text)) is not None:
            await self.answer(tx, handling, actor, form, key, choice=option)
        else:
            return False
        return True

    async def answer(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        form: Form,
        key: str,
        *,
        choice: str | None = None,
        number: Decimal | None = None,
        day: date | None = None,
        words: str | None = None,
    ) -> None:
        """The point has this answer, of its kind, or none of these for a tick; on record when it is
        new."""
        if await self._forms.answer(
            tx,
            form.id,
            key,
            actor.employee_id,
            choice=choice,
            number=number,
            day=day,
            words=words,
        ):
            await self.record(tx, handling, actor, f"form:{form.id}", "received", {"item": key})

    async def _numbered(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, asked: Point, number: Decimal
    ) -> None:
        """A number that cannot be, or is below what the car had, is rejected with the reason; the
        person may insist on the latter."""
        item = asked.item
        known = (
            (await self._fleet.get(form.car_id)).mileage_km
            if item.floor is not None and form.car_id is not None
            else None
        )
        reader = await self._sheets.reader(actor.employee_id)
        reason = None
        if item.least is not None and number < item.least:
            reason = f".least {render.amount(Decimal(item.least), item, reader)}"
        elif item.most is not None and number > item.most:
            reason = f".most {render.amount(Decimal(item.most), item, reader)}"
        elif known is not None and number < known:
            reason = f".below {render.amount(Decimal(known), item, reader)}"
        await self.answer(tx, handling, actor, form, item.key, number=number)
        if reason is not None:
            await self._reject(tx, handling, actor, form, item.key, reason)

    async def dated(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, asked: Point, day: date
    ) -> None:
        """The point has this day, which may be too early."""
        await self.answer(tx, handling, actor, form, asked.item.key, day=day)
        first = form.point(asked.item.not_before)
        if first is not None and first.day is not None and day < first.day:
            await self._reject(tx, handling, actor, form, asked.item.key, ".before")

    async def _reject(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, key: str, reason: str
    ) -> None:
        await self._forms.set_state(tx, form.id, key, "rejected", reason, None)
        await self.record(tx, handling, actor, f"form:{form.id}", "rejected", {"item": key})

    # waiving

    async def waive(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        form: Form,
        key: str,
        reason: str,
        *,
        show: bool = True,
    ) -> None:
        """The point does not apply. Where only a head may say so, the heads are asked."""
        point = form.point(key)
        assert point is not None
        if point.item.mandatory and point.item.waive == "head" and actor.role not in HEADS:
            await self._forms.asked(tx, form.id, key, reason, actor.employee_id)
            await self.record(
                tx, handling, actor, f"form:{form.id}", "asked to be waived", {"item": key}
            )
            await self._ask_heads(tx, handling, actor, form, point, reason)
        else:
            await self._forms.set_state(tx, form.id, key, "waived", reason, actor.employee_id)
            await self.record(tx, handling, actor, f"form:{form.id}", "waived", {"item": key})
        if show:
            await self._sheets.show(tx, handling, form.id)

    async def _ask_heads(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, point: Point, reason: str
    ) -> None:
        """The nearest heads: those of the branch, else of the level above."""
        heads = await self._staff.approvers(
            HEADS, frozenset({form.branch} if form.branch is not None else ())
        )
        nearest = [pair for pair in heads if pair[0].role is heads[0][0].role]
        for head, chat_id in nearest:
            reader = await self._sheets.reader(head.employee_id)
            sheet = await self._sheets.sheet(form, reader)
            text = reader.say(
                "form.ask_head",
                what=render.name(sheet),
                point=render.escape(point.item.title[reader.language]),
                who=render.escape(actor.name),
                why=render.why(reason, reader),
            )
            rows = [
                [
                    render.button(
                        reader.say(f"b.form.{word}"),
                        DecideWaiver(form_id=form.id, point=point.item.key, granted=granted),
                    )
                    for word, granted in (("waive", True), ("need", False))
                ]
            ]
            who = Who(roles=HEADS, branch=form.branch)
            await self._sheets.say(
                tx,
                handling,
                chat_id,
                text,
                rows,
                who,
                key=f"form.head:{form.id}:{point.item.key}:{chat_id}",
            )

    # pictures

    async def takes(
        self, tx: Tx, actor: Actor, file: Mapping[str, Any], album: str | None, car_id: UUID | None
    ) -> Claim | None:
        """The form, and its point, for which a file is meant that this person sends in private or
        in the topic of the form's car."""
        if file["kind"] not in FORM_PHOTOS:
            return None
        form = await self._forms.live_of(tx, actor.employee_id)
        if form is None or (car_id is not None and car_id != form.car_id):
            return None
        form = await self._forms.get(tx, form.id, lock=True) or form
        point = await self._forms.wants_photo(tx, form, album)
        if point is None:
            return None
        return Claim(form_id=form.id, item=point.item.key, private=point.item.private)

    async def photo(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        claim: Claim,
        item: UUID,
        album: str | None,
        caption: str,
    ) -> None:
        """A file was registered for a point."""
        form = await self._forms.get(tx, claim.form_id, lock=True)
        assert form is not None
        await self._forms.add_photo(
            tx, form, claim.item, item, album=album, caption=caption, by=actor.employee_id
        )
        await self._sheets.show(tx, handling, form.id)

    async def arrived(self, tx: Tx, handling: Handling, form_id: UUID) -> None:
        """A file of the form is stored."""
        await self._sheets.show(tx, handling, form_id)

    async def refused(self, tx: Tx, handling: Handling, item: UUID, reason: str) -> bool:
        """A file is none that we take: its point says why; false when it was sent for no form."""
        form_id = await self._forms.photo_refused(tx, item, f"{render.REFUSED_FILES}{reason}")
        if form_id is not None:
            await self._sheets.show(tx, handling, form_id)
        return form_id is not None

    async def _join(
        self, tx: Tx, handling: Handling, actor: Actor, form_id: UUID, set_id: UUID | None
    ) -> None:
        """What was sent before goes into the check-list that is opened for it."""
        found = await self._media.get(tx, set_id, lock=True) if set_id else None
        if found is None or found.state != "open" or found.form_id is not None:
            return
        form = await self._forms.get(tx, form_id, lock=True)
        point = (
            await self._forms.wants_photo(tx, form, None)
            if form is not None and form.state == "open"
            else None
        )
        if form is None or point is None:
            return
        for item in await self._media.join(tx, found.id, form_id, private=point.item.private):
            form = await self._forms.get(tx, form_id) or form
            await self._forms.add_photo(
                tx, form, point.item.key, item, album=str(set_id), caption="", by=actor.employee_id
            )
        if found.asked is not None:
            reader = await self._sheets.reader(actor.employee_id)
            text = reader.say(
                "form.moved", what=render.name(await self._sheets.sheet(form, reader))
            )
            await outbox.edit(
                tx,
                handling.origin,
                found.sender_id,
                text,
                of=found.asked,
                key=handling.key("form.join"),
            )

    def offer(
        self, actor: Actor, label: str, operation: str, booking: Booking, set_id: UUID
    ) -> Button | None:
        """Opens the check-list of a booking with files that were sent already."""
        if actor.role not in BRANCH_STAFF:
            return None
        pressed = BeginForm(template=template(operation).key, subject=booking.id, set_id=set_id)
        return render.button(label, pressed)

    # time

    @subscriber(DUE, lane=DeliveryLane.PEOPLE)
    async def due(self, handling: Handling) -> None:
        """The time for it is up: who holds it hears what is missing, once."""
        async with handling.transaction() as tx:
            form = await self._forms.get(tx, UUID(str(handling.event.payload["subject"])))
            to = await self._staff.telegram_of(form.holder_id) if form is not None else None
            if form is None or to is None or form.state != "open" or form.deadline is None:
                return
            reader = await self._sheets.reader(form.holder_id)
            sheet = await self._sheets.sheet(form, reader)
            text = reader.say(
                "form.due",
                what=render.name(sheet),
                t=reader.brief(form.deadline),
                undone=render.undone(sheet),
            )
            rows = [[render.button(reader.say("b.form.open"), OpenForm(form_id=form.id))]]
            await self._sheets.say(
                tx,
                handling,
                to,
                text,
                rows,
                Who(employee_id=form.holder_id),
                key=f"form.due:{form.id}",
            )

    async def record(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        subject: str,
        outcome: str,
        details: Mapping[str, Any],
    ) -> None:
        """What a person did with a form, into the audit."""
        await audit.record(
            tx,
            action="form",
            actor_id=actor.employee_id,
            actor_name=actor.name,
            subject=subject,
            outcome=outcome,
            event_id=handling.event.id,
            details=details,
        )
