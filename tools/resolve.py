"""Finds the car, booking or colleague that a person's words name, or returns the text that tells
the model why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from pydantic_ai import RunContext

from jarvis.domains.bookings.models import Booking
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car, FleetService
from jarvis.domains.staff.models import Person
from jarvis.domains.staff.service import StaffService
from jarvis.kit.errors import NotPermitted
from jarvis.messaging.facts import ChoiceFact, MissingFact, Option
from tools.arguments import again
from tools.deps import Deps


async def resolve_car(ctx: RunContext[Deps], said: str) -> Car | str:
    """The only car that a phrase names, or the text that tells the model why there is none."""
    deps = ctx.deps
    fleet_service = deps.get(FleetService)
    found = await fleet_service.find(said)
    if len(found.cars) == 1:
        return await fleet_service.get(found.cars[0])
    if found.cars:
        options = [await car_option(deps, car_id) for car_id in found.cars[:6]]
        key = deps.run.facts.add(ChoiceFact(kind="car", said=short(said), options=tuple(options)))
        return f"[{key}] {len(found.cars)} cars answer to {said!r}: ask which one, with this fact."
    near = [await car_option(deps, car_id) for car_id in found.near]
    key = await not_found(deps, "car", short(said), near)
    return f"[{key}] No car answers to {said!r}."


async def car_option(deps: Deps, car_id: UUID) -> Option:
    """A car as an option of a choice."""
    car = await deps.get(FleetService).get(car_id)
    plate = show_plate(car.plate_key)
    return Option(
        label=car.label,
        request=again(deps.run.request, plate),
        plate=plate,
        branch=car.branch,
        state=car.state,
    )


async def resolve_booking(ctx: RunContext[Deps], number: int, branch: str | None) -> Booking | str:
    """The only booking with that number in this person's scope, or the text that tells the model
    why there is none."""
    deps = ctx.deps
    booking_service = deps.get(BookingService)
    rows = [b for b in await booking_service.by_number(number) if branch in (None, b.branch)]
    mine = [b for b in rows if deps.actor.may_see(b.branch)]
    if not mine and rows:
        raise NotPermitted(f"booking {number} belongs to branch {rows[0].branch}")
    if len(mine) == 1:
        return mine[0]
    if not mine:
        others = await booking_service.by_number(number)
        near = tuple(
            _booking_option(b, deps.run.request) for b in others if deps.actor.may_see(b.branch)
        )
        key = await not_found(deps, "booking", str(number), near)
        return f"[{key}] There is no booking {number}."
    options = tuple(_booking_option(b, deps.run.request) for b in mine)
    key = deps.run.facts.add(ChoiceFact(kind="booking", said=f"№{number}", options=options))
    return f"[{key}] Several branches have a booking {number}: ask which one, with this fact."


def _booking_option(booking: Booking, request: str) -> Option:
    label = f"№{booking.number} · {booking.car_label or '?'}"
    return Option(label=label, request=again(request, str(booking.branch)), branch=booking.branch)


async def resolve_subject(
    ctx: RunContext[Deps], booking: int | None, car: str | None
) -> Booking | Car | str | None:
    """The booking or the car that is meant, None when neither was said, or the text that tells the
    model why there is none."""
    if booking is not None:
        return await resolve_booking(ctx, booking, None)
    return await resolve_car(ctx, car) if car is not None else None


async def resolve_person(ctx: RunContext[Deps], said: str) -> Person | str:
    """The only colleague whom a phrase names, or the text that tells the model why there is
    none."""
    deps = ctx.deps
    people = await deps.get(StaffService).find(said)
    if len(people) == 1:
        return people[0]
    if people:
        options = tuple(
            Option(label=p.name, request=again(deps.run.request, p.name)) for p in people[:6]
        )
        key = deps.run.facts.add(ChoiceFact(kind="employee", said=said[:60], options=options))
        return f"[{key}] {len(people)} people answer to {said!r}: ask which one, with this fact."
    return f"[{await not_found(deps, 'employee', said)}] Nobody of the staff answers to {said!r}."


async def not_found(
    deps: Deps,
    kind: Literal["car", "client", "booking", "employee"],
    said: str,
    near: Sequence[Option] = (),
) -> str:
    """Add the fact that nothing matches these words, with the age of the copy that was searched;
    returns the fact's key."""
    return deps.run.facts.add(
        MissingFact(
            kind=kind,
            said=said[:60],
            near=tuple(near),
            fresh=await deps.get(BookingService).freshness(),
        )
    )


def subject_name(subject: Booking | Car | None) -> str | None:
    """A booking or a car as it is named in a sentence."""
    if isinstance(subject, Booking):
        return f"№{subject.shown} · {subject.car_label or '—'}"
    return subject.label if subject is not None else None


def short(text: str) -> str:
    """The words, cut to what a fact shows of them."""
    return text.strip()[:60]
