"""Fault points: places where chaos tests kill, freeze or disconnect a process. They do nothing
unless armed.

`JARVIS_FAULT=point:hit:action` arms one of them for a process: at the `hit`-th arrival it does
`kill` (SIGKILL to itself), `freeze` (SIGSTOP; the test sends SIGCONT) or `cut` (a
ConnectionResetError, as from a network).
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, cast, get_args

from jarvis.kit.errors import InvalidRequest

Point = Literal[
    "tx.before_commit",
    "tx.after_commit",
    "event.claimed",
    "event.handled",
    "effect.claimed",
    "effect.attempted",
    "effect.answered",
    "http.before_send",
    "http.answered",
    "telegram.before_send",
    "telegram.sent",
    "timer.fired",
    "intake.committed",
]
POINTS: tuple[str, ...] = get_args(Point)
Action = Literal["kill", "freeze", "cut"]


@dataclass(slots=True)
class _Watch:
    """The armed fault of this process, and how often each point was passed."""

    point: str | None
    hit: int
    action: Action
    seen: Counter[str]


def _parse(text: str | None) -> _Watch | None:
    if not text:
        return None
    try:
        point, hit, action = text.split(":")
        number = int(hit)
    except ValueError:
        raise InvalidRequest(f"JARVIS_FAULT is point:hit:action, not {text!r}") from None
    if point not in POINTS or action not in get_args(Action):
        raise InvalidRequest(f"points: {', '.join(POINTS)}; actions: {', '.join(get_args(Action))}")
    return _Watch(point=point, hit=number, action=cast(Action, action), seen=Counter())


_watch = _parse(os.environ.get("JARVIS_FAULT"))


def fault(point: Point) -> None:
    """Pass a point."""
    if _watch is None:
        return
    _watch.seen[point] += 1
    if _watch.point == point and _watch.seen[point] == _watch.hit:
        if _watch.action == "cut":
            raise ConnectionResetError(f"cut at {point}")
        os.kill(os.getpid(), signal.SIGKILL if _watch.action == "kill" else signal.SIGSTOP)


@contextmanager
def armed(text: str | None) -> Generator[Counter[str]]:
    """Arm this process by `point:hit:action` for a while, or (None) only count; yields the arrivals
    at each point so far.

    Raises:
        InvalidRequest: no such point or action.
    """
    global _watch  # one per process
    before, _watch = _watch, _parse(text) or _Watch(point=None, hit=0, action="cut", seen=Counter())
    try:
        yield _watch.seen
    finally:
        _watch = before


def arm_again() -> None:
    """Read the environment again: a forked process has another one than its parent."""
    global _watch
    _watch = _parse(os.environ.get("JARVIS_FAULT"))
