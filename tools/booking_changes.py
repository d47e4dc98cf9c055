"""Writes to bookings, each only planned here: the card shows the plan, a person decides, code
carries it out."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from pydantic_ai import RunContext

from jarvis.domains.bookings.changes import Changes
from jarvis.domains.bookings.extending import Obstacle
from jarvis.domains.bookings.facts import ObstacleFact
from jarvis.domains.bookings.models import Booking
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.clients.service import ClientService
from jarvis.engine.planned import PlannedWrite
from jarvis.kit.actor import Role
from jarvis.kit.clock import at_local, local
from jarvis.kit.errors import Impossible, InvalidRequest
from jarvis.kit.roles import ACTORS, HEADS
from jarvis.messaging.facts import ChoiceFact, Option
from tools.arguments import Branch, Day, Days, Moment, Number, Place, Said, Words, again, aware
from tools.decorators import Planned, new_toolset, write
from tools.deps import Deps
from tools.resolve import not_found, resolve_booking, resolve_car

booking_changes = new_toolset("booking_changes")
NOTE_CHARS = 500


@write(
    booking_changes, effect_class="A", roles=ACTORS | {Role.SALES}, approvers=ACTORS, scope="branch"
)
async def extend_booking(
    ctx: RunContext[Deps],
    number: Number | None = None,
    until: Moment | None = None,
    until_day: Day | None = None,
    days: Days | None = None,
    branch: Branch | None = None,
    car: Said | None = None,
    client: Said | None = None,
    move_next_to: Said | None = None,
) -> Planned:
    """A later return of one booking. Nothing happens before a person approves the card that
    follows. Say until when by exactly one of `until`, `until_day` and `days`.

    Args:
        number: The booking's number, e.g. `1234`; when it was not said, name the car or the client.
        until: The new return as day and hour, Tbilisi wall time, e.g. `2026-03-16T12:00`.
        until_day: The day alone, e.g. `2026-03-16`, when no hour was said: the booking keeps
            its own hour.
        days: By how many days, e.g. `2`, when that was said instead of a date.
        branch: Code of the branch, only when it was said: numbers repeat between branches.
        car: The car as it was said, e.g. `малибу 235`, when no number was.
        client: The client as they were named, e.g. `Рудин`, when neither number nor car was.
        move_next_to: The car that the following booking of this car is moved to, when the person
            asked for that too.
    """
    found = await _booking_said(ctx, number, branch, car, client)
    if isinstance(found, str):
        return found
    deps = ctx.deps
    changes = deps.get(Changes)
    target = _target(found.end, until, until_day, days)
    writes: list[PlannedWrite] = []
    plan = await changes.extend(found.id, target)
    if isinstance(plan, Obstacle) and move_next_to is not None:
        other = await resolve_car(ctx, move_next_to)
        if isinstance(other, str):
            return other
        writes.append(await changes.change(plan.following.id, car=other))
        plan = await changes.extend(found.id, target, without=plan.following.id)
    if isinstance(plan, Obstacle):
        key = deps.run.facts.add(
            ObstacleFact(
                obstacle=plan,
                fresh=await deps.get(BookingService).freshness(plan.booking.source_at),
            )
        )
        return (
            f"[{key}] The car is taken then by booking {plan.following.shown}: show this "
            f"fact, it offers what is possible."
        )
    return [*writes, plan]


def _target(
    end: datetime | None, until: datetime | None, until_day: date | None, days: int | None
) -> datetime:
    if until is not None:
        return aware(until)
    if end is None:
        raise InvalidRequest("the booking has no return time; name day and hour")
    if days is not None and days > 0:
        return end + timedelta(days=days)
    if until_day is None:
        raise InvalidRequest("name until when: `until`, `until_day` or `days`")
    return at_local(until_day, local(end).time())


async def _booking_said(
    ctx: RunContext[Deps],
    number: int | None,
    branch: Branch | None,
    car: str | None,
    client: str | None,
) -> Booking | str:
    """The booking that is meant: by number, or the current or next one of a car or a client."""
    if number is not None:
        return await resolve_booking(ctx, number, branch)
    deps = ctx.deps
    cars = people = None
    if car is not None:
        found = await resolve_car(ctx, car)
        if isinstance(found, str):
            return found
        cars = [found.id]
    elif client is not None:
        people = [c.id for c in await deps.get(ClientService).find(client)]
    else:
        raise InvalidRequest("name the booking: its number, the car or the client")
    rows = await deps.get(BookingService).search(
        cars=cars, clients=people, since=deps.now, until=None, scope=deps.actor.branches
    )
    rows = [
        b
        for b in rows
        if b.status in ("in_rent", "planned") and b.number is not None and b.purpose == "rental"
    ]
    out = [b for b in rows if b.status == "in_rent"] or rows
    if len(out) == 1:
        return out[0]
    said = (car or client or "")[:60]
    if not out:
        key = await not_found(deps, "booking", said)
        return f"[{key}] No booking of {said!r} is open."
    options = tuple(
        Option(
            label=f"№{b.number} · {b.car_label or '?'}",
            request=again(deps.run.request, f"№{b.number}"),
            branch=b.branch,
        )
        for b in out[:6]
    )
    key = deps.run.facts.add(ChoiceFact(kind="booking", said=said, options=options))
    return f"[{key}] {len(out)} bookings are open: ask which one, with this fact."


@write(
    booking_changes, effect_class="A", roles=ACTORS | {Role.SALES}, approvers=ACTORS, scope="branch"
)
async def change_booking(
    ctx: RunContext[Deps],
    number: Number,
    branch: Branch | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    place_start: Place | None = None,
    place_end: Place | None = None,
    car: Said | None = None,
) -> Planned:
    """Other times or places of a booking, or another car. Nothing happens before a person approves
    the card that follows. Give only what is to change; a later return is `extend_booking`.

    Args:
        number: The booking's number, e.g. `1234`.
        branch: Code of the branch, only when it was said: numbers repeat between branches.
        start: The new pick-up, Tbilisi wall time, e.g. `2026-03-14T10:00`.
        end: The new return, Tbilisi wall time, e.g. `2026-03-16T12:00`.
        place_start: The new place of the pick-up, e.g. `аэропорт`.
        place_end: The new place of the return, e.g. `офис`.
        car: The other car, as it was said, e.g. `королла 310`.
    """
    found = await resolve_booking(ctx, number, branch)
    if isinstance(found, str):
        return found
    other = None
    if car is not None:
        other = await resolve_car(ctx, car)
        if isinstance(other, str):
            return other
    return [
        await ctx.deps.get(Changes).change(
            found.id,
            start=aware(start) if start else None,
            end=aware(end) if end else None,
            place_start=place_start,
            place_end=place_end,
            car=other,
        )
    ]


@write(
    booking_changes,
    effect_class="A",
    roles=ACTORS | {Role.SALES, Role.MECHANIC},
    approvers=ACTORS,
    scope="branch",
)
async def note_booking(
    ctx: RunContext[Deps], number: Number, text: Words, branch: Branch | None = None
) -> Planned:
    """A line more in a booking's note. Nothing happens before a person approves the card that
    follows.

    Args:
        number: The booking's number, e.g. `1234`.
        text: What to note, in the person's words, at most 500 characters.
        branch: Code of the branch, only when it was said: numbers repeat between branches.
    """
    found = await resolve_booking(ctx, number, branch)
    if isinstance(found, str):
        return found
    if not text.strip() or len(text) > NOTE_CHARS:
        raise Impossible("no_words", n=NOTE_CHARS)
    return [await ctx.deps.get(Changes).note(found.id, text.strip())]


@write(booking_changes, effect_class="A", roles=ACTORS, approvers=HEADS, scope="branch")
async def cancel_booking(
    ctx: RunContext[Deps], number: Number, branch: Branch | None = None
) -> Planned:
    """Call a planned booking off, whole. Nothing happens before a person approves the card that
    follows.

    Args:
        number: The booking's number, e.g. `1234`.
        branch: Code of the branch, only when it was said: numbers repeat between branches.
    """
    found = await resolve_booking(ctx, number, branch)
    return found if isinstance(found, str) else [await ctx.deps.get(Changes).cancel(found.id)]


@write(
    booking_changes, effect_class="A", roles=ACTORS | {Role.SALES}, approvers=ACTORS, scope="branch"
)
async def create_booking(
    ctx: RunContext[Deps],
    car: Said,
    client: Said,
    start: Moment,
    end: Moment,
    place_start: Place | None = None,
    place_end: Place | None = None,
) -> Planned:
    """A new booking of a free car for a known client. Nothing happens before a person approves the
    card that follows.

    Args:
        car: The car as it was said, e.g. `малибу 235`.
        client: The client's name or phone as it was said, e.g. `Олег Рудин`.
        start: Pick-up, Tbilisi wall time, e.g. `2026-03-14T10:00`.
        end: Return, Tbilisi wall time, after the pick-up.
        place_start: Place of the pick-up when it was said.
        place_end: Place of the return when it was said.
    """
    chosen = await resolve_car(ctx, car)
    if isinstance(chosen, str):
        return chosen
    deps = ctx.deps
    deps.scope(chosen.branch)
    people = await deps.get(ClientService).find(client)
    if not people:
        key = await not_found(deps, "client", client)
        return f"[{key}] No client answers to {client!r}."
    if len(people) > 1:
        options = tuple(
            Option(
                label=p.full_name,
                request=again(deps.run.request, p.phone or p.full_name),
            )
            for p in people[:6]
        )
        key = deps.run.facts.add(ChoiceFact(kind="client", said=client[:60], options=options))
        return f"[{key}] Several clients answer to {client!r}: ask which one, with this fact."
    return [
        await deps.get(Changes).create(
            chosen,
            people[0],
            aware(start),
            aware(end),
            place_start=place_start,
            place_end=place_end,
        )
    ]
