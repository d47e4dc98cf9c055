"""Which feature answers a press or a command; filled when all of them are built."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from jarvis.engine.worker import Handling
from jarvis.kit.actor import Actor

Said = Callable[[Handling, Actor, str], Awaitable[None]]


class Presses(dict[str, Said]):
    """By kind of button."""


class Commands(dict[str, Said]):
    """By name, without the slash."""
