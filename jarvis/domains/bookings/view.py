"""Text about bookings: one booking, lists, overlaps, debts, history."""

from __future__ import annotations

from datetime import timedelta
from html import escape

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
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Button, Reader, Rendered, limit, listed, shows, source


@shows(BookingFact)
def booking(fact: BookingFact, reader: Reader) -> Rendered:
    b = fact.booking
    none = reader.say("place.none")
    lines = [f"📅 <b>{reader.say('booking', num=b.shown)}</b> · {reader.say(f'status.{b.status}')}"]
    lines.append(
        f"🚗 {escape(b.car_label or '—')} · <code>{show_plate(b.plate_key)}</code> · "
        f"{reader.branch(b.branch)}"
    )
    lines.append(f"👤 {client_short(b)}")
    lines.append(reader.say("pickup", t=reader.at(b.start), place=escape(b.place_start or none)))
    lines.append(reader.say("return", t=reader.at(b.end), place=escape(b.place_end or none)))
    sums = [reader.say("total", total=reader.money(b.total))] if b.total is not None else []
    sums += [reader.say(f"owed.{o.kind}", x=reader.money(o.amount)) for o in fact.owed]
    if sums:
        lines.append(", ".join(sums))
    if b.deposit is not None:
        lines.append(reader.say("deposit", x=reader.money(b.deposit)))
    if b.responsible:
        lines.append(reader.say("responsible", who=escape(b.responsible)))
    lines.append(source(fact.fresh, reader))
    where = reader.branch(b.branch)
    row = [
        Button(
            label=reader.say("b.history"),
            payload=Ask(request=reader.say("ask.history", num=b.shown, branch=where)),
        )
    ]
    if b.car_label:
        row.insert(
            0,
            Button(
                label=reader.say("b.car"), payload=Ask(request=reader.say("ask.car", car=b.handle))
            ),
        )
    return Rendered(text="\n".join(lines), buttons=[row] if b.number is not None else [])


@shows(BookingListFact)
def booking_list(fact: BookingListFact, reader: Reader) -> Rendered:
    subject = escape(fact.subject) if fact.subject else _where(fact.branch, reader)
    when = (
        f", {reader.span(fact.start, fact.end)}"
        if fact.kind in ("pickups", "returns", "found") and fact.start
        else ""
    )
    rows = [
        f"{number}. {_booking_row(fact, item, reader)}"
        for number, item in enumerate(fact.bookings, 1)
    ]
    head = (
        reader.say(f"list.{fact.kind}", n=len(rows))
        if rows
        else reader.say(f"list.none.{fact.kind}")
    )
    return listed(f"{head} · {subject}{when}", rows, fact.fresh, reader)


def _where(branch: str | None, reader: Reader) -> str:
    return (
        reader.branch(branch)
        if branch
        else reader.say("my_branches" if reader.actor.branches else "all_branches")
    )


def _booking_row(fact: BookingListFact, booking: Booking, reader: Reader) -> str:
    head = (
        f"{number_of(booking, reader)} · {escape(booking.car_label or '—')} · "
        f"{client_short(booking)}"
    )
    if fact.kind == "pickups":
        return (
            f"{reader.brief(booking.start)} · {head}, "
            f"{escape(booking.place_start or reader.say('place.none'))}"
        )
    if fact.kind in ("returns", "overdue"):
        return (
            f"{reader.brief(booking.end)} · {head}, "
            f"{escape(booking.place_end or reader.say('place.none'))}"
        )
    return (
        f"{head}: {reader.span(booking.start, booking.end)} · "
        f"{reader.say(f'status.{booking.status}')}"
    )


@shows(ConflictFact)
def conflicts(fact: ConflictFact, reader: Reader) -> Rendered:
    rows = [
        f"⚠️ {escape(first.car_label or '—')}: {number_of(first, reader)} "
        f"{reader.brief(first.end)} → "
        f"{number_of(second, reader)} {reader.brief(second.start)}, {reader.say(item.kind)}"
        for item, first, second in fact.pairs
    ]
    head = reader.say("conflicts", n=len(rows)) if rows else reader.say("conflicts.none")
    return listed(
        f"{head} · {_where(fact.branch, reader)}, {reader.span(fact.start, fact.end)}",
        rows,
        fact.fresh,
        reader,
    )


@shows(DebtFact)
def debts(fact: DebtFact, reader: Reader) -> Rendered:
    where = ", ".join(reader.branch(code) for code, _ in fact.branches)
    subject = escape(fact.subject) if fact.subject else where
    silent = [
        fresh
        for _, fresh in fact.branches
        if fresh.failing_since is not None or fresh.limited is not None
    ]
    if silent:
        return _debts_unchecked(fact, silent, reader)
    rows = [f"{number}. {_owed(owed, reader)}" for number, owed in enumerate(fact.debts, 1)]
    head = (
        reader.say("debts", total=sums(fact.debts, reader), n=len(rows))
        if rows
        else reader.say("debts.none")
    )
    extra = (
        [reader.say("debts.due", due=sums(fact.due, reader), m=len(fact.due))] if fact.due else []
    )
    oldest = min((fresh for _, fresh in fact.branches), key=lambda x: x.as_of or reader.now)
    return listed(f"{head} · {subject}", rows, oldest, reader, extra=extra)


def _debts_unchecked(fact: DebtFact, silent: list[Freshness], reader: Reader) -> Rendered:
    since = [fresh.failing_since for fresh in silent if fresh.failing_since is not None]
    limits = [fresh.limited for fresh in silent if fresh.limited is not None]
    if limits:
        lines = [limit(max(limits, key=lambda limited: limited.until), reader, "debts.limited")]
    else:
        lines = [reader.say("debts.unchecked", t=times.clock(min(since)))]
    known = [fresh.as_of for fresh in silent if fresh.as_of is not None]
    if known:
        total = sums(fact.debts, reader) if fact.debts else reader.money(Money(0))
        lines.append(reader.say("debts.last", age=reader.age(min(known)), total=total))
    else:
        lines.append(reader.say("debts.never"))
    return Rendered(text="\n".join(lines))


def _owed(owed: Owed, reader: Reader) -> str:
    booking = owed.booking
    parts = (
        [client_short(booking), escape(booking.car_label or "—")] if booking is not None else ["—"]
    )
    parts.append(reader.money(owed.amount))
    if owed.since is not None and owed.since < reader.now:
        parts.append(
            reader.say("debts.days", n=max(0, (reader.now - owed.since) // timedelta(days=1)))
        )
    return " · ".join(parts)


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
        return Rendered(
            text="\n".join([limit(fact.fresh.limited, reader, "history.limited"), *ours])
        )
    if fact.unread_since is not None:
        return Rendered(text="\n".join([reader.say("history.unread", num=number), *ours]))
    rows = [_change(line, reader) for line in reversed(fact.lines)]
    extra = ([] if rows else [reader.say("history.none")]) + ours
    head = f"{reader.say('history', num=number)} · {escape(fact.booking.car_label or '—')}"
    return listed(head, rows, fact.fresh, reader, extra=extra)


def _written(entry: Written, reader: Reader) -> str:
    what = reader.say(f"write.{entry.title}") if entry.title is not None else entry.kind
    outcome = entry.outcome.removeprefix("resolved: ")
    return (
        f"• {reader.brief(entry.at)} · {escape(entry.who or '—')} · {what} · "
        f"{reader.say(f'written.{outcome}')}"
    )


def _change(line: HistoryLine, reader: Reader) -> str:
    known = f"field.{line.what}" in keys()
    what = reader.say(f"field.{line.what}") if known else escape(line.what or "—")
    change = ""
    if line.old is not None and line.new is not None:
        change = f": {_value(line.old, reader)} → {_value(line.new, reader)}"
    return f"• {reader.brief(line.at)} · {escape(line.who or '—')} · {what}{change}"


def _value(text: str, reader: Reader) -> str:
    """A time in RentProg's spelling as other times are shown; anything else unchanged."""
    try:
        return reader.brief(parse_moment(text))
    except ContractBroken:
        return escape(text)
