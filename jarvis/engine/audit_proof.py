"""Verification of the audit: every hash is recomputed here, not in the database, and compared with
the signed checkpoint.

A chain is walked up to the highest of its head, its signed number and its rows. Rows beyond the
newest checkpoint are consistent but could have been rewritten by anyone with the owner's rights;
the proof counts them.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Coroutine, Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from jarvis.engine import audit
from jarvis.engine.audit_chain import ROWS, Chain, Flaw, moment_of
from jarvis.engine.audit_checkpoints import EVERY_S, Checkpoint, Checkpoints, erasure
from jarvis.engine.db import Database, Reader, Row
from jarvis.kit.errors import Rejected, Unavailable

CHAINS = 64
PAGE = 2_000  # rows; hashing them keeps the loop for about ten milliseconds
AHEAD = 2  # pages asked for at once
# an older unsigned row means that no checkpoints are being made
LATE = timedelta(seconds=2 * EVERY_S)
_ERASURE = re.compile(r"^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?: ([0-9a-f]{64}))?$")

_CHAINS = """SELECT s.shard, h.n, h.hash, coalesce(r.top, 0) AS top
               FROM generate_series(0, $1::int - 1) AS s (shard) LEFT JOIN audit_head h
                 ON h.shard = s.shard
               LEFT JOIN LATERAL (SELECT max(n) AS top FROM audit_entry e WHERE e.shard = s.shard) r
                 ON true ORDER BY s.shard"""

_OUTSIDE = """SELECT shard, n, id::text AS entry FROM audit_entry
               WHERE shard IS NULL OR shard < 0 OR shard >= $1 OR n IS NULL OR n < 1
              UNION ALL SELECT shard, n, NULL FROM audit_head WHERE shard IS NULL OR shard < 0
                OR shard >= $1"""


@dataclass(slots=True, kw_only=True)
class Proof:
    """The outcome of a verification.

    `rows`: rows verified; `erased`: rows among them with a recorded erasure. `unsigned`: rows
    beyond `checkpoint`, the oldest of them added at `unsigned_since`. `begun`: when checkpoints
    were restarted, the oldest first. `unread`: why storage could not be read; nothing is known of
    checkpoints then.
    """

    rows: int = 0
    erased: int = 0
    flaws: list[Flaw] = field(default_factory=list[Flaw])
    checkpoint: Checkpoint | None = None
    unsigned: int = 0
    unsigned_since: datetime | None = None
    begun: list[datetime] = field(default_factory=list[datetime])
    unread: str | None = None

    @property
    def whole(self) -> bool:
        """Whether no flaw was found in the rows that were verified."""
        return not self.flaws

    def late(self, now: datetime) -> bool:
        """Whether rows wait for their checkpoint for longer than two of its intervals."""
        return self.unsigned_since is not None and now - self.unsigned_since > LATE


async def identity(reader: Reader) -> tuple[str, int]:
    """The identity of this database, and the highest checkpoint number that its audit records (0:
    none).

    Raises:
        Rejected: the audit has no name, or two.
    """
    rows = await reader.fetch("SELECT id::text FROM audit_database")
    if len(rows) != 1:
        raise Rejected(
            "Audit", f"the table audit_database has {len(rows)} rows instead of one: it was changed"
        )
    database = rows[0]["id"]
    recorded = await reader.fetchval(
        """SELECT max(split_part(outcome, ' ', 2)::bigint) FROM audit_entry
            WHERE action = 'audit.checkpoint' AND outcome ~ ('^' || $1::text || ' [0-9]{1,15}$')""",
        database,
    )
    return database, recorded or 0


async def prove(db: Database, checkpoints: Checkpoints, *, quick: bool = False) -> Proof:
    """Verify every chain against the newest checkpoint in storage; without storage only the chains
    are verified.

    `quick` starts each chain at its signed row.

    The order of reads matters with concurrent writers: checkpoint entries of the audit, then
    storage, then the chains.
    """
    unread, flaws, checkpoint = None, list[str](), None
    try:
        database, recorded = await identity(db)
        found = await checkpoints.find(database, recorded)
        flaws, checkpoint = found.flaws, found.checkpoint
    except Unavailable as error:
        unread = str(error)
    except Rejected as error:
        flaws = [str(error)]
    proof = await _walk(db, checkpoint, checkpoints.key, since=checkpoint if quick else None)
    proof.unread = unread
    proof.flaws[:0] = [Flaw(shard=None, n=None, entry=None, what=flaw) for flaw in flaws]
    return proof


async def verify(
    db: Reader, *, checkpoint: Checkpoint | None = None, key: str | None = None
) -> Proof:
    """Recompute every hash of every chain and compare it with a checkpoint; writers may continue
    meanwhile.

    Args:
        db: The database; it is only read.
        checkpoint: What was signed; without it a truncated tail or a complete rewrite is not
            detected.
        key: The key of the signatures of erasures; without it any recorded erasure counts.
    """
    return await _walk(db, checkpoint, key, since=None)


async def take_checkpoint(db: Database, checkpoints: Checkpoints) -> Checkpoint:
    """Verify every row since the newest checkpoint, then sign the present heads and store them.

    Raises:
        Rejected: storage or a chain was altered; nothing is signed.
        Unavailable: storage does not answer.
    """
    database, recorded = await identity(db)
    found = await checkpoints.find(database, recorded)
    if found.flaws:
        raise Rejected("Audit", f"no checkpoint: {found.flaws[0]}")
    heads = dict[int, tuple[int, str]]()
    proof = await _walk(db, found.checkpoint, checkpoints.key, since=found.checkpoint, heads=heads)
    if proof.flaws:
        raise Rejected("Audit", f"no checkpoint: {proof.flaws[0]}")
    return await _add(
        db, checkpoints, database, found.checkpoint.number + 1 if found.checkpoint else 1, heads
    )


async def begin_checkpoints(
    db: Database, checkpoints: Checkpoints, *, by_name: str, reason: str, by: UUID | None = None
) -> Checkpoint:
    """Start a new series of checkpoints from the present chains: after the key was changed, a
    backup was restored or a database emptied. Flaws found until then are recorded in the audit.

    Raises:
        Rejected: the database has no identity, or there is no key.
        Unavailable: storage does not answer.
    """
    database, recorded = await identity(db)
    if not checkpoints.key:
        raise Rejected("Audit", "JARVIS_SECRET is not set")
    found = await checkpoints.find(database, recorded)
    number = await checkpoints.free_number(
        database, max(recorded, found.checkpoint.number if found.checkpoint else 0)
    )
    details = {"reason": reason, "instead_of": str(found.checkpoint or ""), "flaws": found.flaws}
    await audit.record(
        db,
        action="audit.begin",
        actor_id=by,
        actor_name=by_name,
        outcome=str(number),
        details=details,
    )
    await _sign_erasures(db, checkpoints.key)
    rows = await db.fetch("SELECT shard, n, hash FROM audit_head WHERE n > 0")
    made = await _add(
        db, checkpoints, database, number, {r["shard"]: (r["n"], r["hash"].hex()) for r in rows}
    )
    await checkpoints.bind(database)
    return made


async def _sign_erasures(db: Database, key: str) -> None:
    """Record erasures signed with an earlier key again, signed with the present one."""
    outcomes = [
        r["outcome"]
        for r in await db.fetch("SELECT outcome FROM audit_entry WHERE action = 'audit.erase'")
    ]
    signed = {_erased(outcome, key) for outcome in outcomes}
    for entry in sorted(
        {whose for outcome in outcomes if (whose := _erased(outcome, None))} - signed
    ):
        await audit.record(
            db, action="audit.erase", actor_name="Jarvis", outcome=f"{entry} {erasure(entry, key)}"
        )


async def _add(
    db: Database,
    checkpoints: Checkpoints,
    database: str,
    number: int,
    heads: Mapping[int, tuple[int, str]],
) -> Checkpoint:
    """Storage first: the audit entry of a checkpoint asserts that storage has it."""
    made = Checkpoint(database=database, number=number, at=datetime.now(UTC), heads=dict(heads))
    await checkpoints.add(made)
    await audit.record(
        db,
        action="audit.checkpoint",
        actor_name="Jarvis",
        outcome=f"{database} {number}",
        details={"rows": made.rows},
    )
    return made


async def _walk(
    db: Reader,
    checkpoint: Checkpoint | None,
    key: str | None,
    *,
    since: Checkpoint | None,
    heads: dict[int, tuple[int, str]] | None = None,
) -> Proof:
    """Verify every chain, from its beginning or from a checkpoint; `heads` receives the end of
    each."""
    proof = Proof(checkpoint=checkpoint)
    chains = await _chains(db, checkpoint, proof)
    if since is not None:
        await _skip(db, chains, since, proof)
    await _take_all(db, chains)
    missing, erasures = dict[str, Flaw](), list[tuple[Chain, int, str, str]]()
    oldest, begun = list[int](), list[int]()
    for chain in chains:
        chain.end()
        proof.flaws += chain.flaws
        proof.rows += chain.rows
        proof.unsigned += max(0, chain.n - (chain.signed[0] if chain.signed else 0))
        oldest += [chain.unsigned_since] if chain.unsigned_since is not None else []
        begun += chain.begun
        missing |= chain.missing
        erasures += [(chain, *found) for found in chain.erasures]
        if heads is not None and chain.n:
            heads[chain.shard] = (chain.n, chain.prev.hex())
    proof.unsigned_since = moment_of(min(oldest)) if oldest else None
    proof.begun = [at for at in map(moment_of, sorted(begun)) if at is not None]
    await _words(db, missing, erasures, key, proof)
    for row in await db.fetch(f"{_OUTSIDE} LIMIT 10", CHAINS):
        what = (
            "outside every chain"
            if row["entry"]
            else f"a head of a chain that never existed: there are {CHAINS}, from 0 on"
        )
        proof.flaws.append(Flaw(shard=row["shard"], n=row["n"], entry=row["entry"], what=what))
    return proof


async def _chains(db: Reader, checkpoint: Checkpoint | None, proof: Proof) -> list[Chain]:
    """All chains in one snapshot, each up to the highest of its head, its signed number and its
    rows."""
    chains = dict[int, Chain]()
    for row in await db.fetch(_CHAINS, CHAINS):
        shard = row["shard"]
        if shard in chains:
            proof.flaws.append(
                Flaw(shard=shard, n=row["n"], entry=None, what="this chain has two heads")
            )
            continue
        signed = checkpoint.heads.get(shard) if checkpoint else None
        head = None if row["n"] is None else (row["n"], row["hash"] or b"")
        upto = max(row["top"], head[0] if head else 0, signed[0] if signed else 0)
        chains[shard] = Chain(
            shard=shard,
            upto=upto,
            top=row["top"],
            head=head,
            signed=signed,
            checkpoint=str(checkpoint),
        )
    return list(chains.values())


async def _skip(db: Reader, chains: list[Chain], since: Checkpoint, proof: Proof) -> None:
    """Start each chain at its signed row, which must still exist."""
    for chain in chains:
        if chain.signed is None:
            continue
        n, digest = chain.signed
        found = await db.fetchval(
            "SELECT hash FROM audit_entry WHERE shard = $1 AND n = $2", chain.shard, n
        )
        if found is None or found.hex() != digest:
            what = (
                "gone: the tail was cut" if found is None else "written anew: it has another hash"
            )
            proof.flaws.append(
                Flaw(shard=chain.shard, n=n, entry=None, what=f"signed in {since}, and {what}")
            )
            chain.broken = True
            continue
        chain.n, chain.prev = n, found


async def _take_all(db: Reader, chains: list[Chain]) -> None:
    """The database reads the next page while this one is hashed; within one transaction they run
    one after the other."""
    ahead = AHEAD if isinstance(db, Database) else 1
    coming = deque[tuple[Chain, int, asyncio.Task[list[Row]]]]()
    pages = _pages(db, chains)
    try:
        while True:
            while len(coming) < ahead and (page := next(pages, None)) is not None:
                chain, upto, fetch = page
                coming.append((chain, upto, asyncio.create_task(fetch)))
            if not coming:
                return
            chain, upto, fetched = coming.popleft()
            chain.take(await fetched, upto)
    finally:
        for *_, task in coming:
            task.cancel()
        await asyncio.gather(*(task for *_, task in coming), return_exceptions=True)


def _pages(
    db: Reader, chains: list[Chain]
) -> Generator[tuple[Chain, int, Coroutine[Any, Any, list[Row]]]]:
    """The pages of every chain by row number; a chain that is broken or finished yields no more."""
    for chain in chains:
        for after in range(chain.n, chain.upto, PAGE):
            if chain.broken or chain.ended:
                break
            upto = min(after + PAGE, chain.upto)
            yield chain, upto, db.fetch(ROWS, chain.shard, after, upto)


async def _words(
    db: Reader,
    missing: dict[str, Flaw],
    erasures: list[tuple[Chain, int, str, str]],
    key: str | None,
    proof: Proof,
) -> None:
    """A missing payload needs a recorded erasure signed with the key; a recorded erasure needs a
    missing payload."""
    erased = {whose for *_, outcome in erasures if (whose := _erased(outcome, key)) is not None}
    for chain, n, entry, outcome in erasures:
        if _erased(outcome, key) is None and _erased(outcome, None) not in erased:
            what = "an erasure that is not signed with this key: it is forged"
            proof.flaws.append(Flaw(shard=chain.shard, n=n, entry=entry, what=what))
    if open_ := missing.keys() - erased:  # erased after the chains were read
        later = await db.fetch(
            "SELECT outcome FROM audit_entry WHERE action = 'audit.erase' AND split_part(outcome, "
            "' ', 1) = ANY($1)",
            list(open_),
        )
        erased |= {whose for row in later if (whose := _erased(row["outcome"], key))}
    for entry, flaw in missing.items():
        if entry in erased:
            proof.erased += 1
        else:
            proof.flaws.append(flaw)
    back = await db.fetch(
        "SELECT e.shard, e.n, e.id::text FROM audit_payload p JOIN audit_entry e ON e.id = "
        "p.audit_entry_id WHERE e.id = ANY($1)",
        [UUID(entry) for entry in erased],
    )
    proof.flaws += [
        Flaw(
            shard=r["shard"],
            n=r["n"],
            entry=r["id"],
            what="its words were erased on record, and are there again",
        )
        for r in back
    ]


def _erased(outcome: str, key: str | None) -> str | None:
    """The entry that an erasure names; None when it is not signed with the key."""
    found = _ERASURE.match(outcome)
    if found is None or (key is not None and found[2] != erasure(found[1], key)):
        return None
    return found[1]
