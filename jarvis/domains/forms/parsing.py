"""Parses typed answers: numbers with units, names of options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from jarvis.domains.forms.templates import Item

MOST_DIGITS = 15
_NUMBER = re.compile(
    r"^[^\w\-−]*([\-−]?[\d\s.,]*\d)\s*(?:км|km|კმ|₾|gel|лари|ლარი|\$|€|₽|%)?\W*$", re.I
)


def number_in(text: str) -> Decimal | None:
    """Return the number in `48 215 км`, `48,215` or `120,50`; None if there is none."""
    found = _NUMBER.match(text)
    if found is None:
        return None
    digits = re.sub(r"\s", "", found[1]).replace("−", "-")
    if len(digits) > MOST_DIGITS:
        return None
    digits = re.sub(r"[.,](?=\d{3}(?:\D|$))", "", digits).replace(",", ".")
    try:
        return Decimal(digits)
    except InvalidOperation:
        return None


def option_in(item: Item, text: str) -> str | None:
    """Return the key of the option with this title in any language, or None; a unit may be left
    out, `75` for `75 %`."""
    said = _bare(text)
    return next((o.key for o in item.options if said in (_bare(t) for t in o.title.values())), None)


def person_in(people: Mapping[str, str], text: str) -> str | None:
    """Return the key of the one person of that full name, first name or family name; None when
    there is none or several.

    Args:
        people: Names by key.
        text: As somebody typed it.
    """
    said = text.casefold().split()
    full = [key for key, name in people.items() if name.casefold().split() == said]
    part = [key for key, name in people.items() if len(said) == 1 and said[0] in _parts(name)]
    found = full or part
    return found[0] if len(found) == 1 else None


def _bare(text: str) -> str:
    return re.sub(r"[\s%]+", "", text.casefold())


def _parts(name: str) -> list[str]:
    return name.casefold().split()
