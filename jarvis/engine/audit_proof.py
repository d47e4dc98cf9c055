"""The proof of the audit: every link is computed anew, here and not in the database; signed heads show a cut or rewritten tail."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from jarvis.engine.db import Database, Row
from jarvis.kit.canon import canonical, loads
from jarvis.kit.errors import InvalidRequest

PAGE = 10_000
LATEST = "audit/heads/latest.json"

_ROWS = """SELECT e.n, e.id::text, (extract(epoch FROM e.at) * 1000000)::bigint::text AS at, e.action,
                  coalesce(e.actor_employee_id::text, '') AS actor, e.outcome, coalesce(e.event_id::text, '') AS event,
                  coalesce(e.effect_id::text, '') AS effect, coalesce(e.trace_id, '') AS trace, e.payload_hash, e.hash, p.salt, p.body
             FROM audit_entry e LEFT JOIN audit_payload p ON p.audit_entry_id = e.id
            WHERE e.shard = $1 AND e.n > $2 AND e.n <= $3 ORDER BY e.n LIMIT $4"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing that does not hold, with the first row where it shows."""

    shard: int
    n: int
    entry: str | None
    what: str

    def __str__(self) -> str:
        return f"chain {self.shard}, row {self.n}{f' ({self.entry})' if self.entry else ''}: {self.what}"


@dataclass(slots=True, kw_only=True)
class Proof:
    """The outcome of a verification: rows looked at, payloads erased on record, flaws by chain."""

    rows: int = 0
    erased: int = 0
    flaws: list[Flaw] = field(default_factory=list[Flaw])

    @property
    def whole(self) -> bool:
        return not self.flaws


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The heads of all chains at a moment, signed with a key that is not in the database."""

    at: datetime
    heads: Mapping[int, tuple[int, str]]

    def signed(self, key: str) -> str:
        """As JSON text with its signature."""
        body = {"at": self.at.isoformat(), "heads": [[shard, n, digest] for shard, (n, digest) in sorted(self.heads.items())]}
        return canonical({**body, "mac": _mac(body, key)})

    @classmethod
    def read(cls, text: str, key: str) -> Seal:
        """A seal from its text.

        Raises:
            InvalidRequest: no seal, or not signed with this key.
        """
        try:
            body: dict[str, Any] = json.loads(text)
            mac = str(body.pop("mac"))
            heads = {int(shard): (int(n), str(digest)) for shard, n, digest in body["heads"]}
            at = datetime.fromisoformat(body["at"])
        except (ValueError, LookupError, TypeError):
            raise InvalidRequest("the sealed heads cannot be read") from None
        if not hmac.compare_digest(mac, _mac(body, key)):
            raise InvalidRequest("the sealed heads are not signed with this key (JARVIS_SECRET)")
        return cls(at=at, heads=heads)


def _mac(body: Mapping[str, Any], key: str) -> str:
    return hmac.new(f"audit-heads:{key}".encode(), canonical(body).encode(), sha256).hexdigest()


async def heads(db: Database) -> Seal:
    """The present heads of the chains that have rows."""
    rows = await db.fetch("SELECT shard, n, hash FROM audit_head WHERE n > 0 ORDER BY shard")
    return Seal(at=datetime.now(UTC), heads={r["shard"]: (r["n"], r["hash"].hex()) for r in rows})


async def broken_by(db: Database, seal: Seal) -> Flaw | None:
    """The first sealed head that the database no longer holds."""
    for shard, (n, digest) in sorted(seal.heads.items()):
        found = await db.fetchval("SELECT hash FROM audit_entry WHERE shard = $1 AND n = $2", shard, n)
        if found is None:
            return Flaw(shard=shard, n=n, entry=None, what="sealed, but gone: the tail was cut")
        if found.hex() != digest:
            return Flaw(shard=shard, n=n, entry=None, what="sealed with another hash: the tail was rewritten")
    return None


async def verify(db: Database, *, seals: Sequence[Seal] = ()) -> Proof:
    """Compute every link of every chain anew; writers may go on meanwhile: each chain is looked at up to its head of now."""
    proof = Proof()
    missing: dict[str, Flaw] = {}
    erased: set[str] = set()
    last = await db.fetch("SELECT shard, n, hash FROM audit_head ORDER BY shard")
    for head in last:
        await _chain(db, head, proof, missing, erased)
    for entry, flaw in missing.items():
        if entry in erased:
            proof.erased += 1
        else:
            proof.flaws.append(flaw)
    stray = await db.fetchrow(
        """SELECT e.shard, e.n, e.id::text FROM audit_entry e LEFT JOIN audit_head h ON h.shard = e.shard
            WHERE h.shard IS NULL OR e.n < 1 LIMIT 1"""
    )
    if stray is not None:
        proof.flaws.append(Flaw(shard=stray["shard"], n=stray["n"], entry=stray["id"], what="outside every chain"))
    for seal in seals:
        if (flaw := await broken_by(db, seal)) is not None:
            proof.flaws.append(flaw)
    return proof


async def _chain(db: Database, head: Row, proof: Proof, missing: dict[str, Flaw], erased: set[str]) -> None:
    shard, upto, prev, n = head["shard"], head["n"], b"", 0
    while n < upto:
        rows = await db.fetch(_ROWS, shard, n, upto, PAGE)
        if not rows:
            break
        for row in rows:
            n += 1
            link = _link(prev, shard, n, row)
            if link != row[10]:
                what = "missing" if row[0] != n else "the link does not hold: a field or an earlier row changed"
                proof.flaws.append(Flaw(shard=shard, n=n, entry=None if row[0] != n else row[1], what=what))
                return
            prev = link
            if row[3] == "audit.erase":
                erased.add(row[5])
            if row[12] is None:
                missing[row[1]] = Flaw(shard=shard, n=n, entry=row[1], what="its words are gone without an erasure on record")
            elif not _holds(row[11], row[12], row[9]):
                proof.flaws.append(Flaw(shard=shard, n=n, entry=row[1], what="its words were changed"))
        proof.rows += len(rows)
    if n < upto:
        proof.flaws.append(Flaw(shard=shard, n=n + 1, entry=None, what="missing: the chain ends before its head"))
    elif prev != head["hash"]:
        proof.flaws.append(Flaw(shard=shard, n=n, entry=None, what="the head has another hash than its last row"))


def _link(prev: bytes, shard: int, n: int, row: Row) -> bytes:
    """The hash of one row as `audit_link` in the database defines it; a row out of its place gives another."""
    _, entry, at, action, actor, outcome, event, effect, trace, payload, *_ = row
    place, number = str(shard), str(n)
    text = (
        f"{len(entry)}:{entry}{len(place)}:{place}{len(number)}:{number}{len(at)}:{at}{_octets(action)}:{action}{len(actor)}:{actor}"
        f"{_octets(outcome)}:{outcome}{len(event)}:{event}{len(effect)}:{effect}"
        f"{_octets(trace)}:{trace}{2 * len(payload)}:{payload.hex()}"
    )
    return sha256(prev + text.encode()).digest()


def _octets(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _holds(salt: bytes, body: str, digest: bytes) -> bool:
    """Whether words are those that were hashed, in whichever order and spelling of numbers JSON was written again."""
    if sha256(salt + body.encode()).digest() == digest:
        return True
    try:
        return sha256(salt + canonical(loads(body)).encode()).digest() == digest
    except (ValueError, InvalidRequest):
        return False
