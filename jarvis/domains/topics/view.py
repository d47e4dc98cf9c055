"""The opening post of a car's topic. It names times in full, since it is not edited until a fact
changes."""

from __future__ import annotations

from collections.abc import Sequence

from jarvis.domains.bookings.client_view import number_of
from jarvis.domains.bookings.models import Booking, Owed
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car
from jarvis.domains.forms.models import Form
from jarvis.domains.media.models import MediaSet
from jarvis.messaging.markup import Markup, html, lines
from jarvis.messaging.times import stamp
from jarvis.messaging.view import Reader


def title(car: Car) -> str:
    """Return the topic's title, `Malibu 235 · TT-235-TT`: the car's usual name, and the plate
    that makes it unique."""
    plate = show_plate(car.plate_key)
    return f"{car.label} · {plate}"[:64] if plate else car.label[:64]


def opening(
    car: Car,
    current: Booking | None,
    following: Booking | None,
    owed: Sequence[Owed],
    reader: Reader,
) -> Markup:
    """Return state, booking, next booking, debt and mileage as HTML, without clients' names: the
    whole branch reads it."""
    out = current is not None and current.purpose == "rental" and current.status == "in_rent"
    plate, branch = show_plate(car.plate_key), reader.branch(car.branch)
    parts = [
        html("🚗 <b>{}</b> · <code>{}</code> · {}", car.label, plate, branch),
        reader.say("in_rent", end=stamp(current.end))
        if current is not None and out
        else reader.say(f"state.{car.state or 0}"),
    ]
    if current is not None:
        number, start, end = number_of(current, reader), stamp(current.start), stamp(current.end)
        parts.append(
            html("📅 {}: {} → {}", number, start, end)
            if current.purpose == "rental"
            else reader.say(current.purpose, end=end)
        )
    if following is not None:
        parts.append(reader.say("next", num=following.shown, start=stamp(following.start)))
    for one in owed:
        debt = reader.say(f"owed.{one.kind}", x=reader.money(one.amount))
        parts.append(html("💰 {}", debt.capitalize()))
    parts.append(
        reader.say("mileage.none")
        if car.mileage_km is None
        else reader.say("mileage", km=reader.count(car.mileage_km))
    )
    return lines(parts)


def form_block(form: Form, booking: Booking | None, reader: Reader) -> Markup:
    """Return a line about a form in progress: `📝 Выдача №1201 · Лаша`."""
    number = f" {number_of(booking, reader)}" if booking is not None else ""
    title = form.template.title[reader.language]
    return html("📝 {}{} · {}", title, number, form.holder.split()[0])


def material_block(sets: int, newest: MediaSet, reader: Reader) -> Markup:
    """Return how many sets of photos there are, and the newest."""
    return reader.say(
        "opening.material",
        n=sets,
        what=reader.say(f"op.{newest.operation}"),
        t=stamp(newest.filed_at),
    )


def link(url: str) -> Markup:
    return html('<a href="{}">RentProg</a>', url)
