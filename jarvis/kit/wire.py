"""JSON from outside, read so that no single value of it is fatal."""

from __future__ import annotations

import json

MAX_DIGITS = 40
"""A longer integer fits no column of ours: it stays the text that came, and whoever needs a number
refuses it."""


def read_json(content: bytes | str) -> object:
    """The value of JSON text as vendors send it; NaN and infinities are their names, an endless
    integer its digits.

    Raises:
        ValueError: no JSON, no text in an encoding that JSON has, or nested without end.
    """
    try:
        return json.loads(content, parse_int=_integer, parse_constant=str)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits
