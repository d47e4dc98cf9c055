"""A closed absence form moves somebody's work to their substitute on its first day, and back after
its last."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from jarvis.domains.absences import view
from jarvis.domains.absences.payloads import CancelAbsence
from jarvis.domains.forms.filling import FINISHED
from jarvis.domains.forms.service import FormService
from jarvis.domains.staff.absences import Absence, Absences
from jarvis.domains.staff.readers import Readers
from jarvis.domains.staff.service import StaffService
from jarvis.domains.topics.personal import PersonalTopics
from jarvis.engine import audit
from jarvis.engine.db import Tx
from jarvis.engine.interactions import Interactions, Who
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.timing import Timers
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock, day_bounds
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback
from jarvis.messaging.markup import Markup
from jarvis.messaging.view import Button

TURN = "absence.turn"


class Substitution:
    """Records absences, and refreshes the topics of an absent employee when an absence begins and
    ends."""

    feature: ClassVar[str] = "absences"

    def __init__(
        self,
        clock: Clock,
        staff: StaffService,
        forms: FormService,
        absences: Absences,
        interactions: Interactions,
        readers: Readers,
        personal: PersonalTopics,
    ) -> None:
        self._clock = clock
        self._staff = staff
        self._forms = forms
        self._absences = absences
        self._interactions = interactions
        self._readers = readers
        self._personal = personal
        self._timers = Timers()

    @subscriber(FINISHED, lane=DeliveryLane.PEOPLE)
    async def away(self, handling: Handling) -> None:
        """Record an absence when its form is closed: of the employee whom the form is about,
        whoever filled it in. Without both dates nothing is recorded."""
        async with handling.transaction() as tx:
            form = await self._forms.get(tx, UUID(str(handling.event.payload["subject"])))
            if form is None or form.state != "done" or form.template.key != "absence":
                return
            said = {p.item.key: p for p in form.points if p.state == "received"}
            first, last = (said[k].day if k in said else None for k in ("first", "last"))
            if first is None or last is None:
                text = (await self._readers.of_employee(form.holder_id)).say("absence.gaps")
                await self._notify(tx, handling, form.holder_id, text, f"absence.gaps:{form.id}")
                return
            chosen = said["substitute"].choice if "substitute" in said else None
            absence_id = await self._absences.from_form(
                tx,
                form.id,
                employee_id=form.responsible_id,
                first=first,
                last=max(first, last),
                substitute=UUID(chosen) if chosen else None,
            )
            away = await self._absences.get(tx, absence_id)
            assert away is not None
            await self._arm_timers(tx, away)
            await audit.record(
                tx,
                action="absence",
                actor_id=form.holder_id,
                actor_name=form.holder,
                subject=f"absence:{away.id}",
                outcome="noted",
                event_id=handling.event.id,
            )
            await self._personal.refresh_employee(tx, handling, away.employee_id)
            await self._notify_both(tx, handling, away, "noted", "standing")

    @subscriber(TURN)
    async def turned(self, handling: Handling) -> None:
        """Refresh the topics of an employee whose absence begins or ends today."""
        async with handling.transaction() as tx:
            away = await self._absences.get(
                tx, UUID(str(handling.event.payload["subject"]).partition(":")[0])
            )
            if away is not None:
                await self._personal.refresh_employee(tx, handling, away.employee_id)

    @callback(CancelAbsence)
    async def cancel(self, handling: Handling, actor: Actor, payload: CancelAbsence) -> None:
        """End an absence early, or withdraw it."""
        p = handling.event.payload
        async with handling.transaction() as tx:
            away = await self._absences.get(tx, payload.absence_id)
            if away is None:
                return
            reader = await self._readers.of_employee(actor.employee_id)
            if await self._absences.cancel(tx, away.id):
                await audit.record(
                    tx,
                    action="absence",
                    actor_id=actor.employee_id,
                    actor_name=actor.name,
                    subject=f"absence:{away.id}",
                    outcome="cancelled",
                    event_id=handling.event.id,
                )
                await self._personal.refresh_employee(tx, handling, away.employee_id)
                await self._notify_substitute(tx, handling, away, "over")
            text = view.absence(away, reader, key="absence.cancelled")
            await outbox.edit(
                tx,
                handling.origin,
                int(p["chat_id"]),
                text,
                message_id=int(p["message_id"]),
                key=handling.key("absence"),
            )

    async def _arm_timers(self, tx: Tx, away: Absence) -> None:
        """Arm timers for the mornings on which the work changes hands."""
        for name, due in (
            ("begin", day_bounds(away.first)[0]),
            ("end", day_bounds(away.last)[1] + timedelta(seconds=1)),
        ):
            if due > self._clock.now():
                await self._timers.arm(tx, kind=TURN, subject=f"{away.id}:{name}", due_at=due)

    async def _notify_both(
        self, tx: Tx, handling: Handling, away: Absence, key: str, other: str
    ) -> None:
        """Write to the absent employee, with a button to cancel, and to the substitute."""
        to = await self._staff.telegram_of(away.employee_id)
        if to is not None:
            reader = await self._readers.of_employee(away.employee_id)
            name = f"absence.{key}" if away.substitute_id is not None else "absence.alone"
            back = Button(
                label=reader.label("b.absence.back"), payload=CancelAbsence(absence_id=away.id)
            )
            group = f"absence:{away.id}:{handling.event.id}"
            stored = await self._interactions.store(
                tx,
                outbox.stored_form([[back]]),
                group=group,
                who=Who(employee_id=away.employee_id),
                life=None,
            )
            await outbox.send(
                tx,
                handling.origin,
                to,
                view.absence(away, reader, key=name),
                buttons=stored,
                key=handling.key(f"away:{away.id}"),
            )
        await self._notify_substitute(tx, handling, away, other)

    async def _notify_substitute(self, tx: Tx, handling: Handling, away: Absence, key: str) -> None:
        if away.substitute_id is not None:
            text = view.absence(
                away, await self._readers.of_employee(away.substitute_id), key=f"absence.{key}"
            )
            await self._notify(
                tx, handling, away.substitute_id, text, handling.key(f"{key}:{away.id}")
            )

    async def _notify(
        self, tx: Tx, handling: Handling, employee_id: UUID, text: Markup, key: str
    ) -> None:
        chat_id = await self._staff.telegram_of(employee_id)
        if chat_id is not None:
            await outbox.send(tx, handling.origin, chat_id, text, key=key)
