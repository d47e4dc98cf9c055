"""Money in integer minor units with its currency. Sums of different currencies are never added."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal, get_args

from jarvis.kit.errors import InvalidRequest

Currency = Literal["GEL", "USD", "EUR", "RUB"]
CURRENCIES: tuple[Currency, ...] = get_args(Currency)
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
        return f"{sign}{text} {_SIGNS[self.currency]}"


def to_minor(value: str | int | float | Decimal) -> int:
    """Minor units of a vendor's amount: `122.0`, `"122,50"`, `122`.

    Raises:
        InvalidRequest: the text is not a number.
    """
    text = str(value).strip().replace(" ", "").replace(" ", "").replace(",", ".")
    try:
        amount = Decimal(text)
    except InvalidOperation as error:
        raise InvalidRequest(f"not an amount: {value!r}") from error
    if not amount.is_finite():
        raise InvalidRequest(f"not an amount: {value!r}")
    return int((amount * 100).to_integral_value(rounding=ROUND_HALF_UP))
