"""The message that shows a form: one for each form, in the private chat of the employee who
fills it in, edited in place. After a hand-over the next employee gets a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from jarvis.domains.bookings.service import BookingService
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.forms import view as render
from jarvis.domains.forms.models import Form
from jarvis.domains.forms.service import FormService
from jarvis.domains.forms.view import FormContext, Page
from jarvis.domains.staff.readers import Readers
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Tx
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor, Role
from jarvis.messaging import outbox
from jarvis.messaging.markup import Markup, lines
from jarvis.messaging.view import Button, Reader

# the roles that check-lists can be handed over to
HANDS = frozenset({Role.EMPLOYEE, Role.BRANCH_HEAD, Role.MECHANIC})


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedForm:
    """A form, locked, and the transaction of the callback that concerns it."""

    tx: Tx
    form: Form


class FormMessages:
    """Loads what a form's message shows, and sends or edits it."""

    def __init__(
        self,
        staff: StaffService,
        fleet: FleetService,
        bookings: BookingService,
        forms: FormService,
        interactions: Interactions,
        readers: Readers,
    ) -> None:
        self._staff = staff
        self._fleet = fleet
        self._bookings = bookings
        self._forms = forms
        self._interactions = interactions
        self._readers = readers

    async def reader(self, employee_id: UUID | None) -> Reader:
        """Return for whom to render: an employee, or (None) all members of a group."""
        return await self._readers.of_employee(employee_id)

    async def context(self, form: Form, reader: Reader) -> FormContext:
        """Return the form with the car, booking and people that it names."""
        car = await self._fleet.get(form.car_id) if form.car_id is not None else None
        booking = await self._bookings.get(form.booking_id) if form.booking_id is not None else None
        staff = await self._staff.colleagues(form.branch)
        return FormContext(
            form=form,
            car=car,
            booking=booking,
            people={str(a.employee_id): a.name for a in staff},
            reader=reader,
            hands={str(a.employee_id): a.name for a in staff if a.role in HANDS},
        )

    async def show(
        self,
        tx: Tx,
        handling: Handling,
        form_id: UUID,
        page: Page = "main",
        key: str = "",
        *,
        fresh: bool = False,
    ) -> None:
        """Update the form's message; with `fresh` send a new one, and make the old one refer to
        it."""
        form = await self._forms.get(tx, form_id)
        assert form is not None
        to = await self._staff.telegram_of(form.holder_id)
        if to is None:
            return
        context = await self.context(form, await self.reader(form.holder_id))
        text, rows = _page(context, page, key)
        # a new group each time, since the possible answers have changed
        stored = await self._interactions.store(
            tx,
            outbox.stored_form(rows),
            group=f"form:{form.id}:{handling.event.id}",
            who=Who(employee_id=form.holder_id),
            life=None,
        )
        mark = _mark(form.id, handling)
        if form.message_effect_id is not None and not fresh:
            await outbox.edit(
                tx, handling.origin, to, text, of=form.message_effect_id, buttons=stored, key=mark
            )
            return
        if form.message_effect_id is not None:
            await self._retire_old(tx, handling, form, context)
        await self._forms.set_message(
            tx, form.id, await outbox.send(tx, handling.origin, to, text, buttons=stored, key=mark)
        )

    async def updated_by(self, tx: Tx, form_id: UUID, handling: Handling) -> bool:
        """Return whether this event has updated the form's message already."""
        return bool(
            await tx.fetchval(
                "SELECT true FROM effect WHERE idempotency_key = $1", _mark(form_id, handling)
            )
        )

    async def show_current(self, tx: Tx, handling: Handling, actor: Actor, form: Form) -> None:
        """Replace the message of a form that was closed or handed over by its current state."""
        p, reader = handling.event.payload, await self.reader(actor.employee_id)
        context = await self.context(form, reader)
        if form.state == "open":
            text, rows = (
                reader.say("form.given", what=render.name(context), who=form.holder),
                [],
            )
        else:
            text, rows = render.report(context), render.report_buttons(context)
        await self.send(
            tx,
            handling,
            int(p["chat_id"]),
            text,
            rows,
            Who(employee_id=actor.employee_id),
            key="form.outdated",
            edit_id=int(p["message_id"]),
        )

    async def _retire_old(
        self, tx: Tx, handling: Handling, form: Form, context: FormContext
    ) -> None:
        """Remove the buttons of the old message, which refers to the new one in this or another
        chat."""
        chat_id = int(
            await tx.fetchval(
                "SELECT args->>'chat_id' FROM effect WHERE id = $1", form.message_effect_id
            )
        )
        same = chat_id == await self._staff.telegram_of(form.holder_id)
        text = context.reader.say(
            "form.moved" if same else "form.given",
            what=render.name(context),
            who=form.holder,
        )
        await outbox.edit(
            tx,
            handling.origin,
            chat_id,
            text,
            of=form.message_effect_id,
            key=handling.key(f"form.old:{form.id}"),
        )

    async def send(
        self,
        tx: Tx,
        handling: Handling,
        chat_id: int,
        text: Markup,
        rows: Sequence[Sequence[Button]],
        who: Who,
        *,
        key: str,
        edit_id: int | None = None,
        reply_to: int | None = None,
    ) -> None:
        """Send another message about forms, or with `edit_id` edit one."""
        group = f"{key}:{handling.event.id}"
        stored = await self._interactions.store(
            tx, outbox.stored_form(rows), group=group, who=who, life=None
        )
        if edit_id is not None:
            await outbox.edit(
                tx, handling.origin, chat_id, text, message_id=edit_id, buttons=stored, key=group
            )
        else:
            await outbox.send(
                tx, handling.origin, chat_id, text, buttons=stored, key=group, reply_to=reply_to
            )


def _mark(form_id: UUID, handling: Handling) -> str:
    return handling.key(f"form:{form_id}")


def _page(context: FormContext, page: Page, key: str) -> tuple[Markup, list[list[Button]]]:
    if context.form.state != "open":
        return render.report(context), render.report_buttons(context)
    if page == "report":
        return render.report(context), render.report_buttons(context)
    if page == "skip":
        point = context.form.point(key)
        title = point.item.title[context.language] if point is not None else key
        asked = context.reader.say("form.why", what=title)
        return lines([render.message(context), asked]), render.skip_buttons(context, key)
    rows = {"items": render.item_buttons, "give": render.give_buttons, "main": render.main_buttons}[
        page
    ](context)
    return render.message(context), rows
