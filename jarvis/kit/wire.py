"""Parsing of JSON from outside such that no single value makes it fail."""

from __future__ import annotations

import json

MAX_DIGITS = 40
"""A longer integer fits no column of ours: it stays a string, and is refused where a number is
needed."""


def read_json(content: bytes | str) -> object:
    """The value of JSON text as vendors send it; NaN and infinities are their names, an endless
    integer its digits.

    Raises:
        ValueError: no JSON, not in an encoding of JSON, or nested too deeply.
    """
    try:
        return json.loads(content, parse_int=_integer, parse_constant=str)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits
