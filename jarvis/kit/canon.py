"""Canonical JSON: equal values give equal text, whatever the order of keys or the spelling of
numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from jarvis.kit.errors import InvalidRequest
from jarvis.kit.ids import sha256_hex


def canonical(value: object) -> str:
    """The value as JSON text: keys sorted, no blanks, `1`, `1.0` and `10e-1` spelled alike.

    Raises:
        InvalidRequest: a value that JSON cannot hold (NaN, not finite, a key that is not a string).
    """
    return json.dumps(
        _plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def digest(value: object) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return sha256_hex(canonical(value))


def loads(text: str) -> Any:
    """JSON with exact numbers."""
    return json.loads(text, parse_float=Decimal)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        items = cast(Mapping[object, object], value)
        if not all(isinstance(key, str) for key in items):
            raise InvalidRequest("keys of JSON are texts")
        return {key: _plain(item) for key, item in items.items()}
    if isinstance(value, str | bool) or value is None:
        return value
    if isinstance(value, Sequence):
        return [_plain(item) for item in cast(Sequence[object], value)]
    if isinstance(value, int):
        return value
    if isinstance(value, float | Decimal):
        return _number(Decimal(repr(value)) if isinstance(value, float) else value)
    raise InvalidRequest(f"no JSON value: {type(value).__name__}")


def _number(value: Decimal) -> int | str | dict[str, str]:
    """Whole numbers as integers; others tagged, so that the text of a fraction is exact and no
    string equals it."""
    if not value.is_finite():
        raise InvalidRequest("JSON has no such number")
    if value == value.to_integral_value():
        return int(value)
    return {"\u0000number": format(value.normalize(), "f")}
