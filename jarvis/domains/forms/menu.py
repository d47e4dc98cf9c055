"""The commands `/form` and `/checklist`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from jarvis.domains.bookings.service import BookingService
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.forms import view as render
from jarvis.domains.forms.messages import FormMessages
from jarvis.domains.forms.payloads import BeginForm, OpenForm
from jarvis.domains.forms.service import FormService
from jarvis.domains.forms.templates import Template, newest, template
from jarvis.engine.db import Tx
from jarvis.engine.interactions import Who
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock, day_bounds, local_date
from jarvis.messaging.callbacks import command
from jarvis.messaging.markup import Markup
from jarvis.messaging.view import Button

OFFERED = 8  # check-lists in one message
SAID_MAX = 60  # characters of what was asked for, quoted when it was not found


class FormMenu:
    """Lists forms and check-lists, each with a button that starts or opens it."""

    def __init__(
        self,
        clock: Clock,
        fleet: FleetService,
        bookings: BookingService,
        forms: FormService,
        messages: FormMessages,
    ) -> None:
        self._clock = clock
        self._fleet = fleet
        self._bookings = bookings
        self._forms = forms
        self._messages = messages

    @command("form")
    async def menu(self, handling: Handling, actor: Actor, said: str) -> None:
        """List the forms that anybody may fill in."""
        reader = await self._messages.reader(actor.employee_id)
        rows = [
            [_begin(t.title[reader.language], t, None)]
            for t in newest("form")
            if t.subject == "none"
        ]
        async with handling.transaction() as tx:
            await self._listed(tx, handling, actor, reader.say("form.forms"), rows)

    @command("checklist")
    async def checklists(self, handling: Handling, actor: Actor, said: str) -> None:
        """List the open check-lists, and those that can be started for a booking, a car, or
        today's work."""
        reader = await self._messages.reader(actor.employee_id)
        async with handling.transaction() as tx:
            rows: list[list[Button]] = []
            known: set[tuple[str, UUID | None]] = set()
            for form in await self._forms.open_of(tx, actor, OFFERED) if not said else ():
                context = await self._messages.context(form, reader)
                complete = sum(p.complete for p in form.points)
                label = (
                    f"{complete}/{len(form.points)} · "
                    f"{render.named(form.template, context.car, context.booking, reader)}"
                )
                rows.append([render.button(label, OpenForm(form_id=form.id))])
                known.add((form.template.key, form.booking_id or form.car_id))
            for wanted, subject, label in await self._offers(actor, said):
                if (wanted.key, subject) not in known:
                    label = f"{wanted.title[reader.language]} {label}"
                    rows.append([_begin(label, wanted, subject)])
            text = (
                reader.say("form.which")
                if rows
                else reader.say("form.none.said", said=said[:SAID_MAX])
                if said
                else reader.say("form.none")
            )
            await self._listed(tx, handling, actor, text, rows[: 2 * OFFERED])

    async def _listed(
        self,
        tx: Tx,
        handling: Handling,
        actor: Actor,
        text: Markup,
        rows: Sequence[Sequence[Button]],
    ) -> None:
        p = handling.event.payload
        await self._messages.send(
            tx,
            handling,
            int(p["chat_id"]),
            text,
            rows,
            Who(employee_id=actor.employee_id),
            key="forms",
            reply_to=None if p["private"] else int(p["message_id"]),
        )

    async def _offers(self, actor: Actor, said: str) -> list[tuple[Template, UUID, str]]:
        """Return check-lists that can be started: for the named booking or car, else for today's
        pick-ups and returns of the employee's branch."""
        number = re.fullmatch(r"\W*(\d{1,7})\W*", said)
        bookings = await self._bookings.by_number(int(number[1])) if number else []
        if bookings:
            return [
                (template(k), b.id, f"№{b.shown} · {b.car_label or '—'}")
                for b in bookings
                if actor.may_see(b.branch)
                for k in (("return", "issue") if b.status == "in_rent" else ("issue", "return"))
            ]
        if said:
            found = await self._fleet.find(said)
            cars = [await self._fleet.get(c) for c in (found.cars or found.near)[:OFFERED]]
            return [
                (template(k), c.id, f"· {c.label}")
                for c in cars
                if actor.may_see(c.branch)
                for k in ("daily", "problem")
            ]
        start, end = day_bounds(local_date(self._clock.now()))
        pickups = await self._bookings.pickups(start, end, actor.home_branch, actor.branches)
        returns = await self._bookings.returns(start, end, actor.home_branch, actor.branches)
        pairs = [("issue", b) for b in pickups] + [("return", b) for b in returns]
        return [
            (template(k), b.id, f"№{b.shown} · {b.car_label or '—'}")
            for k, b in pairs
            if b.car_id is not None
        ][:OFFERED]


def _begin(label: str, wanted: Template, subject: UUID | None) -> Button:
    return render.button(label, BeginForm(template=wanted.key, subject=subject))
