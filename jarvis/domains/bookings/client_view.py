"""Text about clients."""

from __future__ import annotations

from jarvis.domains.bookings.facts import ClientFact
from jarvis.domains.bookings.models import Booking
from jarvis.messaging.catalogue import vendor_word
from jarvis.messaging.markup import html, lines
from jarvis.messaging.view import Reader, Rendered, shows, source


def client_short(booking: Booking) -> str:
    """First name and initial: all that a group may see."""
    initial = f" {booking.client_last[0]}." if booking.client_last else ""
    return f"{booking.client_first or '—'}{initial}"


def number_of(booking: Booking, reader: Reader) -> str:
    """`№1234`, `#1234`."""
    return f"{'#' if reader.language == 'en' else '№'}{booking.shown}"


@shows(ClientFact)
def client_card(fact: ClientFact, reader: Reader) -> Rendered:
    name = fact.client.full_name if fact.full_name else fact.client.short_name
    rows = [html("👤 <b>{}</b>", name)]
    if fact.client.category:
        category = vendor_word(fact.client.category, reader.language)
        rows.append(reader.say("client.category", x=category))
    phone = html("<code>{}</code>", fact.phone) if fact.phone else None
    rows.append(reader.say("client.phone", x=phone) if phone else reader.say("client.phone.none"))
    rows.append(reader.say("client.bookings", n=len(fact.bookings)))
    rows += [
        html(
            "• {} · {}: {} · {}",
            number_of(booking, reader),
            booking.car_label or "—",
            reader.span(booking.start, booking.end),
            reader.say(f"status.{booking.status}"),
        )
        for booking in fact.bookings[:3]
    ]
    return Rendered(text=lines([*rows, source(fact.fresh, reader)]))
