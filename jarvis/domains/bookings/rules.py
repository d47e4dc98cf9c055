"""Interprets RentProg's states and names of bookings (domain: life of a booking; architecture:
defaults)."""

from __future__ import annotations

from typing import Literal

from jarvis.domains.bookings.availability import Purpose, Status
from jarvis.integrations.rentprog.models import Booking

_DONE = ("отъездила", "завершена", "вернуть залог")
_SERVICE = ("сервис", "сотрудник")
_REPAIR = ("ремонт", "repair", "fix", "сто ")


def status_of(booking: Booking) -> Status:
    """The status: in rent iff `in_rent`; done and cancelled by RentProg's state; anything else is
    planned."""
    if booking.in_rent:
        return "in_rent"
    state = (booking.state or "").strip().casefold()
    if state in _DONE:
        return "done"
    if state.startswith("отмена") or state.startswith("отменена") or state == "отказ клиента":
        return "cancelled"
    return "planned"


def purpose_of(
    booking: Booking, branch: str | None
) -> tuple[Purpose, Literal["flags", "names", "default"]]:
    """What the booking is for, and what it was derived from: RentProg's flags when present, else
    the name heuristic."""
    if "technical" in booking.given or "repair" in booking.given:
        if booking.repair:
            return "repair", "flags"
        return ("staff_trip" if booking.technical else "rental"), "flags"
    names = f"{booking.first_name or ''} {booking.last_name or ''}".casefold()
    if not any(word in names for word in _SERVICE):
        return "rental", "default"
    description = f"{booking.description or ''} ".casefold()
    if (
        "сервис" in names
        or any(word in description for word in _REPAIR)
        or branch == "service-center"
    ):
        return "repair", "names"
    return "staff_trip", "names"
