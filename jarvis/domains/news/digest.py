"""The personal digest: one message at the hour that a person chose with the day of their branches,
made without a model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from jarvis.domains.bookings.models import Owed
from jarvis.domains.bookings.receivables import Receivables
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.bookings.view import sums
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.news.checks import PERSONAL_DIGEST
from jarvis.domains.staff.models import Contact
from jarvis.domains.staff.readers import Readers
from jarvis.domains.staff.service import StaffService
from jarvis.engine.effects import Lane
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor
from jarvis.kit.clock import day_bounds, local, local_date
from jarvis.kit.roles import BRANCH_STAFF, MONEY
from jarvis.messaging import outbox, times
from jarvis.messaging.markup import Markup, lines
from jarvis.messaging.view import Reader, source

IN_REPAIR = (2, 3)
LIST_MAX = 5


class Digests:
    """Sends digests to everybody who chose this hour and is not muted."""

    feature: ClassVar[str] = "digest"

    def __init__(
        self,
        readers: Readers,
        staff: StaffService,
        fleet: FleetService,
        bookings: BookingService,
        receivables: Receivables,
    ) -> None:
        self._readers = readers
        self._staff = staff
        self._fleet = fleet
        self._bookings = bookings
        self._receivables = receivables

    @subscriber(PERSONAL_DIGEST, lane=DeliveryLane.BULK)
    async def send(self, handling: Handling) -> None:
        """Send one message per person and hour, also when the event is repeated."""
        due = datetime.fromisoformat(handling.event.payload["due_at"])
        for contact in await self._staff.contacts(digest_hour=local(due).hour):
            actor = await self._staff.actor(contact.employee_id)
            if contact.muted or actor is None or actor.role not in BRANCH_STAFF:
                continue
            text = await self._text(actor, contact)
            async with handling.transaction() as tx:
                key = f"digest:{contact.employee_id}:{due.isoformat()}"
                await outbox.send(
                    tx, handling.origin, contact.telegram_id, text, key=key, lane=Lane.BULK
                )

    async def _text(self, actor: Actor, contact: Contact) -> Markup:
        reader = await self._readers.of(actor, contact.language)
        scope = actor.branches
        start, end = day_bounds(local_date(reader.now))
        pickups = await self._bookings.pickups(start, end, None, scope)
        returns = await self._bookings.returns(start, end, None, scope)
        overdue = await self._bookings.overdue(None, scope)
        where = (
            ", ".join(sorted(reader.branch(code) for code in scope))
            if scope
            else reader.label("company")
        )
        parts = [
            reader.say(
                "digest", branch=where, date=times.day(reader.now, reader.now, reader.language)
            ),
            reader.say("digest.day", a=len(pickups), b=len(returns)),
        ]
        if overdue:
            sign = "#" if reader.language == "en" else "№"
            names = [f"{sign}{b.shown} {b.car_label or ''}".strip() for b in overdue]
            more = f" +{len(names) - LIST_MAX}" if len(names) > LIST_MAX else ""
            parts.append(reader.say("digest.overdue", list=", ".join(names[:LIST_MAX]) + more))
        if actor.role in MONEY:
            parts.append(
                await self._debts(
                    [code for code in reader.branches if not scope or code in scope], reader
                )
            )
        repair = await self._fleet.cars(states=IN_REPAIR, branches=scope)
        parts.append(reader.say("digest.repair", n=len(repair)))
        parts.append(source(await self._bookings.freshness(), reader))
        return lines(parts)

    async def _debts(self, branches: Sequence[str], reader: Reader) -> Markup:
        ages = await self._receivables.refresh(branches)
        if any(fresh.limited is not None for fresh in ages.values()):
            return reader.say("digest.limited")
        if any(fresh.failing_since is not None for fresh in ages.values()):
            return reader.say("digest.unchecked")
        owed: list[Owed] = []
        for code in branches:
            owed += await self._receivables.of_branch(code, kind="debt")
        return (
            reader.say("digest.debts", x=sums(tuple(owed), reader), n=len(owed))
            if owed
            else reader.say("digest.debts.none")
        )
