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
# the source that has answered once every list of RentProg was read to its end
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
    """What became of one record, and its changed fields as [old, new]."""

    outcome: Outcome
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict[str, tuple[Any, Any]])


async def read_whole(reader: Reader) -> bool:
    """Whether RentProg was ever read whole: until then what we lack may stand there all the
    same."""
    return (await sources.read(reader, READ_WHOLE))[0].last_ok_at is not None


async def announced_by_first_load(tx: Tx, incoming: Incoming, *, new: bool) -> bool:
    """Whether a save is no news in itself, since `mirror.loaded` will tell of everything that is
    there.

    So it is with a record that is new to us alone, and with a line of a list, while RentProg was
    never read whole; not with what somebody makes or changes meanwhile. To be asked before the row
    is written.
    """
    return (incoming.listed or (new and not incoming.made)) and await first_load(tx)


async def first_load(tx: Tx) -> bool:
    """Whether RentProg was never read whole; if so it is not before this transaction ends. To be
    asked before rows are written."""
    if await read_whole(tx):
        return False
    await tx.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 7))", READ_WHOLE)
    return not await read_whole(tx)


async def end_first_load(tx: Tx, now: datetime) -> bool:
    """From this transaction's end on RentProg counts as read whole; false when it did before."""
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
    """The stored raw record with the incoming one laid over it, as it can be stored: equal to
    itself when it is read again."""
    result = dict(stored or {})
    for name, value in incoming.raw.items():
        blank = value is None or (isinstance(value, str) and value.strip() in ("", "null"))
        if not blank:
            result[str(storable(name))] = storable(value)
    for name in incoming.cleared:
        result.pop(str(storable(name)), None)
    return result


def fits(change: Change, stored: Mapping[str, Any]) -> bool:
    """Whether an update's old values are what we hold; if not, something came out of order or was
    lost."""
    return all(
        _same(stored.get(str(storable(name))), storable(old)) for name, old in change.before.items()
    )


def _same(ours: Any, theirs: Any) -> bool:
    if theirs in (None, "", "null"):
        return ours in (None, "", "null")
    return ours == theirs or str(ours) == str(theirs)  # 1, 1.0 and "1" are the same
