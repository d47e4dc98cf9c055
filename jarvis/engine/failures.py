"""What happens to a delivery whose handler raised; the first rule that matches applies.

- the lease was lost: nothing, another worker has the delivery
- the body cannot be read: parked
- a value that the database cannot hold, a model that does not validate, a broken contract, an
  expected error: dead at once
- a rate limit: rescheduled for when it may go on, without end; it is no attempt
- a source is unreachable or silent, the outcome of a call is not known, a call took too long:
  rescheduled with backoff, dead after hours
- the database is unreachable, a deadlock, a lock or serialisation conflict: rescheduled with
  backoff, without end
- the deadline passed, and everything else: retried once; dead when it fails at the same place a
  second time
"""

from __future__ import annotations

import errno
import socket
import traceback
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal, cast

import asyncpg
from asyncpg.exceptions import DeadlockDetectedError, LockNotAvailableError, SerializationError
from pydantic import ValidationError

from jarvis.engine.backoff import backoff_s
from jarvis.engine.db import DATABASE_AWAY
from jarvis.kit.errors import ContractBroken, ExpectedError, LeaseLost, LimitReached, Unavailable

GIVE_UP_AFTER = timedelta(hours=6)
MAX_ATTEMPTS = 8  # at different places, or after GIVE_UP_AFTER
CAP_S = 60.0
_NETWORK = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN)
_OURS = Path(__file__).parents[2]


class Unparsable(Exception):
    """A body that no parser of ours can read: parked with its raw text, and a person is alerted."""


class DeadlinePassed(Exception):
    """A handler ran longer than its subscriber's deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do with a delivery. `after_s`: seconds until its next attempt; `failed_at`: where it
    failed; `counted`: whether this counts as an attempt."""

    action: Literal["again", "dead", "park", "drop"]
    cause: str
    after_s: float = 0.0
    failed_at: str | None = None
    counted: bool = True


def judge(error: Exception, *, attempt: int, age: timedelta, failed_at: str | None) -> Verdict:
    """What follows from an error.

    Args:
        error: What the handler raised.
        attempt: The number of this attempt, from 1.
        age: How long ago the event came.
        failed_at: Where the last attempt with an unexpected error failed.
    """
    error = _worst(error)
    cause = f"{type(error).__name__}: {error}"
    if isinstance(error, LeaseLost):
        return Verdict(action="drop", cause=cause)
    if isinstance(error, Unparsable):
        return Verdict(action="park", cause=str(error))
    if isinstance(error, ExpectedError | ContractBroken):
        return Verdict(action="dead", cause=str(error))
    if isinstance(error, ValidationError | asyncpg.DataError) or refused_by_driver(error):
        return Verdict(action="dead", cause=cause)
    if isinstance(error, LimitReached):
        return Verdict(action="again", cause=error.reason, after_s=error.wait_s, counted=False)
    if isinstance(error, Unavailable | TimeoutError):
        cause = error.reason if isinstance(error, Unavailable) else cause
        if age > GIVE_UP_AFTER and attempt >= MAX_ATTEMPTS:
            return Verdict(action="dead", cause=cause)
        after_s = error.retry_after_s if isinstance(error, Unavailable) else None
        return Verdict(
            action="again", cause=cause, after_s=after_s or backoff_s(attempt, cap_s=CAP_S)
        )
    if transient(error):
        return Verdict(action="again", cause=cause, after_s=backoff_s(attempt, cap_s=CAP_S))
    place = DeadlinePassed.__name__ if isinstance(error, DeadlinePassed) else place_of(error)
    if place == failed_at or (failed_at is not None and attempt >= MAX_ATTEMPTS):
        return Verdict(action="dead", cause=cause, failed_at=place)
    return Verdict(
        action="again", cause=cause, after_s=backoff_s(attempt, cap_s=CAP_S), failed_at=place
    )


def _worst(error: Exception) -> Exception:
    """The error itself; of a group, the one least likely to succeed on a retry."""
    if not isinstance(error, ExceptionGroup):
        return error
    leaves = [_worst(leaf) for leaf in cast("ExceptionGroup[Exception]", error).exceptions]
    return next((e for e in leaves if not (isinstance(e, Unavailable) or transient(e))), leaves[0])


def transient(error: Exception) -> bool:
    """Whether the database is unreachable, or reports a conflict that a retry resolves."""
    if isinstance(error, OSError) and not isinstance(
        error, (ConnectionError, TimeoutError, socket.gaierror)
    ):
        return error.errno in _NETWORK  # a missing file is no outage
    passing = (DeadlockDetectedError, SerializationError, LockNotAvailableError, *DATABASE_AWAY)
    return isinstance(error, passing) and not refused_by_driver(error)


def refused_by_driver(error: Exception) -> bool:
    """Whether the driver refused a value before it queried the database: it uses the same class for
    broken connections."""
    return isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)


def place_of(error: Exception) -> str:
    """The innermost line of our code in the traceback, with the error's type."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [
        f
        for f in frames
        if Path(f.filename).is_relative_to(_OURS) and "site-packages" not in f.filename
    ] or frames
    if not ours:
        return type(error).__name__
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}:{type(error).__name__}"
