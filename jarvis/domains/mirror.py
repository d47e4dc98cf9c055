"""Keeping our rows equal to a vendor's record: absent never wipes, only an explicit old → nothing does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from jarvis.engine.worker import Unparsable
from jarvis.integrations.rentprog.models import SYSTEM
from jarvis.integrations.rentprog.webhook import Change, UnreadableHook, read
from jarvis.kit.clock import Clock
from jarvis.kit.text import storable

SOURCE = "rentprog"
FRESH_FOR = timedelta(minutes=15)

Outcome = Literal["created", "updated", "unchanged", "stale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A record as read: what it says, what it clears, and when it was read (business time)."""

    raw: Mapping[str, Any]
    cleared: frozenset[str] = frozenset()
    read_at: datetime
    from_api: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Age and origin of what is shown; `failing_since` is set while the source does not answer."""

    source: str
    as_of: datetime | None
    failing_since: datetime | None = None

    def stale(self, clock: Clock) -> bool:
        """Whether it must be said to be old."""
        return self.as_of is None or clock.now() - self.as_of > FRESH_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of one record, and its changed fields as [old, new]."""

    outcome: Outcome
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])


def hook(body: bytes) -> Change:
    """A webhook's change; an unreadable one is parked with its raw body."""
    try:
        return read(body)
    except UnreadableHook as error:
        raise Unparsable(f"{SYSTEM} webhook: {error}") from None


def merged(stored: Mapping[str, Any] | None, incoming: Incoming) -> dict[str, Any]:
    """The stored raw record with the incoming one laid over it, as it can be stored: equal to itself when it is read again."""
    result = dict(stored or {})
    for name, value in incoming.raw.items():
        blank = value is None or (isinstance(value, str) and value.strip() in ("", "null"))
        if not blank:
            result[str(storable(name))] = storable(value)
    for name in incoming.cleared:
        result.pop(str(storable(name)), None)
    return result


def fits(change: Change, stored: Mapping[str, Any]) -> bool:
    """Whether an update's old values are what we hold; if not, something came out of order or was lost."""
    return all(_same(stored.get(str(storable(name))), storable(old)) for name, old in change.before.items())


def _same(ours: Any, theirs: Any) -> bool:
    if theirs in (None, "", "null"):
        return ours in (None, "", "null")
    return ours == theirs or str(ours) == str(theirs)  # 1, 1.0 and "1" are the same
