"""Handlers of the buttons of forms. They set values and never toggle them, so that a repeated
callback changes nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from jarvis.domains.forms import view as render
from jarvis.domains.forms.answering import FormAnswers
from jarvis.domains.forms.filling import DUE, FINISHED, Forms
from jarvis.domains.forms.messages import FormMessages, LockedForm
from jarvis.domains.forms.models import Form
from jarvis.domains.forms.payloads import (
    AnswerPoint,
    AskReason,
    BeginForm,
    CloseForm,
    DecideWaiver,
    FocusPoint,
    HandOver,
    OfForm,
    OfPoint,
    OpenForm,
    RetakePhotos,
    ShowForm,
    ShowFormPage,
    TypeReason,
    WaivePoint,
)
from jarvis.domains.forms.points import FormPoints
from jarvis.domains.forms.records import record
from jarvis.domains.forms.service import FormService
from jarvis.domains.forms.waivers import Waivers
from jarvis.domains.media.events import LOOSE
from jarvis.domains.media.service import MediaService
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Tx
from jarvis.engine.timing import Timers
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import callback


class FormCallbacks:
    """Starts, opens, answers, hands over and closes forms by their buttons."""

    def __init__(
        self,
        staff: StaffService,
        media: MediaService,
        forms: FormService,
        points: FormPoints,
        messages: FormMessages,
        filling: Forms,
        answers: FormAnswers,
        waivers: Waivers,
    ) -> None:
        self._staff = staff
        self._media = media
        self._forms = forms
        self._points = points
        self._messages = messages
        self._filling = filling
        self._answers = answers
        self._waivers = waivers
        self._timers = Timers()

    @callback(BeginForm)
    async def begin(self, handling: Handling, actor: Actor, payload: BeginForm) -> None:
        """Start a form, or open the one that its subject has already."""
        async with handling.transaction() as tx:
            await self._filling.begin(
                tx, handling, actor, payload.template, payload.subject, payload.set_id
            )

    @callback(OpenForm)
    async def open(self, handling: Handling, actor: Actor, payload: OpenForm) -> None:
        """Continue a form if the employee may fill it in."""
        async with self._locked(handling, payload) as found:
            if found is not None and await self._filling.may_fill(
                found.tx,
                handling,
                actor,
                found.form.template,
                found.form.branch,
                f"form:{found.form.id}",
            ):
                await self._filling.open(found.tx, handling, actor, found.form.id)

    @callback(ShowForm)
    async def show(self, handling: Handling, actor: Actor, payload: ShowForm) -> None:
        """Return to the form's main page; its next point is asked."""
        async with self._held(handling, actor, payload) as held:
            if held is not None:
                await self._forms.focus(held.tx, held.form.id, None)
                await self._messages.show(held.tx, handling, held.form.id)

    @callback(ShowFormPage)
    async def page(self, handling: Handling, actor: Actor, payload: ShowFormPage) -> None:
        """Show another page of the form's message."""
        async with self._held(handling, actor, payload) as held:
            if held is not None:
                await self._messages.show(held.tx, handling, held.form.id, payload.page)

    @callback(AnswerPoint)
    async def answer(self, handling: Handling, actor: Actor, payload: AnswerPoint) -> None:
        """Record an answer to a point."""
        async with self._held(handling, actor, payload) as held:
            if held is not None:
                await self._answer(held.tx, handling, actor, held.form, payload)
                await self._messages.show(held.tx, handling, held.form.id)

    async def _answer(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, payload: AnswerPoint
    ) -> None:
        point = form.point(payload.point)
        assert point is not None
        kind, key = point.item.kind, point.item.key
        if kind == "date":
            if payload.day is not None:
                await self._answers.answer_date(tx, handling, actor, form, point, payload.day)
        elif kind == "number":
            if payload.number is not None:
                await self._answers.answer(tx, handling, actor, form, key, number=payload.number)
        else:
            await self._answers.answer(tx, handling, actor, form, key, choice=payload.choice)

    @callback(FocusPoint)
    async def focus(self, handling: Handling, actor: Actor, payload: FocusPoint) -> None:
        """Ask a point next."""
        async with self._held(handling, actor, payload) as held:
            if held is not None:
                await self._forms.focus(held.tx, held.form.id, payload.point)
                await self._messages.show(held.tx, handling, held.form.id)

    @callback(AskReason)
    async def skip(self, handling: Handling, actor: Actor, payload: AskReason) -> None:
        """Ask why a point is not needed."""
        async with self._held(handling, actor, payload) as held:
            if held is not None:
                await self._messages.show(held.tx, handling, held.form.id, "skip", payload.point)

    @callback(TypeReason)
    async def other(self, handling: Handling, actor: Actor, payload: TypeReason) -> None:
        """Take the employee's next message as the reason for waiving a point."""
        async with self._held(handling, actor, payload) as held:
            if held is not None:
                await self._forms.focus(held.tx, held.form.id, payload.point, "waive")
                await self._messages.show(held.tx, handling, held.form.id)

    @callback(WaivePoint)
    async def waive(self, handling: Handling, actor: Actor, payload: WaivePoint) -> None:
        """Waive a point for a predefined reason."""
        async with self._held(handling, actor, payload) as held:
            if held is not None:
                await self._waivers.waive(
                    held.tx, handling, actor, held.form, payload.point, f".{payload.reason}"
                )

    @callback(RetakePhotos)
    async def retake(self, handling: Handling, actor: Actor, payload: RetakePhotos) -> None:
        """Clear a point, so that it is asked again."""
        async with self._held(handling, actor, payload) as held:
            if held is not None:
                await self._points.reopen(held.tx, held.form.id, payload.point)
                await self._record(handling, actor, held, "open again", {"item": payload.point})
                await self._messages.show(held.tx, handling, held.form.id)

    @callback(HandOver)
    async def hand_over(self, handling: Handling, actor: Actor, payload: HandOver) -> None:
        """Assign the form to a colleague, who gets a message of their own; this one refers to
        it."""
        async with self._held(handling, actor, payload) as held:
            if held is None:
                return
            tx, form, to = held.tx, held.form, await self._staff.actor(payload.to)
            if to is None or not await self._filling.may_fill(
                tx, handling, to, form.template, form.branch, f"form:{form.id}"
            ):
                await self._messages.show(tx, handling, form.id)
                return
            await self._forms.assign(tx, form.id, to.employee_id)
            await self._record(handling, actor, held, "handed over", {"to": str(payload.to)})
            await self._messages.show(tx, handling, form.id, fresh=True)
            await self._filling.refresh_topic(tx, handling, form)

    @callback(CloseForm)
    async def close(self, handling: Handling, actor: Actor, payload: CloseForm) -> None:
        """Finish or cancel a form; points without an answer stay recorded as missing."""
        async with self._held(handling, actor, payload) as held:
            if held is None:
                return
            if payload.state == "done" and held.form.arriving:
                text = (await self._messages.reader(actor.employee_id)).say(
                    "form.uploading", n=held.form.arriving
                )
                await outbox.send(
                    held.tx,
                    handling.origin,
                    int(handling.event.payload["sender_id"]),
                    text,
                    key=handling.key("form.wait"),
                )
                return
            await self._close(handling, actor, held, payload)

    async def _close(
        self, handling: Handling, actor: Actor, held: LockedForm, payload: CloseForm
    ) -> None:
        tx, form = held.tx, held.form
        await self._forms.close(tx, form.id, payload.state, actor.employee_id)
        await self._timers.cancel(tx, kind=DUE, subject=str(form.id))
        details = {"not_done": [p.item.key for p in form.gaps], "template": form.template.key}
        await record(tx, handling, actor, f"form:{form.id}", payload.state, details)
        await self._messages.show(tx, handling, form.id)
        await self._filling.refresh_topic(tx, handling, form)
        if payload.state == "cancelled":
            # the author of its files is asked what they belong to, as for other files
            for set_id in await self._media.release(tx, form.id):
                await handling.publish(
                    tx,
                    kind=LOOSE,
                    name=str(set_id),
                    payload={"set": str(set_id)},
                    ordering_key=f"form:{form.id}",
                )
        else:
            await handling.publish(
                tx,
                kind=FINISHED,
                name=str(form.id),
                payload={"subject": str(form.id)},
                ordering_key=f"form:{form.id}",
            )

    @callback(DecideWaiver)
    async def decide(self, handling: Handling, actor: Actor, payload: DecideWaiver) -> None:
        """Grant or refuse, as a head, that a point is waived."""
        async with self._locked(handling, payload) as found:
            if found is not None:
                await self._decide(handling, actor, found, payload)

    async def _decide(
        self, handling: Handling, actor: Actor, found: LockedForm, payload: DecideWaiver
    ) -> None:
        tx, form, key = found.tx, found.form, payload.point
        point = form.point(key)
        reader = await self._messages.reader(actor.employee_id)
        context = await self._messages.context(form, reader)
        outcome = "late"
        if point is not None and point.asked_by is not None and form.state == "open":
            outcome = "yes" if payload.granted else "no"
            if payload.granted:
                await self._points.set_state(
                    tx, form.id, key, "waived", point.reason or ".no_need", actor.employee_id
                )
            else:
                await self._points.set_waiver_request(tx, form.id, key, None, None)
            waived = "waived" if payload.granted else "not waived"
            await self._record(handling, actor, found, waived, {"item": key})
            await self._messages.show(tx, handling, form.id)
        text = reader.say(
            f"form.head.{outcome}",
            what=render.name(context),
            point=form.template.item(key).title[reader.language],
            who=actor.name,
        )
        p = handling.event.payload
        await outbox.edit(
            tx,
            handling.origin,
            int(p["chat_id"]),
            text,
            message_id=int(p["message_id"]),
            key=handling.key("form.head"),
        )

    @asynccontextmanager
    async def _locked(
        self, handling: Handling, payload: OfForm
    ) -> AsyncGenerator[LockedForm | None]:
        """Yield the form, locked, in the transaction of a callback.

        Yields None if it does not exist, or if this callback was handled before an interruption:
        later changes must not be overwritten.
        """
        async with handling.transaction() as tx:
            form = await self._forms.get(tx, payload.form_id, lock=True)
            if form is None or await self._messages.updated_by(tx, form.id, handling):
                yield None
            else:
                yield LockedForm(tx=tx, form=form)

    @asynccontextmanager
    async def _held(
        self, handling: Handling, actor: Actor, payload: OfForm
    ) -> AsyncGenerator[LockedForm | None]:
        """Yield as `_locked`, but only to the employee who holds the open form; others are shown
        its current state, as is a holder whose point no longer applies."""
        async with self._locked(handling, payload) as found:
            if found is None:
                yield None
            elif found.form.state != "open" or found.form.holder_id != actor.employee_id:
                await self._messages.show_current(found.tx, handling, actor, found.form)
                yield None
            elif isinstance(payload, OfPoint) and found.form.point(payload.point) is None:
                await self._messages.show(found.tx, handling, found.form.id)
                yield None
            else:
                yield found

    async def _record(
        self,
        handling: Handling,
        actor: Actor,
        found: LockedForm,
        outcome: str,
        details: dict[str, str],
    ) -> None:
        await record(found.tx, handling, actor, f"form:{found.form.id}", outcome, details)
