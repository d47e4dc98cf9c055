"""Deliveries as RentProg makes them, each different: an equal one within its window would be a
duplicate."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

BOOKINGS = 500  # webhooks rotate over this many bookings; each booking's keep their order
_TEXT = (
    '{"event":"booking_update","payload":"{\\"id\\"=>%d, \\"state\\"=>[\\"Новая\\", '
    '\\"Активная\\"], \\"mark\\"=>\\"%s%016x\\"}"}'
)


def new_run() -> str:
    """Sixteen letters that mark the bodies of one run."""
    return secrets.token_hex(8)


def bodies(run: str) -> Iterator[bytes]:
    """Endless."""
    number = 0
    while True:
        yield (_TEXT % (80_000 + number % BOOKINGS, run, number)).encode()
        number += 1
