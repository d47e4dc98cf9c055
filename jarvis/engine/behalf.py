"""On whose behalf a vendor is called: known to whoever counts the calls, without every function in
between saying so."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Behalf:
    """Whose doing a call is, and how it may wait for its turn.

    Args:
        kind: `order`: a change that was decided; `person`: somebody waits for an answer;
            `background`: nobody does.
        who: The person, the target of the order, or the check: whose own account it is.
        waits: Whether the call may sleep until its turn: nothing that others need is held
            meanwhile.
        put_off: Whether this work was put back before, so that its turn has come now.
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
    """Calls made inside, and by tasks that are started inside, are this one's doing."""
    token = _current.set(whose)
    try:
        yield
    finally:
        _current.reset(token)
