"""The opening post of a car's topic. It names times in full, since it is not edited until a fact
changes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from jarvis.domains.bookings.client_view import number_of
from jarvis.domains.bookings.models import Booking, Owed
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car
from jarvis.domains.forms.models import Form
from jarvis.domains.media.models import MediaSet
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
) -> str:
    """Return state, booking, next booking, debt and mileage as HTML, without clients' names: the
    whole branch reads it."""
    out = current is not None and current.purpose == "rental" and current.status == "in_rent"
    lines = [
        f"🚗 <b>{escape(car.label)}</b> · <code>{show_plate(car.plate_key)}</code> · "
        f"{reader.branch(car.branch)}",
        reader.say("in_rent", end=stamp(current.end))
        if current is not None and out
        else reader.say(f"state.{car.state or 0}"),
    ]
    if current is not None:
        rental = f"📅 {number_of(current, reader)}: {stamp(current.start)} → {stamp(current.end)}"
        lines.append(
            rental
            if current.purpose == "rental"
            else reader.say(current.purpose, end=stamp(current.end))
        )
    if following is not None:
        lines.append(reader.say("next", num=following.shown, start=stamp(following.start)))
    lines += [
        f"💰 {reader.say(f'owed.{o.kind}', x=reader.money(o.amount)).capitalize()}" for o in owed
    ]
    lines.append(
        reader.say("mileage.none")
        if car.mileage_km is None
        else reader.say("mileage", km=reader.count(car.mileage_km))
    )
    return "\n".join(lines)


def form_block(form: Form, booking: Booking | None, reader: Reader) -> str:
    """Return a line about a form in progress: `📝 Выдача №1201 · Лаша`."""
    number = f" {number_of(booking, reader)}" if booking is not None else ""
    return (
        f"📝 {escape(form.template.title[reader.language])}{number} · "
        f"{escape(form.holder.split()[0])}"
    )


def material_block(sets: int, newest: MediaSet, reader: Reader) -> str:
    """Return how many sets of photos there are, and the newest."""
    return reader.say(
        "opening.material",
        n=sets,
        what=reader.say(f"op.{newest.operation}"),
        t=stamp(newest.filed_at),
    )


def link(url: str) -> str:
    return f'<a href="{escape(url)}">RentProg</a>'
