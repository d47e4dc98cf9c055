"""Cars: which one is meant, what is known of it, which are free."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, cast
from uuid import UUID

from pydantic_ai import RunContext

from jarvis.domains.bookings.facts import CarFact, CarFreeFact, FreeFact
from jarvis.domains.bookings.service import now_and_next
from jarvis.domains.fleet.facts import CarListFact
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import CAN_BE_ISSUED, Car
from jarvis.engine.freshness import Freshness
from jarvis.kit.clock import TBILISI
from jarvis.kit.errors import InvalidRequest
from jarvis.messaging.facts import ChoiceFact, Option
from tools.arguments import Moment, Name, Said, again
from tools.deps import Deps
from tools.toolset import new_toolset, not_found

Branch = Literal["tbilisi", "batumi", "kutaisi", "service-center"]
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


async def resolve_car(ctx: RunContext[Deps], said: str) -> Car | str:
    """The one car that a phrase names, or the text that tells the model why there is none."""
    deps = ctx.deps
    found = await deps.fleet.find(said)
    if len(found.cars) == 1:
        return await deps.fleet.get(found.cars[0])
    if found.cars:
        options = [await _option(deps, car_id, said) for car_id in found.cars[:6]]
        key = deps.run.facts.add(ChoiceFact(kind="car", said=_short(said), options=tuple(options)))
        return f"[{key}] {len(found.cars)} cars answer to {said!r}: ask which one, with this fact."
    near = [await _option(deps, car_id, said) for car_id in found.near]
    key = await not_found(deps, "car", _short(said), near)
    return f"[{key}] No car answers to {said!r}."


async def _option(deps: Deps, car_id: UUID, said: str) -> Option:
    car = await deps.fleet.get(car_id)
    plate = show_plate(car.plate_key)
    return Option(
        label=car.label,
        request=again(deps.run.request, plate),
        plate=plate,
        branch=car.branch,
        state=car.state,
    )


@fleet.tool
async def find_car(ctx: RunContext[Deps], name: Said) -> str:
    """Which cars answer to a name, with branch and state, from our own copy. Use it for "which
    Sonatas do we have".

    Args:
        name: What was said: a plate, a model, digits, e.g. `приусы`, `TT-235-TT`.
    """
    deps = ctx.deps
    found = await deps.fleet.find(name)
    if not found.cars:
        near = [await _option(deps, car_id, name) for car_id in found.near]
        key = await not_found(deps, "car", _short(name), near)
        return f"[{key}] No car answers to {name!r}."
    cars = tuple([await deps.fleet.get(car_id) for car_id in found.cars])
    oldest = await deps.bookings.freshness(min(car.source_at for car in cars))
    key = deps.run.facts.add(CarListFact(cars=cars, branch=None, states=(), fresh=oldest))
    return (
        f"[{key}] {len(cars)} cars answer to {name!r}: "
        f"{', '.join(car.handle for car in cars[:10])}."
    )


@fleet.tool
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
    limited = await deps.bookings.refresh_car(car.id)
    car = await deps.fleet.get(car.id)
    current, following = now_and_next(await deps.bookings.of_car(car.id, since=deps.now), deps.now)
    owed = (
        await deps.bookings.owed_of(current.id)
        if current and deps.may("list_debts", car.branch)
        else []
    )
    fresh = await deps.bookings.freshness(car.source_at, limited)
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


@fleet.tool
async def list_cars(
    ctx: RunContext[Deps], branch: BranchOrAll | None = None, state: State | None = None
) -> str:
    """Cars of a branch or of all branches, by state: what is under repair, what stands in the
    service centre.

    Args:
        branch: Branch code, e.g. `batumi`, or `all`; the person's own branch when none was said.
        state: Only cars in this state, e.g. `repair`.
    """
    deps = ctx.deps
    branch, assumed = _branch(deps, branch)
    states = [STATES[state]] if state is not None else None
    if state == "repair":
        states = [STATES["repair"], STATES["critical"]]
    cars = await deps.fleet.cars(branch=branch, states=states)
    fresh = await deps.bookings.freshness()
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


@fleet.tool
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
        start: Local wall time in Tbilisi, e.g. `2026-03-14T10:00`.
        end: Local wall time in Tbilisi, after the start.
        branch: Branch code, or `all`; the person's own branch when none was said.
        car: Only this car, as it was said, e.g. `джимни 077`.
        kind: Gearbox or class as RentProg names it, e.g. `Автомат`, `Внедорожник`.
    """
    deps = ctx.deps
    begin, until = _utc(start), _utc(end)
    if until <= begin:
        raise InvalidRequest("the end must be after the start")
    if until - begin > timedelta(days=366):
        raise InvalidRequest("ask for at most a year")
    fresh = await deps.bookings.freshness()
    if car is not None:
        found = await resolve_car(ctx, car)
        return found if isinstance(found, str) else await _one_car(ctx, found, begin, until, fresh)
    branch, assumed = _branch(deps, branch)
    filters = (kind,) if kind else ()
    gear, size = (kind, None) if kind and kind[:4].casefold() in ("авто", "меха") else (None, kind)
    cars = await deps.bookings.free_cars(
        begin, until, branch=branch, transmission=gear, car_class=size
    )
    elsewhere: list[tuple[str, int]] = []
    if not cars and branch is not None:
        for other in await deps.staff.branches():
            if other.rents and other.code != branch:
                count = len(
                    await deps.bookings.free_cars(
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
            buffer=deps.bookings.preparation,
            fresh=fresh,
            assumed=assumed,
        )
    )
    return f"[{key}] {len(cars)} cars are free."


async def _one_car(
    ctx: RunContext[Deps], car: Car, begin: datetime, until: datetime, fresh: Freshness
) -> str:
    deps = ctx.deps
    limited = await deps.bookings.refresh_car(car.id)
    car = await deps.fleet.get(car.id)
    fit = await deps.bookings.fit_of(car.id, begin, until)
    blocking = None if fit.blocked_by is None else await deps.bookings.get(fit.blocked_by)
    key = deps.run.facts.add(
        CarFreeFact(
            car=car,
            start=begin,
            end=until,
            fit=fit,
            issuable=car.active and car.state == CAN_BE_ISSUED,
            blocking=blocking,
            fresh=await deps.bookings.freshness(car.source_at, limited),
        )
    )
    return f"[{key}] {car.label} is {'free' if fit.free else 'taken'}, state {car.state}."


def _branch(deps: Deps, said: BranchOrAll | None) -> tuple[Branch | None, bool]:
    """The branch to look into (None: all), and whether it was assumed since none was said."""
    if said == "all":
        return None, False
    if said is not None or not deps.actor.branches:
        return said, False
    return cast("Branch | None", deps.actor.home_branch), deps.actor.home_branch is not None


def _utc(moment: datetime) -> datetime:
    """A wall time as Tbilisi's; an aware one as it is."""
    return moment.replace(tzinfo=TBILISI) if moment.tzinfo is None else moment


def _short(text: str) -> str:
    return text.strip()[:60]
