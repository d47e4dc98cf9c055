"""One chain of the audit: its hashes recomputed row by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from jarvis.engine.db import Row
from jarvis.kit.canon import canonical, loads
from jarvis.kit.errors import InvalidRequest

_EPOCH_2000_US = 946_684_800_000_000

# Times as the database stores them (microseconds since 2000): exact, and infinity is only another
# number.
ROWS = """SELECT e.n, e.id::text, coalesce(timestamptz_send(e.at), ''), coalesce(e.action, ''),
                  coalesce(e.actor_employee_id::text, ''), coalesce(e.outcome, ''),
                    coalesce(e.event_id::text, ''),
                  coalesce(e.effect_id::text, ''), coalesce(e.trace_id, ''),
                    coalesce(e.payload_hash, ''), coalesce(e.hash, ''),
                  coalesce(p.salt, ''), p.body
             FROM audit_entry e LEFT JOIN audit_payload p ON p.audit_entry_id = e.id
            WHERE e.shard = $1 AND e.n > $2 AND e.n <= $3 ORDER BY e.n"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One integrity failure, with the first row where it shows; `shard` is None for failures
    outside the chains."""

    shard: int | None
    n: int | None
    entry: str | None
    what: str

    def __str__(self) -> str:
        if self.shard is None:
            return self.what
        return (
            f"chain {self.shard}, row {self.n}{f' ({self.entry})' if self.entry else ''}: "
            f"{self.what}"
        )


@dataclass(slots=True, kw_only=True)
class Chain:
    """The verification of one chain from row `n` to row `upto`. `top` is the highest number of its
    rows; `head` is its head at the start (None: the row is missing) and `signed` what `checkpoint`
    signed, each as (number, hash)."""

    shard: int
    upto: int
    top: int
    head: tuple[int, bytes] | None
    signed: tuple[int, str] | None
    checkpoint: str
    n: int = 0
    prev: bytes = b""
    broken: bool = False
    ended: bool = False
    rows: int = 0
    unsigned_since: int | None = None
    flaws: list[Flaw] = field(default_factory=list[Flaw])
    missing: dict[str, Flaw] = field(default_factory=dict[str, Flaw])
    erasures: list[tuple[int, str, str]] = field(default_factory=list[tuple[int, str, str]])
    begun: list[int] = field(default_factory=list[int])

    def take(self, rows: list[Row], upto: int) -> None:
        """Verify rows in order up to a number; stops at the first that does not match."""
        if self.broken or self.ended:
            return
        last = self.signed[0] if self.signed else 0
        prev, n, place = self.prev, self.n, f"{len(str(self.shard))}:{self.shard}"
        for row in rows:
            n += 1
            link = sha256(prev + _text(row, place, str(n))).digest()
            if link != row[10]:
                gone = row[0] != n
                what = (
                    "missing"
                    if gone
                    else "the link does not hold: a field was changed, or rows changed their places"
                )
                self._flaw(n, None if gone else row[1], what)
                self.broken = True
                break
            self.n, self.prev = n, link
            prev = link
            if n == last:
                self._signed(link, row[1])
            elif n == last + 1:
                self.unsigned_since = _micros(row[2])
            if row[12] is None:
                self.missing[row[1]] = Flaw(
                    shard=self.shard,
                    n=n,
                    entry=row[1],
                    what="its words are gone without an erasure on record",
                )
            elif sha256(row[11] + row[12].encode()).digest() != row[9] and not _equal_json(
                row[11], row[12], row[9]
            ):
                self._flaw(n, row[1], "its words were changed")
            if row[3] == "audit.erase":
                self.erasures.append((n, row[1], row[5]))
            elif row[3] == "audit.begin":
                self.begun.append(_micros(row[2]))
            self.rows += 1
        self.ended = self.n < upto

    def end(self) -> None:
        """Compare the end of the chain with its head and with the checkpoint."""
        if self.head is None:
            self._flaw(self.n, None, "the head of this chain is gone")
        if self.broken:
            return
        if self.signed is not None and self.n < self.signed[0]:
            self._flaw(
                self.n + 1,
                None,
                f"gone up to row {self.signed[0]}, which {self.checkpoint} signed: the tail was "
                f"cut",
            )
        if self.n < self.top:
            self._flaw(self.n + 1, None, f"missing: the rows go on to {self.top}")
        if self.head is None:
            return
        if self.n < self.head[0]:
            self._flaw(self.n + 1, None, "missing: the chain ends before its head")
        elif self.n > self.head[0]:
            self._flaw(
                self.n,
                None,
                f"the head was set back to row {self.head[0]}, the rows go on to this one",
            )
        elif self.prev != self.head[1]:
            self._flaw(self.n, None, "the head has another hash than its last row")

    def _signed(self, link: bytes, entry: str) -> None:
        assert self.signed is not None
        if link.hex() != self.signed[1]:
            self._flaw(
                self.n,
                entry,
                f"{self.checkpoint} signed another hash: the rows up to here were written anew",
            )

    def _flaw(self, n: int, entry: str | None, what: str) -> None:
        self.flaws.append(Flaw(shard=self.shard, n=n, entry=entry, what=what))


def _text(row: Row, place: str, number: str) -> bytes:
    """The bytes that `audit_link` in the database hashes for a row: every field prefixed by its
    length in octets."""
    _, entry, moment, action, actor, outcome, event, effect, trace, payload, *_ = row
    at = str(_micros(moment))
    text = (
        f"{len(entry)}:{entry}{place}{len(number)}:{number}{len(at)}:{at}"
        f"{len(action)}:{action}{len(actor)}:{actor}"
        f"{len(outcome)}:{outcome}{len(event)}:{event}{len(effect)}:{effect}{len(trace)}:{trace}"
        f"{2 * len(payload)}:{payload.hex()}"
    )
    if text.isascii():
        return text.encode()
    fields = (
        entry.encode(),
        None,
        number.encode(),
        at.encode(),
        action.encode(),
        actor.encode(),
        outcome.encode(),
        event.encode(),
        effect.encode(),
        trace.encode(),
        payload.hex().encode(),
    )
    return b"".join(
        place.encode() if field is None else b"%d:%b" % (len(field), field) for field in fields
    )


def _micros(moment: bytes) -> int:
    return int.from_bytes(moment, "big", signed=True) + _EPOCH_2000_US


def moment_of(micros: int) -> datetime | None:
    """The time of a row; None when it is not a valid time."""
    try:
        return datetime.fromtimestamp(micros / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):  # infinity
        return None


def _equal_json(salt: bytes, body: str, digest: bytes) -> bool:
    """Whether a payload equals the hashed one except for key order and number spelling in its
    JSON."""
    try:
        return sha256(salt + canonical(loads(body)).encode()).digest() == digest
    except (ValueError, InvalidRequest, RecursionError):
        return False
