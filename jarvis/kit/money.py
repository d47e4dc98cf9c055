"""Money in integer minor units with its currency. Sums of different currencies are never added."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal, get_args

from jarvis.kit.errors import InvalidRequest

Currency = Literal["GEL", "USD", "EUR", "RUB"]
CURRENCIES: tuple[Currency, ...] = get_args(Currency)
MAX_AMOUNT = 10**12
"""No price, debt or deposit is larger; a thousand sums of minor units still fit a column of 64
bits."""
MAX_CHARS = 64
_SIGNS: dict[Currency, str] = {"GEL": "₾", "USD": "$", "EUR": "€", "RUB": "₽"}


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (tetri, cents, kopecks)."""

    minor: int
    currency: Currency = "GEL"

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise InvalidRequest(f"cannot add {other.currency} to {self.currency}")
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        return self + Money(-other.minor, other.currency)

    def show(self, language: str = "ru", *, exact: bool = False) -> str:
        """As people read it: `1 240 ₾`; two digits after the point when exact or not whole."""
        sign = "-" if self.minor < 0 else ""
        whole, cents = divmod(abs(self.minor), 100)
        point = "." if language == "en" else ","
        group = "," if language == "en" else " "
        text = f"{whole:,}".replace(",", group)
        if exact or cents:
            text += f"{point}{cents:02d}"
        return f"{sign}{text} {_SIGNS.get(self.currency, self.currency)}"


def to_minor(value: str | int | float | Decimal) -> int:
    """Minor units of a vendor's amount: `122.0`, `"122,50"`, `122`.

    Raises:
        InvalidRequest: the text is not a number, or is out of range.
    """
    try:
        text = str(value).strip().replace(" ", "").replace("\u00a0", "").replace(",", ".")
        amount = Decimal(text) if len(text) <= MAX_CHARS else Decimal("NaN")
    except (InvalidOperation, ValueError):  # an integer of more than 4,300 digits has no text
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise InvalidRequest(f"not an amount: {_shown(value)}")
    if abs(amount) > MAX_AMOUNT:
        raise InvalidRequest(f"beyond any amount: {_shown(value)}")
    return int((amount * 100).to_integral_value(rounding=ROUND_HALF_UP))


def _shown(value: object) -> str:
    return f"{value[:40]!a}" if isinstance(value, str) else f"a {type(value).__name__}"
