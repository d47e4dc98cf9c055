"""On whose behalf a vendor is called: a context variable that quotas read, so that it need not be
passed through every function."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Behalf:
    """The initiator of a call, and whether it may wait for quota.

    Args:
        kind: `order`: an approved change; `person`: somebody waits for an answer; `background`:
            nobody does.
        who: The person, the target of the change, or the check: whose account is charged.
        waits: Whether the call may sleep until there is quota: it holds nothing that others need.
        put_off: Whether this work was rescheduled before and is now due.
    """

    kind: Literal["order", "person", "background"]
    who: str
    waits: bool = False
    put_off: bool = False


_NOBODY = Behalf(kind="background", who="", waits=True)  # a command at a terminal
_current: ContextVar[Behalf] = ContextVar("behalf", default=_NOBODY)


def behalf() -> Behalf:
    """On whose behalf the running task works."""
    return _current.get()


@contextmanager
def on_behalf(whose: Behalf) -> Generator[None]:
    """Charge calls made inside, also by tasks started inside, to this initiator."""
    token = _current.set(whose)
    try:
        yield
    finally:
        _current.reset(token)
