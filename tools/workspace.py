"""The company's chats and check-lists: what stands there, opened for who asks. Nothing here changes
anybody else's matters."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic_ai import RunContext

from jarvis.domains.bookings.service import Booking
from jarvis.domains.chats.service import REFRESHES, Subject
from jarvis.domains.fleet.service import Car
from jarvis.domains.forms.facts import ChecklistFact, StartedFact
from jarvis.domains.forms.opening import ASKED
from jarvis.domains.forms.templates import template
from jarvis.domains.media.facts import MaterialFact, SetLine
from jarvis.domains.media.service import Operation
from jarvis.domains.topics.facts import TopicFact
from jarvis.kit.clock import day_bounds, local_date
from jarvis.kit.errors import NotPermitted
from jarvis.messaging.facts import ProblemFact
from tools.arguments import Number, Said
from tools.bookings import resolve_booking
from tools.deps import Deps
from tools.fleet import Branch, resolve_car
from tools.toolset import new_toolset

workspace = new_toolset("workspace")
Checklist = Literal["issue", "return", "daily", "problem"]
OF_BOOKING = ("issue", "return")
LISTED = 8


@workspace.tool
async def checklist_status(
    ctx: RunContext[Deps],
    booking: Number | None = None,
    car: Said | None = None,
    branch: Branch | None = None,
) -> str:
    """Check-lists and forms: which are open or were closed today, how far they are, what is not
    done, who has them.

    Args:
        booking: A booking's number, when its check-lists are meant.
        car: The car as it was said, when its check-lists are meant.
        branch: Branch code; the person's own when nothing narrower was said.
    """
    deps = ctx.deps
    subject = await _subject(ctx, booking, car)
    if isinstance(subject, str):
        return subject
    since, _ = day_bounds(local_date(deps.now))
    branches = (
        deps.scope(branch)
        if branch is not None or subject is not None
        else frozenset({deps.actor.home_branch or ""}) - {""}
    )
    forms = await deps.rooms.forms.recent(
        deps.rooms.db,
        since=since,
        branches=branches,
        limit=LISTED,
        booking_id=subject.id if isinstance(subject, Booking) else None,
        car_id=subject.id if isinstance(subject, Car) else None,
    )
    named = [(f, await _label(deps, f.booking_id, f.car_id)) for f in forms]
    key = deps.run.facts.add(
        ChecklistFact(
            forms=tuple(named), subject=_name(subject), branch=branch or deps.actor.home_branch
        )
    )
    lines = "; ".join(
        f"{f.template.key} {label}: {f.state}, {len(f.gaps)} points missing, {f.holder}"
        for f, label in named
    )
    return f"[{key}] {len(forms)} check-lists. {lines}"


@workspace.tool
async def find_media(
    ctx: RunContext[Deps],
    car: Said | None = None,
    booking: Number | None = None,
    operation: Operation | None = None,
) -> str:
    """Photos and other material of a car: which sets there are, of which operation and booking, by
    whom. Buttons show the files.

    Args:
        car: The car as it was said.
        booking: A booking's number, when the material of that booking is meant.
        operation: Only material of this kind: `issue`, `return`, `damage`, …
    """
    deps = ctx.deps
    subject = await _subject(ctx, booking, car or deps.run.request)
    if isinstance(subject, str) or subject is None:
        return subject or "Say which car or booking is meant."
    if isinstance(subject, Booking) and subject.car_id is None:
        return "The booking has no car, so it has no material."
    found = (
        await deps.fleet.get(subject.car_id)
        if isinstance(subject, Booking) and subject.car_id
        else subject
    )
    assert isinstance(found, Car)
    deps.scope(found.branch)
    media = deps.rooms.media
    sets = [
        s
        for s in await media.of_car(deps.rooms.db, found.id)
        if (operation is None or s.operation == operation)
        and (booking is None or s.booking_id == subject.id)
    ]
    lines: list[SetLine] = []
    for each in sets[:LISTED]:
        of = await deps.bookings.get(each.booking_id) if each.booking_id is not None else None
        digests = tuple(i.digest or "" for i in await media.items(deps.rooms.db, each.id))
        lines.append(SetLine(found=each, booking=of, digests=digests))
    await deps.run.record(deps.actor, "material.read", "listed", {"car_id": str(found.id)})
    key = deps.run.facts.add(MaterialFact(car=found, sets=tuple(lines), total=len(sets)))
    return f"[{key}] {len(sets)} sets of material of {found.label}."


@workspace.tool(sequential=True)
async def open_topic(ctx: RunContext[Deps], car: Said) -> str:
    """The topic of a car in the forum of its branch: a link to it; one that is missing is made.

    Args:
        car: The car as it was said.
    """
    deps = ctx.deps
    found = await resolve_car(ctx, car)
    if isinstance(found, str):
        return found
    deps.scope(found.branch)
    rooms = deps.rooms
    forum = await rooms.chats.forum_of(rooms.db, found.branch)
    if forum is None or forum.lost:
        key = deps.run.facts.add(ProblemFact(tool="open_topic", reason="no_forum", values={}))
        return f"[{key}] The branch has no forum: show this fact."
    topic = await rooms.chats.live(rooms.db, Subject("car", found.id), "branch_forum")
    if topic is None:
        async with rooms.db.transaction() as tx:
            await rooms.journal.publish(
                tx,
                kind=REFRESHES["car"],
                dedup_key=f"asked:{deps.run.run_id}:{found.id}",
                payload={"subject": str(found.id)},
                ordering_key=f"timer:{found.id}",
            )
    number = topic.number if topic is not None else None
    key = deps.run.facts.add(
        TopicFact(car=found, forum=forum.title, chat_id=forum.marked_id, number=number)
    )
    return (
        f"[{key}] The topic of {found.label} in {forum.title}: "
        f"{'open' if number else 'is being made'}."
    )


@workspace.tool(sequential=True)
async def start_checklist(
    ctx: RunContext[Deps],
    kind: Checklist | None = None,
    booking: Number | None = None,
    car: Said | None = None,
) -> str:
    """Open a check-list in the person's private chat: of a pick-up or return (by booking), or the
    daily one or a problem (by car).

    Args:
        kind: `issue`, `return`, `daily` or `problem`; left out, the booking's state or the car
            decides.
        booking: The booking's number.
        car: The car as it was said, when no booking is meant.
    """
    deps = ctx.deps
    subject = await _subject(ctx, booking, car)
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
    rooms = deps.rooms
    async with rooms.db.transaction() as tx:
        await rooms.journal.publish(
            tx,
            kind=ASKED,
            dedup_key=f"asked:{deps.run.run_id}:{chosen}:{subject.id}",
            ordering_key=f"employee:{deps.actor.employee_id}",
            payload={
                "employee_id": str(deps.actor.employee_id),
                "template": chosen,
                "subject": str(subject.id),
                "sender_id": await deps.staff.telegram_of(deps.actor.employee_id),
            },
        )
    key = deps.run.facts.add(StartedFact(template=template(chosen), label=_name(subject) or "—"))
    return f"[{key}] The check-list opens in the private chat: show this fact."


async def _subject(
    ctx: RunContext[Deps], booking: int | None, car: str | None
) -> Booking | Car | str | None:
    """The booking or the car that is meant, None when neither was said, or the text that tells the
    model why there is none."""
    if booking is not None:
        return await resolve_booking(ctx, booking, None)
    return await resolve_car(ctx, car) if car is not None else None


async def _booking_of(deps: Deps, car: Car, kind: str) -> Booking | None:
    """The rental of a car whose pick-up, or return, comes next."""
    rows = await deps.bookings.of_car(car.id, since=deps.now)
    fitting = [
        b
        for b in rows
        if b.purpose == "rental" and b.status == ("in_rent" if kind == "return" else "planned")
    ]
    return min(fitting, key=lambda b: b.start or deps.now, default=None)


async def _label(deps: Deps, booking_id: UUID | None, car_id: UUID | None) -> str:
    if booking_id is not None:
        return _name(await deps.bookings.get(booking_id)) or ""
    return (await deps.fleet.get(car_id)).label if car_id is not None else ""


def _name(subject: Booking | Car | None) -> str | None:
    if isinstance(subject, Booking):
        return f"№{subject.shown} · {subject.car_label or '—'}"
    return subject.label if subject is not None else None
