"""Cars: finding one, its card, lists, availability, changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic_ai import RunContext

from jarvis.domains.bookings.changes import Changes
from jarvis.domains.bookings.facts import CarFact, CarFreeFact, FreeFact
from jarvis.domains.bookings.free_cars import Availability
from jarvis.domains.bookings.models import now_and_next
from jarvis.domains.bookings.receivables import Receivables
from jarvis.domains.bookings.refreshing import BookingRefresh
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.fleet.facts import CarListFact
from jarvis.domains.fleet.service import CAN_BE_ISSUED, Car, FleetService
from jarvis.domains.staff.service import StaffService
from jarvis.engine.freshness import Freshness
from jarvis.kit.actor import Role
from jarvis.kit.errors import InvalidRequest
from jarvis.kit.roles import ACTORS, EVERYBODY, HEADS
from tools.arguments import Branch, Moment, Name, Said, aware
from tools.decorators import Planned, new_toolset, read, write
from tools.deps import Deps
from tools.resolve import car_option, not_found, resolve_car, short

BranchOrAll = Branch | Literal["all"]
State = Literal[
    "can_be_issued", "repair", "critical", "long_term", "not_for_issue", "needs_service"
]
STATES: dict[State, int] = {
    "can_be_issued": 1,
    "repair": 2,
    "critical": 3,
    "long_term": 4,
    "not_for_issue": 5,
    "needs_service": 6,
}

fleet = new_toolset("fleet")


@read(fleet, roles=EVERYBODY, scope="company", untrusted=False)
async def find_car(ctx: RunContext[Deps], name: Said) -> str:
    """Which cars answer to a name, with branch and state, from our own copy. Use it for "which
    Sonatas do we have".

    Args:
        name: What was said: a plate, a model, digits, e.g. `приусы`, `TT-235-TT`.
    """
    deps = ctx.deps
    fleet_service = deps.get(FleetService)
    found = await fleet_service.find(name)
    if not found.cars:
        near = [await car_option(deps, car_id) for car_id in found.near]
        key = await not_found(deps, "car", short(name), near)
        return f"[{key}] No car answers to {name!r}."
    cars = tuple([await fleet_service.get(car_id) for car_id in found.cars])
    oldest = await deps.get(BookingService).freshness(min(car.source_at for car in cars))
    key = deps.run.facts.add(CarListFact(cars=cars, branch=None, states=(), fresh=oldest))
    return (
        f"[{key}] {len(cars)} cars answer to {name!r}: "
        f"{', '.join(car.handle for car in cars[:10])}."
    )


@read(fleet, roles=EVERYBODY, scope="company", untrusted=False)
async def car_card(ctx: RunContext[Deps], name: Said) -> str:
    """Everything known of one car: branch, state, who has it, next booking, debt, mileage. Answers
    "where is", "who has".

    Args:
        name: What was said of the car, e.g. `малибу 235`, `где рав 118`.
    """
    car = await resolve_car(ctx, name)
    if isinstance(car, str):
        return car
    deps = ctx.deps
    booking_service = deps.get(BookingService)
    limited = await deps.get(BookingRefresh).car(car.id)
    car = await deps.get(FleetService).get(car.id)
    current, following = now_and_next(
        await booking_service.of_car(car.id, since=deps.now), deps.now
    )
    owed = (
        await deps.get(Receivables).of_booking(current.id)
        if current and deps.may("list_debts", car.branch)
        else []
    )
    fresh = await booking_service.freshness(car.source_at, limited)
    key = deps.run.facts.add(
        CarFact(
            car=car,
            current=current,
            following=following,
            debt=tuple(o for o in owed if o.kind == "debt"),
            fresh=fresh,
            bookings_shown=deps.may("booking_card", None),
            client_shown=deps.may("booking_card", car.branch),
        )
    )
    holder = (
        f"in rent until {current.end}" if current and current.status == "in_rent" else "not in rent"
    )
    return f"[{key}] {car.label}, branch {car.branch}, state {car.state}, {holder}."


@read(fleet, roles=EVERYBODY, scope="company", untrusted=False)
async def list_cars(
    ctx: RunContext[Deps], branch: BranchOrAll | None = None, state: State | None = None
) -> str:
    """Cars of a branch or of all branches, by state: what is under repair, what stands in the
    service centre.

    Args:
        branch: Code of a branch, or `all` when all are meant; the person's own branch when none was
            said.
        state: Only cars in this state: `can_be_issued`, `repair` (with those in a critical state),
            `critical`, `long_term` (rented out for long), `not_for_issue`, `needs_service`.
    """
    deps = ctx.deps
    branch, assumed = _branch(deps, branch)
    states = [STATES[state]] if state is not None else None
    if state == "repair":
        states = [STATES["repair"], STATES["critical"]]
    cars = await deps.get(FleetService).cars(branch=branch, states=states)
    fresh = await deps.get(BookingService).freshness()
    key = deps.run.facts.add(
        CarListFact(
            cars=tuple(cars),
            branch=branch,
            states=tuple(states or ()),
            fresh=fresh,
            assumed=assumed,
        )
    )
    return f"[{key}] {len(cars)} cars."


@read(fleet, roles=EVERYBODY, scope="company", untrusted=False)
async def check_availability(
    ctx: RunContext[Deps],
    start: Moment,
    end: Moment,
    branch: BranchOrAll | None = None,
    car: Said | None = None,
    kind: Name | None = None,
) -> str:
    """Which cars are free for a period, or whether one car is. The preparation time of 2 h is kept.

    Args:
        start: Tbilisi wall time without offset, e.g. `2026-03-14T10:00`.
        end: Tbilisi wall time, after the start and within a year of it, e.g. `2026-03-16T20:00`.
        branch: Code of a branch, or `all` when all are meant; the person's own branch when none was
            said.
        car: Only this car, as it was said, e.g. `джимни 077`.
        kind: One gearbox (`Автомат`, `Механика`) or one class (`Эконом`, `Внедорожник`, `Минивэн`),
            in Russian as RentProg names it.
    """
    deps = ctx.deps
    booking_service = deps.get(BookingService)
    begin, until = aware(start), aware(end)
    if until <= begin:
        raise InvalidRequest("the end must be after the start")
    if until - begin > timedelta(days=366):
        raise InvalidRequest("ask for at most a year")
    fresh = await booking_service.freshness()
    if car is not None:
        found = await resolve_car(ctx, car)
        return found if isinstance(found, str) else await _one_car(ctx, found, begin, until, fresh)
    branch, assumed = _branch(deps, branch)
    filters = (kind,) if kind else ()
    availability = deps.get(Availability)
    gear, size = (kind, None) if kind and kind[:4].casefold() in ("авто", "меха") else (None, kind)
    cars = await availability.free_cars(
        begin, until, branch=branch, transmission=gear, car_class=size
    )
    elsewhere: list[tuple[str, int]] = []
    if not cars and branch is not None:
        for other in await deps.get(StaffService).branches():
            if other.rents and other.code != branch:
                count = len(
                    await availability.free_cars(
                        begin, until, branch=other.code, transmission=gear, car_class=size
                    )
                )
                elsewhere.append((other.code, count))
    key = deps.run.facts.add(
        FreeFact(
            cars=tuple(cars),
            branch=branch,
            start=begin,
            end=until,
            filters=filters,
            elsewhere=tuple(elsewhere),
            buffer=availability.preparation,
            fresh=fresh,
            assumed=assumed,
        )
    )
    return f"[{key}] {len(cars)} cars are free."


@write(fleet, effect_class="A", roles=ACTORS | {Role.MECHANIC}, approvers=HEADS, scope="branch")
async def move_car(ctx: RunContext[Deps], car: Said, branch: Branch) -> Planned:
    """A car goes to another branch and belongs to it from then on. Nothing happens before a person
    approves the card that follows.

    Args:
        car: The car as it was said, e.g. `приус 417`.
        branch: Code of the branch that it goes to, not of the one that it stands in.
    """
    found = await resolve_car(ctx, car)
    if isinstance(found, str):
        return found
    ctx.deps.scope(found.branch)
    return [await ctx.deps.get(Changes).move(found.id, branch)]


@write(fleet, effect_class="A", roles=ACTORS | {Role.MECHANIC}, approvers=HEADS, scope="branch")
async def set_car_state(ctx: RunContext[Deps], car: Said, state: State) -> Planned:
    """Another state of a car. Nothing happens before a person approves the card that follows.

    Args:
        car: The car as it was said, e.g. `приус 417`.
        state: The new state: `can_be_issued`, `repair`, `critical`, `long_term`
            (rented out for long), `not_for_issue`, `needs_service`.
    """
    found = await resolve_car(ctx, car)
    if isinstance(found, str):
        return found
    ctx.deps.scope(found.branch)
    return [await ctx.deps.get(Changes).set_state(found.id, STATES[state])]


async def _one_car(
    ctx: RunContext[Deps], car: Car, begin: datetime, until: datetime, fresh: Freshness
) -> str:
    deps = ctx.deps
    booking_service = deps.get(BookingService)
    limited = await deps.get(BookingRefresh).car(car.id)
    car = await deps.get(FleetService).get(car.id)
    fit = await deps.get(Availability).fit_of(car.id, begin, until)
    blocking = None if fit.blocked_by is None else await booking_service.get(fit.blocked_by)
    key = deps.run.facts.add(
        CarFreeFact(
            car=car,
            start=begin,
            end=until,
            fit=fit,
            issuable=car.active and car.state == CAN_BE_ISSUED,
            blocking=blocking,
            fresh=await booking_service.freshness(car.source_at, limited),
        )
    )
    return f"[{key}] {car.label} is {'free' if fit.free else 'taken'}, state {car.state}."


def _branch(deps: Deps, said: BranchOrAll | None) -> tuple[Branch | None, bool]:
    """The branch to look into (None: all), and whether it was assumed since none was named."""
    if said == "all":
        return None, False
    if said is not None or not deps.actor.branches:
        return said, False
    return deps.actor.home_branch, deps.actor.home_branch is not None
