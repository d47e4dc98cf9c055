"""Text about bookings: one booking, lists, overlaps, debts, history."""

from __future__ import annotations

from datetime import timedelta

from jarvis.domains.bookings.client_view import client_short, number_of
from jarvis.domains.bookings.facts import (
    BookingFact,
    BookingListFact,
    ConflictFact,
    DebtFact,
    HistoryFact,
)
from jarvis.domains.bookings.models import Booking, HistoryLine, Owed
from jarvis.domains.fleet.naming import show_plate
from jarvis.engine.audit import Written
from jarvis.engine.freshness import Freshness
from jarvis.integrations.rentprog.models import parse_moment
from jarvis.kit.errors import ContractBroken
from jarvis.kit.money import Money
from jarvis.messaging import times
from jarvis.messaging.catalogue import keys
from jarvis.messaging.markup import Markup, html, joined, lines
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Button, Reader, Rendered, limit, listed, shows, source


@shows(BookingFact)
def booking(fact: BookingFact, reader: Reader) -> Rendered:
    b = fact.booking
    none = reader.say("place.none")
    number, status = reader.say("booking", num=b.shown), reader.say(f"status.{b.status}")
    car, plate, where = b.car_label or "—", show_plate(b.plate_key), reader.branch(b.branch)
    rows = [
        html("📅 <b>{}</b> · {}", number, status),
        html("🚗 {} · <code>{}</code> · {}", car, plate, where),
        html("👤 {}", client_short(b)),
        reader.say("pickup", t=reader.at(b.start), place=b.place_start or none),
        reader.say("return", t=reader.at(b.end), place=b.place_end or none),
    ]
    sums = [reader.say("total", total=reader.money(b.total))] if b.total is not None else []
    sums += [reader.say(f"owed.{o.kind}", x=reader.money(o.amount)) for o in fact.owed]
    if sums:
        rows.append(joined(", ", sums))
    if b.deposit is not None:
        rows.append(reader.say("deposit", x=reader.money(b.deposit)))
    if b.responsible:
        rows.append(reader.say("responsible", who=b.responsible))
    rows.append(source(fact.fresh, reader))
    row = [
        Button(
            label=reader.label("b.history"),
            payload=Ask(request=reader.label("ask.history", num=b.shown, branch=where)),
        )
    ]
    if b.car_label:
        row.insert(
            0,
            Button(
                label=reader.label("b.car"),
                payload=Ask(request=reader.label("ask.car", car=b.handle)),
            ),
        )
    return Rendered(text=lines(rows), buttons=[row] if b.number is not None else [])


@shows(BookingListFact)
def booking_list(fact: BookingListFact, reader: Reader) -> Rendered:
    subject = fact.subject or _where(fact.branch, reader)
    when = (
        f", {reader.span(fact.start, fact.end)}"
        if fact.kind in ("pickups", "returns", "found") and fact.start
        else ""
    )
    rows = [
        html("{}. {}", number, _booking_row(fact, item, reader))
        for number, item in enumerate(fact.bookings, 1)
    ]
    head = (
        reader.say(f"list.{fact.kind}", n=len(rows))
        if rows
        else reader.say(f"list.none.{fact.kind}")
    )
    return listed(html("{} · {}{}", head, subject, when), rows, fact.fresh, reader)


def _where(branch: str | None, reader: Reader) -> str:
    return (
        reader.branch(branch)
        if branch
        else reader.label("my_branches" if reader.actor.branches else "all_branches")
    )


def _booking_row(fact: BookingListFact, booking: Booking, reader: Reader) -> Markup:
    number, car = number_of(booking, reader), booking.car_label or "—"
    head = html("{} · {} · {}", number, car, client_short(booking))
    none = reader.say("place.none")
    if fact.kind == "pickups":
        place = booking.place_start or none
        return html("{} · {}, {}", reader.brief(booking.start), head, place)
    if fact.kind in ("returns", "overdue"):
        place = booking.place_end or none
        return html("{} · {}, {}", reader.brief(booking.end), head, place)
    period = reader.span(booking.start, booking.end)
    return html("{}: {} · {}", head, period, reader.say(f"status.{booking.status}"))


@shows(ConflictFact)
def conflicts(fact: ConflictFact, reader: Reader) -> Rendered:
    rows = [
        html(
            "⚠️ {}: {} {} → {} {}, {}",
            first.car_label or "—",
            number_of(first, reader),
            reader.brief(first.end),
            number_of(second, reader),
            reader.brief(second.start),
            reader.say(item.kind),
        )
        for item, first, second in fact.pairs
    ]
    head = reader.say("conflicts", n=len(rows)) if rows else reader.say("conflicts.none")
    where, period = _where(fact.branch, reader), reader.span(fact.start, fact.end)
    return listed(html("{} · {}, {}", head, where, period), rows, fact.fresh, reader)


@shows(DebtFact)
def debts(fact: DebtFact, reader: Reader) -> Rendered:
    where = ", ".join(reader.branch(code) for code, _ in fact.branches)
    subject = fact.subject or where
    silent = [
        fresh
        for _, fresh in fact.branches
        if fresh.failing_since is not None or fresh.limited is not None
    ]
    if silent:
        return _debts_unchecked(fact, silent, reader)
    rows = [
        html("{}. {}", number, _owed(owed, reader)) for number, owed in enumerate(fact.debts, 1)
    ]
    head = (
        reader.say("debts", total=sums(fact.debts, reader), n=len(rows))
        if rows
        else reader.say("debts.none")
    )
    extra = (
        [reader.say("debts.due", due=sums(fact.due, reader), m=len(fact.due))] if fact.due else []
    )
    oldest = min((fresh for _, fresh in fact.branches), key=lambda x: x.as_of or reader.now)
    return listed(html("{} · {}", head, subject), rows, oldest, reader, extra=extra)


def _debts_unchecked(fact: DebtFact, silent: list[Freshness], reader: Reader) -> Rendered:
    since = [fresh.failing_since for fresh in silent if fresh.failing_since is not None]
    limits = [fresh.limited for fresh in silent if fresh.limited is not None]
    if limits:
        rows = [limit(max(limits, key=lambda limited: limited.until), reader, "debts.limited")]
    else:
        rows = [reader.say("debts.unchecked", t=times.clock(min(since)))]
    known = [fresh.as_of for fresh in silent if fresh.as_of is not None]
    if known:
        total = sums(fact.debts, reader) if fact.debts else reader.money(Money(0))
        rows.append(reader.say("debts.last", age=reader.age(min(known)), total=total))
    else:
        rows.append(reader.say("debts.never"))
    return Rendered(text=lines(rows))


def _owed(owed: Owed, reader: Reader) -> Markup:
    booking = owed.booking
    parts = [client_short(booking), booking.car_label or "—"] if booking is not None else ["—"]
    parts.append(reader.money(owed.amount))
    if owed.since is not None and owed.since < reader.now:
        parts.append(
            reader.say("debts.days", n=max(0, (reader.now - owed.since) // timedelta(days=1)))
        )
    return joined(" · ", parts)


def sums(rows: tuple[Owed, ...], reader: Reader) -> str:
    """Totals by currency; different ones are never added."""
    totals: dict[str, Money] = {}
    for row in rows:
        known = totals.get(row.amount.currency)
        totals[row.amount.currency] = row.amount if known is None else known + row.amount
    return " + ".join(reader.money(total) for total in totals.values())


@shows(HistoryFact)
def history(fact: HistoryFact, reader: Reader) -> Rendered:
    number = fact.booking.shown
    ours = [_written(entry, reader) for entry in reversed(fact.ours)]
    if ours:
        ours.insert(0, reader.say("history.ours"))
    if fact.fresh.limited is not None:
        return Rendered(text=lines([limit(fact.fresh.limited, reader, "history.limited"), *ours]))
    if fact.unread_since is not None:
        return Rendered(text=lines([reader.say("history.unread", num=number), *ours]))
    rows = [_change(line, reader) for line in reversed(fact.lines)]
    extra = ([] if rows else [reader.say("history.none")]) + ours
    head = html("{} · {}", reader.say("history", num=number), fact.booking.car_label or "—")
    return listed(head, rows, fact.fresh, reader, extra=extra)


def _written(entry: Written, reader: Reader) -> Markup:
    what = reader.say(f"write.{entry.title}") if entry.title is not None else entry.kind
    outcome = reader.say(f"written.{entry.outcome.removeprefix('resolved: ')}")
    return html("• {} · {} · {} · {}", reader.brief(entry.at), entry.who or "—", what, outcome)


def _change(line: HistoryLine, reader: Reader) -> Markup:
    known = f"field.{line.what}" in keys()
    what = reader.say(f"field.{line.what}") if known else line.what or "—"
    change = ""
    if line.old is not None and line.new is not None:
        change = f": {_value(line.old, reader)} → {_value(line.new, reader)}"
    return html("• {} · {} · {}{}", reader.brief(line.at), line.who or "—", what, change)


def _value(text: str, reader: Reader) -> str:
    """A time in RentProg's spelling as other times are shown; anything else unchanged."""
    try:
        return reader.brief(parse_moment(text))
    except ContractBroken:
        return text
