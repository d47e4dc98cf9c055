"""Prices and RentProg's spellings, shared by plans of changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from jarvis.domains.bookings.models import Booking
from jarvis.engine.planned import Price
from jarvis.integrations.rentprog.models import show_moment
from jarvis.kit.money import Money, to_minor

CREATE = "create"  # the title of a new booking, whose subject is its car until it exists


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """The price of added time. `basis`: quote (RentProg's for the period) or booking (its own price
    per day)."""

    days: int
    rate: Money
    total: Money
    basis: Literal["quote", "booking"]


def wall(moment: datetime | None) -> str | None:
    """Return a moment in RentProg's spelling, in local time."""
    return None if moment is None else show_moment(moment)


def plain_amount(money: Money) -> int | float:
    """Return an amount in RentProg's spelling: a plain number."""
    return money.minor // 100 if money.minor % 100 == 0 else money.minor / 100


def added_price(total: Money, price: Priced) -> Price:
    """Return the price of added time: total before and after, days, rate."""
    return Price(
        old=total.minor,
        new=total.minor + price.total.minor,
        currency=total.currency,
        delta=price.total.minor,
        days=price.days,
        rate=price.rate.minor,
        basis=price.basis,
    )


def previewed_price(booking: Booking, args: Mapping[str, JsonValue]) -> Price | None:
    """Return the total before and after by RentProg's preview; None if the preview has none."""
    before = args.get("before")
    pair = before.get("total") if isinstance(before, dict) else None
    if not isinstance(pair, list) or booking.total is None:
        return None
    new = to_minor(str(pair[1]))
    return Price(
        old=booking.total.minor,
        new=new,
        currency=booking.total.currency,
        delta=new - booking.total.minor,
        days=None,
        rate=None,
        basis="preview",
    )
