"""Text about clients."""

from __future__ import annotations

from html import escape

from jarvis.domains.bookings.facts import ClientFact
from jarvis.domains.bookings.models import Booking
from jarvis.messaging.catalogue import vendor_word
from jarvis.messaging.view import Reader, Rendered, shows, source


def client_short(booking: Booking) -> str:
    """First name and initial: all that a group may see."""
    initial = f" {booking.client_last[0]}." if booking.client_last else ""
    return escape(f"{booking.client_first or '—'}{initial}")


def number_of(booking: Booking, reader: Reader) -> str:
    """`№1234`, `#1234`."""
    return f"{'#' if reader.language == 'en' else '№'}{booking.shown}"


@shows(ClientFact)
def client_card(fact: ClientFact, reader: Reader) -> Rendered:
    name = fact.client.full_name if fact.full_name else fact.client.short_name
    lines = [f"👤 <b>{escape(name)}</b>"]
    if fact.client.category:
        lines.append(
            reader.say(
                "client.category", x=escape(vendor_word(fact.client.category, reader.language))
            )
        )
    phone = f"<code>{fact.phone}</code>" if fact.phone else None
    lines.append(reader.say("client.phone", x=phone) if phone else reader.say("client.phone.none"))
    lines.append(reader.say("client.bookings", n=len(fact.bookings)))
    for booking in fact.bookings[:3]:
        row = (
            f"{number_of(booking, reader)} · {escape(booking.car_label or '—')}: "
            f"{reader.span(booking.start, booking.end)}"
        )
        lines.append(f"• {row} · {reader.say(f'status.{booking.status}')}")
    return Rendered(text="\n".join([*lines, source(fact.fresh, reader)]))
