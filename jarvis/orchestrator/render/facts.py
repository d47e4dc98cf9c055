"""Each fact as Telegram's HTML in the reader's language, with its source and age at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import Any

from jarvis.domains.bookings.service import Booking, Owed
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car
from jarvis.domains.mirror import FRESH_FOR, Freshness
from jarvis.kit.actor import Actor
from jarvis.kit.money import Money
from jarvis.orchestrator.render import moments
from jarvis.orchestrator.render.words import keys, say
from tools import facts as f

LIST_MAX = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button whose press stands for a new request."""

    label: str
    request: str


@dataclass(slots=True, kw_only=True)
class Rendered:
    """HTML and the rows of buttons below it."""

    text: str
    buttons: list[list[Button]] = field(default_factory=list[list[Button]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """For whom, when, and in which language."""

    actor: Actor
    now: datetime
    language: str
    branches: Mapping[str, Mapping[str, str]]

    def branch(self, code: str | None) -> str:
        return self.branches.get(code or "", {}).get(self.language, code or "—")

    def say(self, key: str, **values: object) -> str:
        return say(key, self.language, **values)

    def at(self, moment: datetime | None) -> str:
        return moments.moment(moment, self.now, self.language)

    def brief(self, moment: datetime | None) -> str:
        return moments.short_moment(moment, self.now, self.language)

    def span(self, start: datetime | None, end: datetime | None) -> str:
        if start is None or end is None:
            return self.brief(None)
        return moments.period(start, end, self.now, self.language)

    def money(self, money: Money, *, exact: bool = False) -> str:
        return money.show(self.language, exact=exact)

    def age(self, moment: datetime | None) -> str:
        return moments.age(moment, self.now, self.language)


def render(fact: f.Fact, reader: Reader) -> Rendered:
    """One fact."""
    renderer = _RENDERERS[type(fact)]
    return renderer(fact, reader)


def source(fresh: Freshness, reader: Reader) -> str:
    """The last line: source and age; a sentence of its own when it is old or the source is silent."""
    line = f"<i>{fresh.source}, {reader.age(fresh.as_of)}</i>"
    if fresh.failing_since is not None:
        return f"{reader.say('silent', t=moments.clock(fresh.failing_since))}\n{line}"
    if fresh.as_of is None:
        return reader.say("never")
    if reader.now - fresh.as_of > FRESH_FOR:
        return f"{reader.say('stale', age=reader.age(fresh.as_of))}\n{line}"
    return line


def _car_head(car: Car, reader: Reader) -> str:
    return f"🚗 <b>{escape(car.label)}</b> · <code>{show_plate(car.plate_key)}</code> · {reader.branch(car.branch)}"


def _car_line(car: Car) -> str:
    return f"{escape(car.label)} · <code>{show_plate(car.plate_key)}</code>"


def _client(booking: Booking) -> str:
    initial = f" {booking.client_last[0]}." if booking.client_last else ""
    return escape(f"{booking.client_first or '—'}{initial}")


def _number(booking: Booking, reader: Reader) -> str:
    sign = "#" if reader.language == "en" else "№"
    return f"{sign}{booking.number if booking.number is not None else '—'}"


def _car(fact: f.CarFact, reader: Reader) -> Rendered:
    lines = [_car_head(fact.car, reader)]
    current = fact.current
    if current is not None and current.purpose == "repair":
        lines.append(reader.say("repair", end=reader.at(current.end)))
    elif current is not None and current.purpose == "staff_trip":
        lines.append(reader.say("staff_trip", end=reader.at(current.end)))
    elif current is not None and current.status == "in_rent":
        lines.append(reader.say("in_rent", end=reader.at(current.end)))
    else:
        lines.append(reader.say(f"state.{fact.car.state or 0}"))
    if current is not None and current.purpose == "rental":
        lines.append(f"📅 {_number(current, reader)}: {_client(current)}, {reader.span(current.start, current.end)}")
        if current.status == "in_rent" and current.end is not None and current.end < reader.now:
            lines.append(reader.say("late", end=reader.brief(current.end)))
        if fact.car.state not in (None, 1):
            lines.append(reader.say(f"state.{fact.car.state}"))
    if fact.following is not None:
        number = fact.following.number
        lines.append(reader.say("next", num=number if number is not None else "—", start=reader.brief(fact.following.start)))
    lines += [reader.say("debt", amount=reader.money(owed.amount)) for owed in fact.debt]
    km = fact.car.mileage_km
    tail = reader.say("mileage.none") if km is None else reader.say("mileage", km=f"{km:,}".replace(",", " "))
    lines.append(f"{tail} · {reader.say('dirty')}" if fact.car.clean is False else tail)
    lines.append(source(fact.fresh, reader))
    return Rendered(text="\n".join(lines))


def _car_list(fact: f.CarListFact, reader: Reader) -> Rendered:
    where = reader.branch(fact.branch) if fact.branch else reader.say("all_branches")
    if not fact.cars:
        return Rendered(text=f"{reader.say('cars.none')} · {where}\n{source(fact.fresh, reader)}")
    lines = [f"{reader.say('cars', n=len(fact.cars))} · {where}"]
    for car in fact.cars[:LIST_MAX]:
        place = "" if fact.branch else f" · {reader.branch(car.branch)}"
        lines.append(f"• {_car_line(car)}{place} · {reader.say(f'state.{car.state or 0}')}")
    return Rendered(text="\n".join([*lines, *_rest(len(fact.cars), reader), source(fact.fresh, reader)]))


def _booking(fact: f.BookingFact, reader: Reader) -> Rendered:
    b = fact.booking
    none = reader.say("place.none")
    lines = [f"📅 <b>{reader.say('booking', num=b.number if b.number is not None else '—')}</b> · {reader.say(f'status.{b.status}')}"]
    lines.append(f"🚗 {escape(b.car_label or '—')} · <code>{show_plate(b.plate_key)}</code> · {reader.branch(b.branch)}")
    lines.append(f"👤 {_client(b)}")
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
    return Rendered(text="\n".join(lines))


def _booking_list(fact: f.BookingListFact, reader: Reader) -> Rendered:
    where = reader.branch(fact.branch) if fact.branch else reader.say("my_branches" if reader.actor.branches else "all_branches")
    subject = escape(fact.subject) if fact.subject else where
    when = f", {reader.span(fact.start, fact.end)}" if fact.kind in ("pickups", "returns") else ""
    if not fact.bookings:
        return Rendered(text=f"{reader.say(f'list.none.{fact.kind}')} · {subject}{when}\n{source(fact.fresh, reader)}")
    lines = [f"{reader.say(f'list.{fact.kind}', n=len(fact.bookings))} · {subject}{when}"]
    for number, booking in enumerate(fact.bookings[:LIST_MAX], 1):
        lines.append(f"{number}. {_booking_row(fact, booking, reader)}")
    return Rendered(text="\n".join([*lines, *_rest(len(fact.bookings), reader), source(fact.fresh, reader)]))


def _booking_row(fact: f.BookingListFact, booking: Booking, reader: Reader) -> str:
    head = f"{_number(booking, reader)} · {escape(booking.car_label or '—')} · {_client(booking)}"
    if fact.kind == "pickups":
        return f"{reader.brief(booking.start)} · {head}, {escape(booking.place_start or reader.say('place.none'))}"
    if fact.kind in ("returns", "overdue"):
        return f"{reader.brief(booking.end)} · {head}, {escape(booking.place_end or reader.say('place.none'))}"
    return f"{head}: {reader.span(booking.start, booking.end)} · {reader.say(f'status.{booking.status}')}"


def _free(fact: f.FreeFact, reader: Reader) -> Rendered:
    where = reader.branch(fact.branch) if fact.branch else reader.say("all_branches")
    when = f"{where}, {reader.span(fact.start, fact.end)}" + "".join(f" · {escape(x)}" for x in fact.filters)
    if not fact.cars:
        lines = [f"{reader.say('free.none')} · {when}"]
        found = [f"{reader.branch(code)}: {count}" for code, count in fact.elsewhere if count]
        if found:
            lines.append(reader.say("free.elsewhere", list=", ".join(found)))
        return Rendered(text="\n".join([*lines, source(fact.fresh, reader)]))
    lines = [f"{reader.say('free', n=len(fact.cars))} · {when}"]
    for item in fact.cars[:LIST_MAX]:
        parts = [_car_line(item.car)]
        if not fact.branch:
            parts.append(reader.branch(item.car.branch))
        parts += [escape(x) for x in (item.car.car_class, item.car.transmission) if x]
        if item.price is not None:
            parts.append(reader.say("price", price=reader.money(item.price)))
        parts += _tight(item.fit.back_at, item.fit.next_start, reader) if item.fit.tight else []
        lines.append("• " + " · ".join(parts))
    lines += _rest(len(fact.cars), reader)
    return Rendered(text="\n".join([*lines, f"<i>{reader.say('free.buffer')}</i>", source(fact.fresh, reader)]))


def _tight(back: datetime | None, following: datetime | None, reader: Reader) -> list[str]:
    if back is not None:
        return [reader.say("free.tight", t=moments.clock(back))]
    return [reader.say("free.tight_next", t=moments.clock(following))] if following is not None else []


def _one_free(fact: f.CarFreeFact, reader: Reader) -> Rendered:
    car = f"{_car_line(fact.car)} · {reader.branch(fact.car.branch)}"
    key = "one.taken" if not fact.fit.free else "one.free" if fact.issuable else "one.state"
    lines = [reader.say(key, car=car), reader.span(fact.start, fact.end)]
    if fact.blocking is not None:
        number = fact.blocking.number if fact.blocking.number is not None else "—"
        lines.append(reader.say("blocked", num=number, period=reader.span(fact.blocking.start, fact.blocking.end)))
    if fact.fit.free and fact.fit.tight:
        lines += _tight(fact.fit.back_at, fact.fit.next_start, reader)
    if not fact.issuable:
        lines.append(reader.say(f"state.{fact.car.state or 0}"))
    return Rendered(text="\n".join([*lines, source(fact.fresh, reader)]))


def _conflicts(fact: f.ConflictFact, reader: Reader) -> Rendered:
    where = reader.branch(fact.branch) if fact.branch else reader.say("my_branches" if reader.actor.branches else "all_branches")
    when = f" · {where}, {reader.span(fact.start, fact.end)}"
    if not fact.pairs:
        return Rendered(text=f"{reader.say('conflicts.none')}{when}\n{source(fact.fresh, reader)}")
    lines = [f"{reader.say('conflicts', n=len(fact.pairs))}{when}"]
    for item, first, second in fact.pairs[:LIST_MAX]:
        lines.append(
            f"⚠️ {escape(first.car_label or '—')}: {_number(first, reader)} {reader.brief(first.end)} → "
            f"{_number(second, reader)} {reader.brief(second.start)}, {reader.say(item.kind)}"
        )
    return Rendered(text="\n".join([*lines, *_rest(len(fact.pairs), reader), source(fact.fresh, reader)]))


def _debts(fact: f.DebtFact, reader: Reader) -> Rendered:
    where = ", ".join(reader.branch(code) for code, _ in fact.branches)
    subject = escape(fact.subject) if fact.subject else where
    silent = [fresh for _, fresh in fact.branches if fresh.failing_since is not None]
    if silent:
        return _debts_unchecked(fact, silent, reader)
    lines: list[str] = []
    if fact.debts:
        lines.append(f"{reader.say('debts', total=_sum(fact.debts, reader), n=len(fact.debts))} · {subject}")
        for number, owed in enumerate(fact.debts[:LIST_MAX], 1):
            lines.append(f"{number}. {_owed(owed, reader)}")
        lines += _rest(len(fact.debts), reader)
    else:
        lines.append(f"{reader.say('debts.none')} · {subject}")
    if fact.due:
        lines.append(reader.say("debts.due", due=_sum(fact.due, reader), m=len(fact.due)))
    oldest = min((fresh for _, fresh in fact.branches), key=lambda x: x.as_of or reader.now, default=None)
    if oldest is not None:
        lines.append(source(oldest, reader))
    return Rendered(text="\n".join(lines))


def _debts_unchecked(fact: f.DebtFact, silent: list[Freshness], reader: Reader) -> Rendered:
    since = min(fresh.failing_since for fresh in silent if fresh.failing_since is not None)
    lines = [reader.say("debts.unchecked", t=moments.clock(since))]
    known = [fresh.as_of for fresh in silent if fresh.as_of is not None]
    if known:
        total = _sum(fact.debts, reader) if fact.debts else reader.money(Money(0))
        lines.append(reader.say("debts.last", age=reader.age(min(known)), total=total))
    else:
        lines.append(reader.say("debts.never"))
    return Rendered(text="\n".join(lines))


def _owed(owed: Owed, reader: Reader) -> str:
    booking = owed.booking
    parts = [_client(booking), escape(booking.car_label or "—")] if booking is not None else ["—"]
    parts.append(reader.money(owed.amount))
    if owed.since is not None and owed.since < reader.now:
        parts.append(reader.say("debts.days", n=max(0, (reader.now - owed.since) // timedelta(days=1))))
    return " · ".join(parts)


def _sum(rows: tuple[Owed, ...], reader: Reader) -> str:
    """Sums by currency: different ones are never added."""
    totals: dict[str, Money] = {}
    for row in rows:
        known = totals.get(row.amount.currency)
        totals[row.amount.currency] = row.amount if known is None else known + row.amount
    return " + ".join(reader.money(total) for total in totals.values())


def _client_card(fact: f.ClientFact, reader: Reader) -> Rendered:
    name = fact.client.full_name if fact.full_name else fact.client.short_name
    lines = [f"👤 <b>{escape(name)}</b>"]
    if fact.client.category:
        lines.append(reader.say("client.category", x=escape(fact.client.category)))
    phone = f"<code>{fact.phone}</code>" if fact.phone else None
    lines.append(reader.say("client.phone", x=phone) if phone else reader.say("client.phone.none"))
    lines.append(reader.say("client.bookings", n=len(fact.bookings)))
    for booking in fact.bookings[:3]:
        row = f"{_number(booking, reader)} · {escape(booking.car_label or '—')}: {reader.span(booking.start, booking.end)}"
        lines.append(f"• {row} · {reader.say(f'status.{booking.status}')}")
    return Rendered(text="\n".join([*lines, source(fact.fresh, reader)]))


def _history(fact: f.HistoryFact, reader: Reader) -> Rendered:
    number = fact.booking.number if fact.booking.number is not None else "—"
    if fact.unread_since is not None:
        return Rendered(text=reader.say("history.unread", num=number))
    lines = [f"{reader.say('history', num=number)} · {escape(fact.booking.car_label or '—')}"]
    if not fact.lines:
        lines.append(reader.say("history.none"))
    for line in fact.lines[-LIST_MAX:]:
        what = reader.say("history.created") if line.what == "created" else escape(line.what or "—")
        change = f": {escape(line.old)} → {escape(line.new)}" if line.old is not None and line.new is not None else ""
        lines.append(f"• {reader.brief(line.at)} · {escape(line.who or '—')} · {what}{change}")
    return Rendered(text="\n".join([*lines, *_rest(len(fact.lines), reader), source(fact.fresh, reader)]))


def _knowledge(fact: f.KnowledgeFact, reader: Reader) -> Rendered:
    if not fact.sections:
        return Rendered(text=reader.say("knowledge.none"))
    parts = [f"<b>{escape(s.heading)}</b>\n{escape(s.text)}\n<i>{escape(s.title)}</i>" for s in fact.sections[:1]]
    return Rendered(text="\n\n".join(parts))


def _help(fact: f.HelpFact, reader: Reader) -> Rendered:
    where = reader.branch(reader.actor.home_branch) if reader.actor.home_branch else reader.say("company")
    text = reader.say("help", role=reader.say(f"role.{reader.actor.role.value}"), branch=where)
    return Rendered(text=text, buttons=suggestions(fact.examples[:6], reader))


def suggestions(examples: tuple[str, ...], reader: Reader) -> list[list[Button]]:
    """Example requests as buttons, one a row."""
    labels = [reader.say(f"ask.{name}") for name in examples]
    return [[Button(label=label, request=label)] for label in labels]


def _choice(fact: f.ChoiceFact, reader: Reader) -> Rendered:
    lines = [reader.say(f"choice.{fact.kind}", said=escape(fact.said), n=len(fact.options))]
    buttons: list[list[Button]] = []
    for number, option in enumerate(fact.options, 1):
        plate, branch, state = option.detail.split("|")
        tail = f" · <code>{escape(plate)}</code>" if plate else ""
        tail += f" · {reader.branch(branch)}" if branch else ""
        tail += f" · {reader.say(f'state.{state}')}" if state and f"state.{state}" in keys() else ""
        lines.append(f"{number}. {escape(option.label)}{tail}")
        label = f"{option.label} · {reader.branch(branch)}" if branch else option.label
        buttons.append([Button(label=label[:34], request=option.request)])
    return Rendered(text="\n".join(lines), buttons=buttons)


def _missing(fact: f.MissingFact, reader: Reader) -> Rendered:
    lines = [reader.say(f"missing.{fact.kind}", said=escape(fact.said))]
    if fact.near:
        lines.append(reader.say("missing.near"))
    buttons = [[Button(label=o.label[:34], request=o.request)] for o in fact.near]
    return Rendered(text=" ".join(lines), buttons=buttons)


def _refusal(fact: f.RefusalFact, reader: Reader) -> Rendered:
    who = escape(", ".join(fact.ask) or "—")
    if fact.branch is not None:
        return Rendered(text=reader.say("refusal.branch", branch=reader.branch(fact.branch), who=who))
    key = f"tool.{fact.tool}" if f"tool.{fact.tool}" in keys() else "tool.other"
    return Rendered(text=reader.say("refusal.role", what=reader.say(key), who=who))


def _rest(total: int, reader: Reader) -> list[str]:
    return [reader.say("more", n=total - LIST_MAX)] if total > LIST_MAX else []


_RENDERERS: Mapping[type[Any], Callable[[Any, Reader], Rendered]] = {
    f.CarFact: _car, f.CarListFact: _car_list, f.BookingFact: _booking, f.BookingListFact: _booking_list, f.FreeFact: _free,
    f.CarFreeFact: _one_free, f.ConflictFact: _conflicts, f.DebtFact: _debts, f.ClientFact: _client_card,
    f.HistoryFact: _history, f.KnowledgeFact: _knowledge, f.HelpFact: _help, f.ChoiceFact: _choice,
    f.MissingFact: _missing, f.RefusalFact: _refusal,
}  # fmt: skip
