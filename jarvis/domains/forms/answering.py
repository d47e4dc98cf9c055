"""Takes answers to the points of a form. Typed ones are parsed by the kind of the point; all are
checked against the template."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from jarvis.domains.fleet.service import FleetService
from jarvis.domains.forms import view as render
from jarvis.domains.forms.messages import FormMessages
from jarvis.domains.forms.models import Form, Point
from jarvis.domains.forms.parsing import number_in, option_in, person_in
from jarvis.domains.forms.points import FormPoints
from jarvis.domains.forms.records import record
from jarvis.domains.forms.service import FormService
from jarvis.domains.forms.waivers import Waivers
from jarvis.domains.media.service import MediaService
from jarvis.engine.db import Database, Tx
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock, local_date
from jarvis.language.dates import period_of, stems
from jarvis.messaging.focus import handles_text

WORDS_MAX = 1000  # characters of an answer


class FormAnswers:
    """Records typed and pressed answers, each with an audit entry."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        fleet: FleetService,
        media: MediaService,
        forms: FormService,
        points: FormPoints,
        waivers: Waivers,
        messages: FormMessages,
    ) -> None:
        self._db = db
        self._clock = clock
        self._fleet = fleet
        self._media = media
        self._forms = forms
        self._points = points
        self._waivers = waivers
        self._messages = messages

    @handles_text(10, private=True)
    async def take_message(self, handling: Handling, actor: Actor, text: str) -> bool:
        """Take a private message as an answer to the employee's active form; return whether it was
        one.

        The caption of a photo that a form took belongs to the form.
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
            if not await self._answer_typed(tx, handling, actor, form, asked, text.strip()):
                return False
            await self._messages.show(tx, handling, form.id)
        return True

    async def _answer_typed(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, asked: Point, text: str
    ) -> bool:
        key, item = asked.item.key, asked.item
        if form.expects == "waive":
            await self._waivers.waive(
                tx, handling, actor, form, key, text[:200].lstrip("."), show=False
            )
        elif item.kind == "text":
            await self.answer(tx, handling, actor, form, key, words=text[:WORDS_MAX])
        elif item.kind == "number" and (number := number_in(text)) is not None:
            await self._answer_number(tx, handling, actor, form, asked, number)
        elif (
            item.kind == "date"
            and len(text) <= 30
            and (period := period_of(text.casefold(), list(stems(text)), self._clock.now()))
        ):
            await self.answer_date(tx, handling, actor, form, asked, local_date(period.start))
        elif (
            item.kind == "choice"
            and (option := await self._option(form, actor, asked, text)) is not None
        ):
            await self.answer(tx, handling, actor, form, key, choice=option)
        else:
            return False
        return True

    async def _option(self, form: Form, actor: Actor, asked: Point, text: str) -> str | None:
        if asked.item.source is None:
            return option_in(asked.item, text)
        reader = await self._messages.reader(actor.employee_id)
        return person_in((await self._messages.context(form, reader)).people, text)

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
        """Record an answer; without a value the point is ticked. A changed answer gets an audit
        entry."""
        if await self._points.answer(
            tx,
            form.id,
            key,
            actor.employee_id,
            choice=choice,
            number=number,
            day=day,
            words=words,
        ):
            await record(tx, handling, actor, f"form:{form.id}", "received", {"item": key})

    async def _answer_number(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, asked: Point, number: Decimal
    ) -> None:
        """Record a number; one that is out of range or below the car's known mileage is rejected
        with the reason, and the employee can insist on the latter."""
        item = asked.item
        known = (
            (await self._fleet.get(form.car_id)).mileage_km
            if item.floor is not None and form.car_id is not None
            else None
        )
        reader = await self._messages.reader(actor.employee_id)
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

    async def answer_date(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, asked: Point, day: date
    ) -> None:
        """Record a date; it is rejected if it is before the date that it must follow."""
        await self.answer(tx, handling, actor, form, asked.item.key, day=day)
        first = form.point(asked.item.not_before)
        if first is not None and first.day is not None and day < first.day:
            await self._reject(tx, handling, actor, form, asked.item.key, ".before")

    async def _reject(
        self, tx: Tx, handling: Handling, actor: Actor, form: Form, key: str, reason: str
    ) -> None:
        await self._points.set_state(tx, form.id, key, "rejected", reason, None)
        await record(tx, handling, actor, f"form:{form.id}", "rejected", {"item": key})
