"""Parses typed answers: numbers with units, names of options."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from jarvis.domains.forms.models import Point

MOST_DIGITS = 15
_NUMBER = re.compile(r"^\W*([\d\s.,]*\d)\s*(?:км|km|კმ|₾|gel|лари|ლარი|\$|€|₽|%)?\W*$", re.I)


def number_in(text: str) -> Decimal | None:
    """Return the number in `48 215 км`, `48,215` or `120,50`; None if there is none."""
    found = _NUMBER.match(text)
    if found is None:
        return None
    digits = re.sub(r"\s", "", found[1])
    if len(digits) > MOST_DIGITS:
        return None
    digits = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", digits).replace(",", ".")
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None


def option_in(asked: Point, text: str) -> str | None:
    """Return the key of the option with this title in any language, or None."""
    said = text.casefold()
    return next(
        (o.key for o in asked.item.options if said in (t.casefold() for t in o.title.values())),
        None,
    )
