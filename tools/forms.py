"""Check-lists: their progress, and opening one for the person."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic_ai import RunContext

from jarvis.domains.bookings.models import Booking
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.fleet.service import Car, FleetService
from jarvis.domains.forms.facts import ChecklistFact, StartedFact
from jarvis.domains.forms.opening import ASKED
from jarvis.domains.forms.service import FormService
from jarvis.domains.forms.templates import template
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Database
from jarvis.engine.journal import Journal
from jarvis.kit.clock import day_bounds, local_date
from jarvis.kit.errors import NotPermitted
from jarvis.kit.roles import BRANCH_STAFF
from jarvis.messaging.facts import ProblemFact
from tools.arguments import Branch, Number, Said
from tools.decorators import new_toolset, read, write
from tools.deps import Deps
from tools.resolve import resolve_subject, subject_name

forms = new_toolset("forms")
Checklist = Literal["issue", "return", "daily", "problem"]
OF_BOOKING = ("issue", "return")
LISTED = 8


@read(forms, roles=BRANCH_STAFF, scope="branch", untrusted=False)
async def checklist_status(
    ctx: RunContext[Deps],
    booking: Number | None = None,
    car: Said | None = None,
    branch: Branch | None = None,
) -> str:
    """Check-lists and forms: which are open or were closed today, how far they are, what is not
    done, who has them.

    Args:
        booking: A booking's number, e.g. `1234`, when its check-lists are meant.
        car: The car as it was said, e.g. `приус 417`, when its check-lists are meant.
        branch: Code of a branch; the person's own when nothing narrower was said.
    """
    deps = ctx.deps
    subject = await resolve_subject(ctx, booking, car)
    if isinstance(subject, str):
        return subject
    since, _ = day_bounds(local_date(deps.now))
    branches = (
        deps.scope(branch)
        if branch is not None or subject is not None
        else frozenset({deps.actor.home_branch or ""}) - {""}
    )
    forms = await deps.get(FormService).recent(
        deps.get(Database),
        since=since,
        branches=branches,
        limit=LISTED,
        booking_id=subject.id if isinstance(subject, Booking) else None,
        car_id=subject.id if isinstance(subject, Car) else None,
    )
    named = [(f, await _label(deps, f.booking_id, f.car_id)) for f in forms]
    key = deps.run.facts.add(
        ChecklistFact(
            forms=tuple(named),
            subject=subject_name(subject),
            branch=branch or deps.actor.home_branch,
        )
    )
    lines = "; ".join(
        f"{f.template.key} {label}: {f.state}, {len(f.gaps)} points missing, {f.holder}"
        for f, label in named
    )
    return f"[{key}] {len(forms)} check-lists. {lines}"


@write(
    forms,
    effect_class="A",
    roles=BRANCH_STAFF,
    scope="branch",
    approval="never",
)
async def start_checklist(
    ctx: RunContext[Deps],
    kind: Checklist | None = None,
    booking: Number | None = None,
    car: Said | None = None,
) -> str:
    """Open a check-list in the person's private chat: of a pick-up or return (by booking), or the
    daily one or a problem (by car).

    Args:
        kind: `issue` (pick-up), `return`, `daily` (a car of the yard) or `problem`; left out, the
            booking's state or the car decides.
        booking: The booking's number, e.g. `1234`; this or `car` is needed.
        car: The car as it was said, e.g. `приус 417`, when no booking is meant.
    """
    deps = ctx.deps
    subject = await resolve_subject(ctx, booking, car)
    if isinstance(subject, str):
        return subject
    if isinstance(subject, Car) and kind in OF_BOOKING:
        subject = await _booking_of(deps, subject, kind)
    if subject is None or (isinstance(subject, Booking) and kind in ("daily", "problem")):
        reason = "no_booking" if car is not None else "no_subject"
        key = deps.run.facts.add(ProblemFact(tool="start_checklist", reason=reason, values={}))
        return f"[{key}] It needs a booking or a car: show this fact."
    branch = subject.branch
    if not deps.actor.may_see(branch):
        raise NotPermitted(f"branch {branch} is outside this person's scope")
    chosen = kind or (
        ("return" if subject.status == "in_rent" else "issue")
        if isinstance(subject, Booking)
        else "daily"
    )
    async with deps.get(Database).transaction() as tx:
        await deps.get(Journal).publish(
            tx,
            kind=ASKED,
            dedup_key=f"asked:{deps.run.run_id}:{chosen}:{subject.id}",
            ordering_key=f"employee:{deps.actor.employee_id}",
            payload={
                "employee_id": str(deps.actor.employee_id),
                "template": chosen,
                "subject": str(subject.id),
                "sender_id": await deps.get(StaffService).telegram_of(deps.actor.employee_id),
            },
        )
    key = deps.run.facts.add(
        StartedFact(template=template(chosen), label=subject_name(subject) or "—")
    )
    return f"[{key}] The check-list opens in the private chat: show this fact."


async def _booking_of(deps: Deps, car: Car, kind: str) -> Booking | None:
    """The rental of a car with the next pick-up, or return."""
    rows = await deps.get(BookingService).of_car(car.id, since=deps.now)
    fitting = [
        b
        for b in rows
        if b.purpose == "rental" and b.status == ("in_rent" if kind == "return" else "planned")
    ]
    return min(fitting, key=lambda b: b.start or deps.now, default=None)


async def _label(deps: Deps, booking_id: UUID | None, car_id: UUID | None) -> str:
    if booking_id is not None:
        return subject_name(await deps.get(BookingService).get(booking_id)) or ""
    return (await deps.get(FleetService).get(car_id)).label if car_id is not None else ""
