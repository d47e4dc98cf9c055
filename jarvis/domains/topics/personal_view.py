"""The opening post of a client's topic. It names times in full, since it is not edited until a
fact changes."""

from __future__ import annotations

from collections.abc import Sequence

from jarvis.domains.bookings.client_view import number_of
from jarvis.domains.bookings.models import Booking, Owed
from jarvis.domains.clients.service import Client, mask_phone, phone_key
from jarvis.domains.fleet.naming import show_plate
from jarvis.domains.fleet.service import Car
from jarvis.messaging.markup import Markup, html, lines
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
) -> Markup:
    """Return the post as HTML: name, phone (masked without `contact`), rental, debts,
    responsible employee, and since when they are a client."""
    phone = (
        f"+{phone_key(client.phone)}"
        if contact and phone_key(client.phone)
        else mask_phone(client.phone)
    )
    parts = [html("👤 <b>{}</b>", client.full_name)]
    parts.append(
        reader.say("client.phone", x=html("<code>{}</code>", phone))
        if phone
        else reader.say("client.phone.none")
    )
    if car is not None:
        plate, branch = show_plate(car.plate_key), reader.branch(car.branch)
        parts.append(html("🚗 <b>{}</b> · <code>{}</code> · {}", car.label, plate, branch))
    number, status = number_of(booking, reader), reader.say(f"status.{booking.status}")
    start, end = stamp(booking.start), stamp(booking.end)
    parts.append(html("📅 {} · {}: {} → {}", number, status, start, end))
    for one in owed:
        debt = reader.say(f"owed.{one.kind}", x=reader.money(one.amount))
        parts.append(html("💰 {}", debt.capitalize()))
    if booking.responsible:
        parts.append(reader.say("responsible", who=booking.responsible))
    if substitute is not None:
        parts.append(reader.say("standin", who=substitute))
    ended = [b for b in bookings if b.status == "done"]
    if ended:
        first = min((b.start for b in ended if b.start is not None), default=None)
        parts.append(reader.say("client.before", n=len(ended), t=stamp(first)))
    return lines(parts)
