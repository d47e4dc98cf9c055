"""What a card shows of a change, as JSON: the renderer gives it words, the digest binds it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from jarvis.domains.bookings.service import Booking
from jarvis.integrations.rentprog.models import show_moment
from jarvis.kit.money import Money, to_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What added time costs. `basis`: quote (RentProg's for the period) or booking (its own price a
    day)."""

    days: int
    rate: Money
    total: Money
    basis: Literal["quote", "booking"]


def iso(moment: datetime | None) -> str | None:
    """A moment as JSON."""
    return None if moment is None else moment.isoformat()


def wall(moment: datetime | None) -> str | None:
    """A moment in RentProg's spelling."""
    return None if moment is None else show_moment(moment)


def json_of(value: object) -> Any:
    """A column as JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def plain_amount(money: Money) -> int | float:
    """RentProg's spelling of an amount: a plain number."""
    return money.minor // 100 if money.minor % 100 == 0 else money.minor / 100


def moment_change(name: str, old: datetime | None, new: datetime) -> dict[str, Any]:
    """A time that changes."""
    return {"field": name, "type": "moment", "old": iso(old), "new": new.isoformat()}


def price_json(total: Money, price: Priced) -> dict[str, Any]:
    """The price of added time: total before and after, days, rate."""
    return {
        "old": total.minor,
        "new": total.minor + price.total.minor,
        "currency": total.currency,
        "delta": price.total.minor,
        "days": price.days,
        "rate": price.rate.minor,
        "basis": price.basis,
    }


def changed_price(booking: Booking, args: Mapping[str, Any]) -> dict[str, Any] | None:
    """The new total as RentProg's preview names it."""
    before: Mapping[str, Any] = args.get("before") or {}
    pair: Any = before.get("total")
    if pair is None or booking.total is None:
        return None
    new = to_minor(pair[1])
    return {
        "old": booking.total.minor,
        "new": new,
        "currency": booking.total.currency,
        "delta": new - booking.total.minor,
        "days": None,
        "rate": None,
        "basis": "preview",
    }
