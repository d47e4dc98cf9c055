"""Keeping our rows equal to a vendor's record: absent never wipes, only an explicit old → nothing
does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from jarvis.engine import sources
from jarvis.engine.db import Reader, Tx
from jarvis.engine.failures import Unparsable
from jarvis.integrations.rentprog.models import SYSTEM
from jarvis.integrations.rentprog.webhook import Change, UnreadableHook, read
from jarvis.kit.text import storable

SOURCE = "rentprog"
# the source reported as answering once all lists of RentProg were read completely
READ_WHOLE = f"{SYSTEM} read whole"
LOADED = "mirror.loaded"

Outcome = Literal["created", "updated", "unchanged", "stale"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A record as read: what it says, what it clears, and when it was read (business time).

    `made`: somebody made it in RentProg just now. `listed`: it is a line of a list that is walked
    through.
    """

    raw: Mapping[str, Any]
    cleared: frozenset[str] = frozenset()
    read_at: datetime
    from_api: bool = False
    made: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The outcome of saving one record, with its changed fields as [old, new]."""

    outcome: Outcome
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])


async def read_whole(reader: Reader) -> bool:
    """Whether RentProg was ever loaded completely: until then a record missing here may exist
    there."""
    return (await sources.read(reader, READ_WHOLE))[0].last_ok_at is not None


async def announced_by_first_load(tx: Tx, incoming: Incoming, *, new: bool) -> bool:
    """Whether a save publishes no event of its own, since `mirror.loaded` will report everything
    that exists.

    True, until RentProg was loaded completely, for records that are new only to us and for lines of
    a list; false for what somebody creates or changes meanwhile. Call before the row is written.
    """
    return (incoming.listed or (new and not incoming.made)) and await first_load(tx)


async def first_load(tx: Tx) -> bool:
    """Whether RentProg was never loaded completely; if so, this stays true until this transaction
    ends. Call before rows are written."""
    if await read_whole(tx):
        return False
    await tx.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 7))", READ_WHOLE)
    return not await read_whole(tx)


async def end_first_load(tx: Tx, now: datetime) -> bool:
    """Mark RentProg as completely loaded from the end of this transaction on; false when it was
    before."""
    if await read_whole(tx):
        return False
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 7))", READ_WHOLE)
    if await read_whole(tx):
        return False
    await sources.report_ok(tx, READ_WHOLE, now)
    return True


def hook(body: bytes) -> Change:
    """A webhook's change; an unreadable one is parked with its raw body."""
    try:
        return read(body)
    except UnreadableHook as error:
        raise Unparsable(f"{SYSTEM} webhook: {error}") from None


def merged(stored: Mapping[str, Any] | None, incoming: Incoming) -> dict[str, Any]:
    """The stored raw record updated with the incoming one, normalised so that it equals itself when
    read back."""
    result = dict(stored or {})
    for name, value in incoming.raw.items():
        blank = value is None or (isinstance(value, str) and value.strip() in ("", "null"))
        if not blank:
            result[str(storable(name))] = storable(value)
    for name in incoming.cleared:
        result.pop(str(storable(name)), None)
    return result


def fits(change: Change, stored: Mapping[str, Any]) -> bool:
    """Whether an update's old values match ours; if not, an update was reordered or lost."""
    return all(
        _same(stored.get(str(storable(name))), storable(old)) for name, old in change.before.items()
    )


def _same(ours: Any, theirs: Any) -> bool:
    if theirs in (None, "", "null"):
        return ours in (None, "", "null")
    return ours == theirs or str(ours) == str(theirs)  # 1, 1.0 and "1" are the same
