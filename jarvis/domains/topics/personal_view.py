"""The opening post of a client's topic. It names times in full, since it is not edited until a
fact changes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from jarvis.domains.bookings.client_view import number_of
from jarvis.domains.bookings.models import Booking, Owed
from jarvis.domains.clients.service import Client, mask_phone, phone_key
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car
from jarvis.messaging.times import stamp
from jarvis.messaging.view import Reader

TITLE_MAX = 64


def client_title(client: Client, car: Car | None) -> str:
    """Return the topic's title, `Олег Рудин | Malibu 235`; a long name is cut to leave room for
    the car."""
    tail = f" | {car.label}" if car is not None else ""
    return f"{client.full_name[: TITLE_MAX - len(tail)]}{tail}"


def client_card(
    client: Client,
    bookings: Sequence[Booking],
    booking: Booking,
    car: Car | None,
    owed: Sequence[Owed],
    reader: Reader,
    *,
    contact: bool,
    substitute: str | None,
) -> str:
    """Return the post as HTML: name, phone (masked without `contact`), rental, debts,
    responsible employee, and since when they are a client."""
    phone = (
        f"+{phone_key(client.phone)}"
        if contact and phone_key(client.phone)
        else mask_phone(client.phone)
    )
    lines = [f"👤 <b>{escape(client.full_name)}</b>"]
    lines.append(
        reader.say("client.phone", x=f"<code>{phone}</code>")
        if phone
        else reader.say("client.phone.none")
    )
    if car is not None:
        lines.append(
            f"🚗 <b>{escape(car.label)}</b> · <code>{show_plate(car.plate_key)}</code> · "
            f"{reader.branch(car.branch)}"
        )
    status = reader.say(f"status.{booking.status}")
    lines.append(
        f"📅 {number_of(booking, reader)} · {status}: {stamp(booking.start)} → {stamp(booking.end)}"
    )
    lines += [
        f"💰 {reader.say(f'owed.{o.kind}', x=reader.money(o.amount)).capitalize()}" for o in owed
    ]
    if booking.responsible:
        lines.append(reader.say("responsible", who=escape(booking.responsible)))
    if substitute is not None:
        lines.append(reader.say("standin", who=escape(substitute)))
    ended = [b for b in bookings if b.status == "done"]
    if ended:
        first = min((b.start for b in ended if b.start is not None), default=None)
        lines.append(reader.say("client.before", n=len(ended), t=stamp(first)))
    return "\n".join(lines)
