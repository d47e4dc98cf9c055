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
from jarvis.domains.bookings.free_cars import Availability
from jarvis.domains.bookings.history import BookingHistory
from jarvis.domains.bookings.models import Owed
from jarvis.domains.bookings.receivables import Receivables
from jarvis.domains.bookings.refreshing import BookingRefresh
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.clients.service import ClientService
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.staff.service import StaffService
from jarvis.engine.freshness import Limited
from jarvis.kit.clock import day_bounds, local_date
from jarvis.kit.errors import IntegrationError, InvalidRequest, LimitReached
from jarvis.kit.roles import BRANCH_STAFF, MONEY, OPERATIONS
from tools.arguments import Branch, Moment, Number, Said, aware
from tools.decorators import new_toolset, read
from tools.deps import Deps
from tools.resolve import not_found, resolve_booking, resolve_car

bookings = new_toolset("bookings")
Listing = Literal["pickups", "returns", "overdue", "car"]


@read(bookings, roles=BRANCH_STAFF, scope="branch", untrusted=False)
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
        car: The car as it was said, e.g. `приус 417`; this or `client` is needed.
        client: The client's name or phone as it was said, e.g. `Рудин`.
        start: Start of the period, Tbilisi wall time without offset, e.g. `2026-03-11T00:00`; any
            time when absent.
        end: End of the period, e.g. `2026-03-12T00:00`; a day after `start` when absent, of no use
            without it.
    """
    deps = ctx.deps
    booking_service = deps.get(BookingService)
    if car is None and client is None:
        raise InvalidRequest("name a car or a client")
    cars = clients = subject = None
    if car is not None:
        found = await resolve_car(ctx, car)
        if isinstance(found, str):
            return found
        cars, subject = [found.id], found.label
    if client is not None:
        people = await deps.get(ClientService).find(client)
        if not people:
            key = await not_found(deps, "client", client)
            return f"[{key}] No client answers to {client!r}."
        clients, subject = [p.id for p in people], subject or people[0].short_name
    begin, until = _period(deps, start, end) if start is not None else (None, None)
    rows = await booking_service.search(
        cars=cars, clients=clients, since=begin, until=until, scope=deps.actor.branches
    )
    fresh = await booking_service.freshness()
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


@read(bookings, roles=BRANCH_STAFF, scope="branch", untrusted=False)
async def booking_card(ctx: RunContext[Deps], number: Number, branch: Branch | None = None) -> str:
    """One booking: car, client, times, places, sums, what is owed and what is due at pick-up.

    Args:
        number: The booking's number as people use it, e.g. `1234`.
        branch: Code of the branch, only when it was said: numbers repeat between branches.
    """
    found = await resolve_booking(ctx, number, branch)
    if isinstance(found, str):
        return found
    deps = ctx.deps
    booking_service = deps.get(BookingService)
    limited = await deps.get(BookingRefresh).booking(found.id)
    booking = await booking_service.get(found.id)
    owed = (
        tuple(await deps.get(Receivables).of_booking(booking.id))
        if deps.may("list_debts", booking.branch)
        else ()
    )
    fresh = await booking_service.freshness(booking.source_at, limited)
    key = deps.run.facts.add(BookingFact(booking=booking, owed=owed, fresh=fresh))
    return (
        f"[{key}] Booking {booking.number}: {booking.car_label}, {booking.status}, "
        f"{booking.start} to {booking.end}."
    )


@read(bookings, roles=BRANCH_STAFF, scope="branch", untrusted=False)
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
        what: `pickups` or `returns` of the period; `overdue`: cars that should be back by now,
            without a period; `car`: what one car has now and next.
        start: Start of the period, Tbilisi wall time without offset, e.g. `2026-03-12T00:00`; today
            when absent.
        end: End of the period, e.g. `2026-03-13T00:00`; a day after `start` when absent.
        branch: Code of a branch, only when one was said; the person's own branches when absent.
        car: The car as it was said, e.g. `приус 417`; needed for `car`, left out otherwise.
    """
    deps = ctx.deps
    booking_service = deps.get(BookingService)
    scope = deps.scope(branch)
    begin, until = _period(deps, start, end)
    fresh = await booking_service.freshness()
    subject: str | None = None
    if what == "car" or car is not None:
        found = await resolve_car(ctx, car or deps.run.request)
        if isinstance(found, str):
            return found
        limited = await deps.get(BookingRefresh).car(found.id)
        rows = await booking_service.of_car(found.id, since=deps.now)
        rows = [b for b in rows if deps.actor.may_see(b.branch)]
        fresh = await booking_service.freshness(
            (await deps.get(FleetService).get(found.id)).source_at, limited
        )
        subject, what = found.label, "car"
    elif what == "pickups":
        rows = await booking_service.pickups(begin, until, branch, scope)
    elif what == "returns":
        rows = await booking_service.returns(begin, until, branch, scope)
    else:
        rows = await booking_service.overdue(branch, scope)
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


@read(bookings, roles=OPERATIONS, scope="branch", untrusted=False)
async def check_conflicts(
    ctx: RunContext[Deps],
    start: Moment | None = None,
    end: Moment | None = None,
    branch: Branch | None = None,
    car: Said | None = None,
) -> str:
    """Bookings of one car that overlap, or leave less than 2 h between them.

    Args:
        start: Tbilisi wall time without offset, e.g. `2026-03-12T00:00`; now when absent.
        end: Tbilisi wall time; 30 days from now when absent.
        branch: Code of a branch, only when one was said; the person's own branches when absent.
        car: Only this car, as it was said, e.g. `приус 417`.
    """
    deps = ctx.deps
    booking_service = deps.get(BookingService)
    scope = deps.scope(branch)
    begin = aware(start) if start else deps.now
    until = aware(end) if end else deps.now + timedelta(days=30)
    car_id = None
    if car is not None:
        found = await resolve_car(ctx, car)
        if isinstance(found, str):
            return found
        car_id = found.id
    pairs = await deps.get(Availability).collisions(
        begin, until, branch=branch, scope=scope, car_id=car_id
    )
    fresh = await booking_service.freshness()
    key = deps.run.facts.add(
        ConflictFact(pairs=tuple(pairs), branch=branch, start=begin, end=until, fresh=fresh)
    )
    return f"[{key}] {len(pairs)} conflicts."


@read(bookings, roles=MONEY, scope="branch", untrusted=False)
async def list_debts(
    ctx: RunContext[Deps], branch: Branch | None = None, client: Said | None = None
) -> str:
    """Debts, and apart from them what is due at pick-up. Asks RentProg each time.

    Args:
        branch: Code of a branch, only when one was said; the person's own branches when absent.
        client: Only this client, by name, e.g. `Рудин`.
    """
    deps = ctx.deps
    scope = deps.scope(branch)
    codes = [
        b.code
        for b in await deps.get(StaffService).branches()
        if (branch in (None, b.code)) and (not scope or b.code in scope)
    ]
    ages = await deps.get(Receivables).refresh(codes)
    debts: list[Owed] = []
    due: list[Owed] = []
    for code in ages:
        debts += await deps.get(Receivables).of_branch(code, kind="debt")
        due += await deps.get(Receivables).of_branch(code, kind="due")
    subject = None
    if client is not None:
        people = await deps.get(ClientService).find(client)
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


@read(bookings, roles=OPERATIONS, scope="branch", untrusted=False)
async def who_changed(ctx: RunContext[Deps], number: Number, branch: Branch | None = None) -> str:
    """Who changed a booking, what and when, from RentProg's own record and from Jarvis's audit.

    Args:
        number: The booking's number, e.g. `1234`.
        branch: Code of the branch, only when it was said: numbers repeat between branches.
    """
    found = await resolve_booking(ctx, number, branch)
    if isinstance(found, str):
        return found
    deps = ctx.deps
    booking_service = deps.get(BookingService)
    since = None
    try:
        lines = tuple(await deps.get(BookingHistory).in_rentprog(found))
        fresh = await booking_service.freshness(deps.now)
    except LimitReached as error:
        lines = ()
        fresh = await booking_service.freshness(found.source_at, Limited.by(error, deps.now))
    except IntegrationError:
        lines, since = (), deps.now
        fresh = await booking_service.freshness(found.source_at)
    ours = tuple(await deps.get(BookingHistory).through_jarvis(found))
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
    begin = aware(start)
    until = aware(end) if end is not None else begin + timedelta(days=1)
    if until <= begin:
        raise InvalidRequest("the end must be after the start")
    return begin, until
