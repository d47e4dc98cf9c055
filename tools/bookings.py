"""Bookings: one of them, lists of a day, collisions, debts, who changed what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic_ai import RunContext

from jarvis.domains.bookings.facts import (
    BookingFact,
    BookingListFact,
    ConflictFact,
    DebtFact,
    HistoryFact,
)
from jarvis.domains.bookings.service import Booking, Owed
from jarvis.engine.freshness import Limited
from jarvis.kit.clock import TBILISI, day_bounds, local_date
from jarvis.kit.errors import IntegrationError, InvalidRequest, LimitReached, NotPermitted
from jarvis.messaging.facts import ChoiceFact, Option
from tools.arguments import Moment, Number, Said, again
from tools.deps import Deps
from tools.fleet import Branch, resolve_car
from tools.toolset import new_toolset, not_found

bookings = new_toolset("bookings")
Listing = Literal["pickups", "returns", "overdue", "car"]


async def resolve_booking(ctx: RunContext[Deps], number: int, branch: str | None) -> Booking | str:
    """The one booking of that number in this person's scope, or the text that says why there is
    none."""
    deps = ctx.deps
    rows = [b for b in await deps.bookings.by_number(number) if branch in (None, b.branch)]
    mine = [b for b in rows if deps.actor.may_see(b.branch)]
    if not mine and rows:
        raise NotPermitted(f"booking {number} belongs to branch {rows[0].branch}")
    if len(mine) == 1:
        return mine[0]
    if not mine:
        others = await deps.bookings.by_number(number)
        near = tuple(_option(b, deps.run.request) for b in others if deps.actor.may_see(b.branch))
        key = await not_found(deps, "booking", str(number), near)
        return f"[{key}] There is no booking {number}."
    options = tuple(_option(b, deps.run.request) for b in mine)
    key = deps.run.facts.add(ChoiceFact(kind="booking", said=f"№{number}", options=options))
    return f"[{key}] Several branches have a booking {number}: ask which one, with this fact."


def _option(booking: Booking, request: str) -> Option:
    label = f"№{booking.number} · {booking.car_label or '?'}"
    return Option(label=label, request=again(request, str(booking.branch)), branch=booking.branch)


@bookings.tool
async def find_booking(
    ctx: RunContext[Deps],
    car: Said | None = None,
    client: Said | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
) -> str:
    """Bookings whose number is not known, past ones too: who had a car on a day, all bookings of a
    client.

    Args:
        car: The car as it was said, e.g. `приус 417`.
        client: The client's name or phone as it was said, e.g. `Рудин`.
        start: Local wall time of the period's start, e.g. `2026-03-11T00:00`; any time when absent.
        end: Local wall time of the period's end.
    """
    deps = ctx.deps
    if car is None and client is None:
        raise InvalidRequest("name a car or a client")
    cars = clients = subject = None
    if car is not None:
        found = await resolve_car(ctx, car)
        if isinstance(found, str):
            return found
        cars, subject = [found.id], found.label
    if client is not None:
        people = await deps.clients.find(client)
        if not people:
            key = await not_found(deps, "client", client)
            return f"[{key}] No client answers to {client!r}."
        clients, subject = [p.id for p in people], subject or people[0].short_name
    begin, until = _period(deps, start, end) if start is not None else (None, None)
    rows = await deps.bookings.search(
        cars=cars, clients=clients, since=begin, until=until, scope=deps.actor.branches
    )
    fresh = await deps.bookings.freshness()
    key = deps.run.facts.add(
        BookingListFact(
            kind="found",
            bookings=tuple(rows),
            branch=None,
            start=begin,
            end=until,
            subject=subject,
            fresh=fresh,
        )
    )
    return f"[{key}] {len(rows)} bookings."


@bookings.tool
async def booking_card(ctx: RunContext[Deps], number: Number, branch: Branch | None = None) -> str:
    """One booking: car, client, times, places, sums, what is owed and what is due at pick-up.

    Args:
        number: The number people use, e.g. `1234`.
        branch: Branch code when it was said.
    """
    found = await resolve_booking(ctx, number, branch)
    if isinstance(found, str):
        return found
    deps = ctx.deps
    limited = await deps.bookings.refresh_booking(found.id)
    booking = await deps.bookings.get(found.id)
    owed = (
        tuple(await deps.bookings.owed_of(booking.id))
        if deps.may("list_debts", booking.branch)
        else ()
    )
    fresh = await deps.bookings.freshness(booking.source_at, limited)
    key = deps.run.facts.add(BookingFact(booking=booking, owed=owed, fresh=fresh))
    return (
        f"[{key}] Booking {booking.number}: {booking.car_label}, {booking.status}, "
        f"{booking.start} to {booking.end}."
    )


@bookings.tool
async def list_bookings(
    ctx: RunContext[Deps],
    what: Listing,
    start: Moment | None = None,
    end: Moment | None = None,
    branch: Branch | None = None,
    car: Said | None = None,
) -> str:
    """Lists: pick-ups or returns of a period (today when absent), returns that are overdue, all
    bookings of a car.

    Args:
        what: `pickups`, `returns`, `overdue`, or `car` for one car's bookings.
        start: Local wall time of the period's start, e.g. `2026-03-12T00:00`.
        end: Local wall time of the period's end.
        branch: Branch code; the person's own branches when absent.
        car: The car as it was said, for `car`.
    """
    deps = ctx.deps
    scope = deps.scope(branch)
    begin, until = _period(deps, start, end)
    fresh = await deps.bookings.freshness()
    subject: str | None = None
    if what == "car" or car is not None:
        found = await resolve_car(ctx, car or deps.run.request)
        if isinstance(found, str):
            return found
        limited = await deps.bookings.refresh_car(found.id)
        rows = await deps.bookings.of_car(found.id, since=deps.now)
        rows = [b for b in rows if deps.actor.may_see(b.branch)]
        fresh = await deps.bookings.freshness((await deps.fleet.get(found.id)).source_at, limited)
        subject, what = found.label, "car"
    elif what == "pickups":
        rows = await deps.bookings.pickups(begin, until, branch, scope)
    elif what == "returns":
        rows = await deps.bookings.returns(begin, until, branch, scope)
    else:
        rows = await deps.bookings.overdue(branch, scope)
    key = deps.run.facts.add(
        BookingListFact(
            kind=what,
            bookings=tuple(rows),
            branch=branch,
            start=begin,
            end=until,
            subject=subject,
            fresh=fresh,
        )
    )
    return f"[{key}] {len(rows)} bookings."


@bookings.tool
async def check_conflicts(
    ctx: RunContext[Deps],
    start: Moment | None = None,
    end: Moment | None = None,
    branch: Branch | None = None,
    car: Said | None = None,
) -> str:
    """Bookings of one car that overlap, or leave less than 2 h between them.

    Args:
        start: Local wall time; now when absent.
        end: Local wall time; 30 days on when absent.
        branch: Branch code; the person's own branches when absent.
        car: Only this car, as it was said.
    """
    deps = ctx.deps
    scope = deps.scope(branch)
    begin = _utc(start) if start else deps.now
    until = _utc(end) if end else deps.now + timedelta(days=30)
    car_id = None
    if car is not None:
        found = await resolve_car(ctx, car)
        if isinstance(found, str):
            return found
        car_id = found.id
    pairs = await deps.bookings.collisions(begin, until, branch=branch, scope=scope, car_id=car_id)
    fresh = await deps.bookings.freshness()
    key = deps.run.facts.add(
        ConflictFact(pairs=tuple(pairs), branch=branch, start=begin, end=until, fresh=fresh)
    )
    return f"[{key}] {len(pairs)} conflicts."


@bookings.tool
async def list_debts(
    ctx: RunContext[Deps], branch: Branch | None = None, client: Said | None = None
) -> str:
    """Debts, and apart from them what is due at pick-up. Asks RentProg each time.

    Args:
        branch: Branch code; the person's own branches when absent.
        client: Only this client, by name, e.g. `Рудин`.
    """
    deps = ctx.deps
    scope = deps.scope(branch)
    codes = [
        b.code
        for b in await deps.staff.branches()
        if (branch in (None, b.code)) and (not scope or b.code in scope)
    ]
    ages = await deps.bookings.refresh_debts(codes)
    debts: list[Owed] = []
    due: list[Owed] = []
    for code in codes:
        debts += await deps.bookings.debts(code, kind="debt")
        due += await deps.bookings.debts(code, kind="due")
    subject = None
    if client is not None:
        people = await deps.clients.find(client)
        if not people:
            key = await not_found(deps, "client", client)
            return f"[{key}] No client answers to {client!r}."
        wanted = {p.id for p in people}
        subject = people[0].short_name
        debts = [o for o in debts if o.booking and o.booking.client_id in wanted]
        due = [o for o in due if o.booking and o.booking.client_id in wanted]
    debts.sort(key=lambda o: -o.amount.minor)
    key = deps.run.facts.add(
        DebtFact(debts=tuple(debts), due=tuple(due), subject=subject, branches=tuple(ages.items()))
    )
    return f"[{key}] {len(debts)} debts, {len(due)} amounts due at pick-up."


@bookings.tool
async def who_changed(ctx: RunContext[Deps], number: Number, branch: Branch | None = None) -> str:
    """Who changed a booking, what and when, from RentProg's own record and from Jarvis's audit.

    Args:
        number: The booking's number, e.g. `1234`.
        branch: Branch code when it was said.
    """
    found = await resolve_booking(ctx, number, branch)
    if isinstance(found, str):
        return found
    deps = ctx.deps
    since = None
    try:
        lines = tuple(await deps.bookings.history(found))
        fresh = await deps.bookings.freshness(deps.now)
    except LimitReached as error:
        lines = ()
        fresh = await deps.bookings.freshness(found.source_at, Limited.by(error, deps.now))
    except IntegrationError:
        lines, since = (), deps.now
        fresh = await deps.bookings.freshness(found.source_at)
    ours = tuple(await deps.bookings.through_jarvis(found))
    key = deps.run.facts.add(
        HistoryFact(booking=found, lines=lines, ours=ours, unread_since=since, fresh=fresh)
    )
    known = f"{len(lines)} changes" if since is None else "RentProg does not answer"
    if fresh.limited is not None:
        known = f"not read, RentProg's limit is used up until {fresh.limited.until:%H:%M} UTC"
    return f"[{key}] {known}; {len(ours)} writes through Jarvis."


def _period(deps: Deps, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    if start is None:
        return day_bounds(local_date(deps.now))
    begin = _utc(start)
    until = _utc(end) if end is not None else begin + timedelta(days=1)
    if until <= begin:
        raise InvalidRequest("the end must be after the start")
    return begin, until


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=TBILISI) if moment.tzinfo is None else moment
