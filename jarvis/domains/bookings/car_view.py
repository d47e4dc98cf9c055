"""Text about cars: one car, lists, free cars."""

from __future__ import annotations

from datetime import datetime

from jarvis.domains.bookings.client_view import client_short, number_of
from jarvis.domains.bookings.facts import CarFact, CarFreeFact, FreeFact
from jarvis.domains.bookings.models import FreeCar
from jarvis.domains.fleet.facts import CarListFact
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car
from jarvis.messaging import times
from jarvis.messaging.catalogue import vendor_word
from jarvis.messaging.markup import Markup, html, joined, lines
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Button, Reader, Rendered, listed, shows, source


def _car_head(car: Car, reader: Reader) -> Markup:
    plate, where = show_plate(car.plate_key), reader.branch(car.branch)
    return html("🚗 <b>{}</b> · <code>{}</code> · {}", car.label, plate, where)


def _car_line(car: Car) -> Markup:
    return html("{} · <code>{}</code>", car.label, show_plate(car.plate_key))


@shows(CarFact)
def car(fact: CarFact, reader: Reader) -> Rendered:
    """A car's state, location, current renter and next booking. Bookings are shown only to those
    who may see them."""
    rows = [_car_head(fact.car, reader), *_now(fact, reader)]
    if fact.following is not None:
        start = reader.brief(fact.following.start)
        rows.append(
            reader.say("next", num=fact.following.shown, start=start)
            if fact.bookings_shown
            else reader.say("next.plain", start=start)
        )
    rows += [reader.say("debt", amount=reader.money(owed.amount)) for owed in fact.debt]
    km = fact.car.mileage_km
    tail = reader.say("mileage.none") if km is None else reader.say("mileage", km=reader.count(km))
    if fact.car.clean is False:
        tail = html("{} · {}", tail, reader.say("dirty"))
    rows += [tail, source(fact.fresh, reader)]
    buttons = [
        [
            Button(
                label=reader.label("b.bookings"),
                payload=Ask(request=reader.label("ask.car.bookings", car=fact.car.handle)),
            )
        ]
    ]
    return Rendered(text=lines(rows), buttons=buttons if fact.client_shown else [])


def _now(fact: CarFact, reader: Reader) -> list[Markup]:
    """The lines about the car's current state: repair, trip, rental with its client, or RentProg's
    state."""
    current, state = fact.current, reader.say(f"state.{fact.car.state or 0}")
    if current is None:
        return [state]
    if current.purpose != "rental":
        return [reader.say(current.purpose, end=reader.at(current.end))]
    rows = [
        reader.say("in_rent", end=reader.at(current.end)) if current.status == "in_rent" else state
    ]
    if fact.bookings_shown:
        who = f"{client_short(current)}, " if fact.client_shown else ""
        period = reader.span(current.start, current.end)
        rows.append(html("📅 {}: {}{}", number_of(current, reader), who, period))
    if current.status == "in_rent":
        if current.end is not None and current.end < reader.now:
            rows.append(reader.say("late", end=reader.brief(current.end)))
        if fact.car.state not in (None, 1):
            rows.append(state)
    return rows


@shows(CarListFact)
def car_list(fact: CarListFact, reader: Reader) -> Rendered:
    where = reader.branch(fact.branch) if fact.branch else reader.say("all_branches")
    rows = [
        html(
            "• {}{} · {}",
            _car_line(car),
            "" if fact.branch else f" · {reader.branch(car.branch)}",
            reader.say(f"state.{car.state or 0}"),
        )
        for car in fact.cars
    ]
    head = reader.say("cars", n=len(rows)) if rows else reader.say("cars.none")
    shown = listed(html("{} · {}", head, where), rows, fact.fresh, reader)
    return _elsewhere(shown, fact.assumed, reader)


def _elsewhere(shown: Rendered, assumed: bool, reader: Reader) -> Rendered:
    """Buttons for the other branches if the branch was only assumed."""
    if assumed:
        shown.buttons.append(
            [
                Button(
                    label=reader.label("b.all_branches"),
                    payload=Ask(request=reader.label("ask.all", request=reader.request)),
                )
            ]
        )
    return shown


@shows(FreeFact)
def free(fact: FreeFact, reader: Reader) -> Rendered:
    where = reader.branch(fact.branch) if fact.branch else reader.label("all_branches")
    wanted = "".join(f" · {vendor_word(x, reader.language)}" for x in fact.filters)
    when = f"{where}, {reader.span(fact.start, fact.end)}{wanted}"
    if not fact.cars:
        found = [f"{reader.branch(code)}: {count}" for code, count in fact.elsewhere if count]
        extra = [reader.say("free.elsewhere", list=", ".join(found))] if found else []
        head = html("{} · {}", reader.say("free.none"), when)
        return _elsewhere(listed(head, (), fact.fresh, reader, extra=extra), fact.assumed, reader)
    rows = [_free_row(item, fact, reader) for item in fact.cars]
    head = html("{} · {}", reader.say("free", n=len(rows)), when)
    buffer = html("<i>{}</i>", reader.say("free.buffer", h=reader.hours(fact.buffer)))
    shown = listed(head, rows, fact.fresh, reader, extra=[buffer])
    return _elsewhere(shown, fact.assumed, reader)


def _free_row(item: FreeCar, fact: FreeFact, reader: Reader) -> Markup:
    parts: list[str] = [_car_line(item.car)]
    if not fact.branch:
        parts.append(reader.branch(item.car.branch))
    parts += [
        vendor_word(x, reader.language) for x in (item.car.car_class, item.car.transmission) if x
    ]
    if item.price is not None:
        parts.append(reader.say("price", price=reader.money(item.price)))
    parts += _tight(item.fit.back_at, item.fit.next_start, reader) if item.fit.tight else []
    return html("• {}", joined(" · ", parts))


def _tight(back: datetime | None, following: datetime | None, reader: Reader) -> list[Markup]:
    if back is not None:
        return [reader.say("free.tight", t=times.clock(back))]
    return (
        [reader.say("free.tight_next", t=times.clock(following))] if following is not None else []
    )


@shows(CarFreeFact)
def one_free(fact: CarFreeFact, reader: Reader) -> Rendered:
    car = html("{} · {}", _car_line(fact.car), reader.branch(fact.car.branch))
    key = "one.taken" if not fact.fit.free else "one.free" if fact.issuable else "one.state"
    rows: list[str] = [reader.say(key, car=car), reader.span(fact.start, fact.end)]
    if fact.blocking is not None:
        rows.append(
            reader.say(
                "blocked",
                num=fact.blocking.shown,
                period=reader.span(fact.blocking.start, fact.blocking.end),
            )
        )
    if fact.fit.free and fact.fit.tight:
        rows += _tight(fact.fit.back_at, fact.fit.next_start, reader)
    if not fact.issuable:
        rows.append(reader.say(f"state.{fact.car.state or 0}"))
    return Rendered(text=lines([*rows, source(fact.fresh, reader)]))
