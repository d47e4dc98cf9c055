"""An audit with its checkpoints in a folder, and the ways to forge it that its owner's rights, and
those over storage, allow."""

from __future__ import annotations

import json
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from jarvis.engine import audit
from jarvis.engine.audit_checkpoints import Checkpoints
from jarvis.engine.audit_proof import Proof, prove, take_checkpoint
from jarvis.engine.db import Database
from jarvis.integrations.storage.port import FsStorage

KEY = "a key that is not in the database"
TARGET = 7  # the chain that is forged: rows 1 to 6 are signed, 7 and 8 are not
BESIDE = 8
MEANWHILE = 9  # the application writes onto this one while the others are forged


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """A database's audit; `owner` may do anything to it, `folder` is its storage."""

    db: Database
    owner: asyncpg.Connection[Any]
    folder: Path
    storage: FsStorage
    checkpoints: Checkpoints

    async def honest(self, rows: int, shard: int = TARGET) -> None:
        """The application writes on, onto this chain, in a transaction of its own."""
        async with self.db.transaction() as tx:
            tx.audit_shard = shard
            for n in range(rows):
                await audit.record(
                    tx,
                    action="test",
                    actor_name="Нино",
                    outcome=f"ok {n}",
                    subject=f"№{n}",
                    details={"n": n},
                )

    async def begin(self) -> None:
        """Honest rows under a checkpoint, and some beyond it."""
        for shard in (TARGET, BESIDE, MEANWHILE):
            await self.honest(6, shard)
        async with self.owner.transaction():  # the checkpoint's own entry goes to another chain
            await self.owner.execute(
                "SELECT FROM audit_head WHERE shard = ANY($1) FOR UPDATE", [TARGET, BESIDE]
            )
            await take_checkpoint(self.db, self.checkpoints)
        for shard in (TARGET, BESIDE):
            await self.honest(2, shard)

    async def write_on(self) -> None:
        """One honest transaction after the other."""
        for _ in range(8):
            await self.honest(2, MEANWHILE)

    async def prove(self) -> Proof:
        return await prove(self.db, self.checkpoints)

    async def entry(self, n: int) -> UUID:
        return await self.owner.fetchval(
            "SELECT id FROM audit_entry WHERE shard = $1 AND n = $2", TARGET, n
        )

    @property
    def latest(self) -> Path:
        """The newest checkpoint in storage."""
        return next(self.folder.glob("audit/*/latest.json"))

    def numbered(self, number: int) -> Path:
        return self.latest.parent / "000000" / f"{number:09d}.json"


Forge = Callable[[Audited], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgery:
    """One way to forge. `found`: a pattern of what verify says of it. `stops`: the application
    cannot add to the chain afterwards; `signs`: the next checkpoint is made in spite of it, since
    it only looks at what is new."""

    name: str
    forge: Forge
    found: str
    stops: bool = False
    signs: bool = False


def _sql(*statements: str) -> Forge:
    async def forge(audited: Audited) -> None:
        async with audited.owner.transaction():
            # as a forger who does not want to be noticed
            await audited.owner.execute("LOCK TABLE audit_head IN EXCLUSIVE MODE")
            for statement in statements:
                await audited.owner.execute(statement)

    return forge


AT = f"shard = {TARGET} AND n"
WORDS = f"audit_entry_id = (SELECT id FROM audit_entry WHERE {AT} = 3)"
CUT = (
    f"DELETE FROM audit_payload WHERE audit_entry_id IN (SELECT id FROM audit_entry WHERE {AT} >= "
    f"4)",
    f"DELETE FROM audit_entry WHERE {AT} >= 4",
    f"UPDATE audit_head SET n = 3, hash = (SELECT hash FROM audit_entry WHERE {AT} = 3) WHERE "
    f"shard = {TARGET}",
)
HASHED_ANEW = f"""DO $$ DECLARE r audit_entry; prev bytea := '\\x'; BEGIN
  FOR r IN SELECT * FROM audit_entry WHERE shard = {TARGET} ORDER BY n LOOP
    prev := audit_link(prev, r.id, r.shard, r.n, r.at, r.action, r.actor_employee_id, r.outcome,
      r.event_id, r.effect_id,
                       r.trace_id, r.payload_hash);
    UPDATE audit_entry SET hash = prev WHERE id = r.id;
  END LOOP;
  UPDATE audit_head SET hash = prev WHERE shard = {TARGET}; END $$"""
FORGED_ROW = (
    f"SELECT audit_append({TARGET}::smallint, 'forged', NULL, 'forged', NULL, NULL, "
    f"NULL, '\\x00', '{{}}')"
)
EMPTIED = ("TRUNCATE audit_entry, audit_payload", "UPDATE audit_head SET n = 0, hash = '\\x'")
NO_CHECK = "ALTER TABLE audit_head DROP CONSTRAINT audit_head_shard"
SWAP = f"""UPDATE audit_payload p SET {{0}} FROM audit_payload q JOIN audit_entry e
            ON e.id = q.audit_entry_id
            WHERE p.audit_entry_id IN (SELECT id FROM audit_entry WHERE {AT} IN (3, 4))
              AND e.shard = {TARGET}
              AND e.n IN (3, 4) AND q.id <> p.id"""


async def _erasure_without_signature(audited: Audited) -> None:
    entry = await audited.entry(3)
    await audited.owner.execute("DELETE FROM audit_payload WHERE audit_entry_id = $1", entry)
    await audited.owner.execute(
        "SELECT audit_append(NULL, 'audit.erase', NULL, $1, NULL, NULL, NULL, '\\x00', '{}')",
        f"{entry} {'0' * 64}",
    )


async def _words_back(audited: Audited) -> None:
    entry = await audited.entry(3)
    kept = await audited.owner.fetchrow(
        "SELECT salt, body FROM audit_payload WHERE audit_entry_id = $1", entry
    )
    assert kept is not None
    await audit.erase(audited.db, entry, by=None, by_name="Павел", reason="a client asked", key=KEY)
    await audited.owner.execute(
        "INSERT INTO audit_payload (audit_entry_id, salt, body) VALUES ($1, $2, $3)", entry, *kept
    )


def _storage(change: Callable[[Audited], object]) -> Forge:
    async def forge(audited: Audited) -> None:
        change(audited)

    return forge


def edited(audited: Audited) -> None:
    """The newest checkpoint says of a chain that it was shorter."""
    body = json.loads(audited.latest.read_text())
    body["heads"][0][1] -= 1
    audited.latest.write_text(json.dumps(body))


async def _delete(audited: Audited, rows: str, *args: object) -> None:
    await audited.owner.execute(
        f"DELETE FROM audit_payload WHERE audit_entry_id IN (SELECT id FROM audit_entry WHERE "
        f"{rows})",
        *args,
    )
    await audited.owner.execute(f"DELETE FROM audit_entry WHERE {rows}", *args)


async def _older(audited: Audited, *, cut: bool = False, others: bool = False) -> None:
    """Checkpoint 1 is put back in the place of 3; with the chains cut back to it, or the others
    deleted from storage."""
    first = audited.latest.read_text()
    for _ in range(2):
        await take_checkpoint(audited.db, audited.checkpoints)
    audited.latest.write_text(first)
    if others:
        audited.numbered(2).unlink()
        audited.numbered(3).unlink()
    if cut:
        for shard, n, digest in json.loads(first)["heads"]:
            await _delete(audited, "shard = $1 AND n > $2", shard, n)
            await audited.owner.execute(
                "UPDATE audit_head SET n = $2, hash = $3 WHERE shard = $1",
                shard,
                n,
                bytes.fromhex(digest),
            )
        await _delete(audited, "action = 'audit.checkpoint'")
        await audited.owner.execute(
            "UPDATE audit_head h SET n = 0, hash = '\\x' WHERE NOT EXISTS (SELECT FROM audit_entry "
            "e WHERE e.shard = h.shard)"
        )


async def _gone_with_checkpoints(audited: Audited) -> None:
    shutil.rmtree(audited.latest.parent)
    await _sql(*EMPTIED)(audited)


async def _no_binding(audited: Audited) -> None:
    await take_checkpoint(audited.db, audited.checkpoints)
    (audited.folder / "audit" / "database.json").unlink()


FORGERIES = (
    Forgery(
        name="a field",
        forge=_sql(f"UPDATE audit_entry SET outcome = 'forged' WHERE {AT} = 3"),
        found=r"chain 7, row 3 \(.+\): the link does not hold",
        signs=True,
    ),
    Forgery(
        name="a time",
        forge=_sql(f"UPDATE audit_entry SET at = 'infinity' WHERE {AT} = 3"),
        found=r"chain 7, row 3 \(.+\): the link does not hold",
        signs=True,
    ),
    Forgery(
        name="words changed",
        forge=_sql(f"UPDATE audit_payload SET body = replace(body, 'Нино', 'Павел') WHERE {WORDS}"),
        found=r"chain 7, row 3 \(.+\): its words were changed",
        signs=True,
    ),
    Forgery(
        name="words deleted",
        forge=_sql(f"DELETE FROM audit_payload WHERE {WORDS}"),
        found=r"chain 7, row 3 \(.+\): its words are gone without an erasure on record",
        signs=True,
    ),
    Forgery(
        name="words of two rows swapped",
        forge=_sql(SWAP.format("salt = q.salt, body = q.body")),
        found=r"chain 7, row 4 \(.+\): its words were changed",
        signs=True,
    ),
    Forgery(
        name="words deleted and an erasure written by hand",
        forge=_erasure_without_signature,
        found=r"an erasure that is not signed with this key: it is forged",
    ),
    Forgery(
        name="words put back after their erasure",
        forge=_words_back,
        found=r"chain 7, row 3 \(.+\): its words were erased on record, and are there again",
    ),
    Forgery(
        name="a row deleted",
        forge=_sql(
            f"DELETE FROM audit_payload WHERE {WORDS}", f"DELETE FROM audit_entry WHERE {AT} = 3"
        ),
        found=r"chain 7, row 3: missing",
        signs=True,
    ),
    Forgery(
        name="two rows swapped",
        found=r"chain 7, row 3 \(.+\): the link does not hold.+changed their places",
        signs=True,
        forge=_sql(
            f"UPDATE audit_entry SET n = -3 WHERE {AT} = 3",
            f"UPDATE audit_entry SET n = 3 WHERE {AT} = 4",
            f"UPDATE audit_entry SET n = 4 WHERE {AT} = -3",
        ),
    ),
    Forgery(
        name="all hashed anew from a changed row on",
        forge=_sql(
            f"SELECT FROM audit_head WHERE shard = {TARGET} FOR UPDATE",
            f"UPDATE audit_entry SET outcome = 'forged' WHERE {AT} = 3",
            HASHED_ANEW,
        ),
        found=r"chain 7, row 6 \(.+\): checkpoint 1 signed another hash: the rows up to here were "
        r"written anew",
    ),
    Forgery(
        name="the tail cut",
        forge=_sql(*CUT),
        found=r"chain 7, row 6: gone up to row 6, which checkpoint 1 signed: the tail was cut",
    ),
    Forgery(
        name="a head gone",
        forge=_sql(f"DELETE FROM audit_head WHERE shard = {TARGET}"),
        found=r"chain 7, row 8: the head of this chain is gone",
        stops=True,
    ),
    Forgery(
        name="a head and its rows gone",
        stops=True,
        forge=_sql(
            f"DELETE FROM audit_payload WHERE audit_entry_id IN (SELECT id FROM audit_entry WHERE "
            f"shard = {TARGET})",
            f"DELETE FROM audit_entry WHERE shard = {TARGET}",
            f"DELETE FROM audit_head WHERE shard = {TARGET}",
        ),
        found=r"chain 7, row 1: gone up to row 6, which checkpoint 1 signed",
    ),
    Forgery(
        name="the head set back, rows left in place",
        forge=_sql(CUT[2]),
        stops=True,
        found=r"chain 7, row 8: the head was set back to row 3, the rows go on to this one",
    ),
    Forgery(
        name="the head set back, rows rewritten",
        forge=_sql(*CUT, *[FORGED_ROW] * 6),
        found=r"chain 7, row 6 \(.+\): checkpoint 1 signed another hash",
    ),
    Forgery(
        name="a head with another hash",
        forge=_sql(f"UPDATE audit_head SET hash = sha256(hash) WHERE shard = {TARGET}"),
        found=r"chain 7, row (8: the head has another hash than its last row|9 \(.+\): the link "
        r"does not hold)",
    ),
    Forgery(
        name="everything gone",
        forge=_sql(*EMPTIED),
        found=r"chain 8, row 3: gone up to row 6, which checkpoint 1 signed",
    ),
    Forgery(
        name="everything gone, under another identity",
        forge=_sql(*EMPTIED, "UPDATE audit_database SET id = gen_random_uuid()"),
        found=r"storage has the checkpoints of database .+, this one says that it is",
    ),
    Forgery(
        name="the identity gone",
        forge=_sql("DELETE FROM audit_database"),
        found=r"the table audit_database has 0 rows instead of one",
    ),
    Forgery(
        name="a row far beyond the head",
        found=r"chain 7, row 1\d: missing",
        forge=_sql(
            f"UPDATE audit_entry SET shard = {TARGET}, n = 9000000000 WHERE shard = {BESIDE} AND n "
            f"= 8"
        ),
    ),
    Forgery(
        name="a chain that never existed",
        found=r"chain 64, row 0: a head of a chain that never existed",
        forge=_sql(NO_CHECK, "INSERT INTO audit_head (shard) VALUES (64)"),
    ),
    Forgery(
        name="a row outside every chain",
        found=r"chain -1, row 2 \(.+\): outside every chain",
        forge=_sql(
            NO_CHECK,
            f"UPDATE audit_entry SET shard = -1, n = 2 WHERE {AT} = 8",
            f"UPDATE audit_head SET n = 7, hash = (SELECT hash FROM audit_entry WHERE {AT} = 7) "
            f"WHERE shard = {TARGET}",
        ),
    ),
    Forgery(
        name="the newest checkpoint deleted",
        forge=_storage(lambda a: a.latest.unlink()),
        found=r"latest.json is gone from storage, though checkpoint 1 is there",
    ),
    Forgery(
        name="every checkpoint deleted",
        forge=_storage(lambda a: shutil.rmtree(a.folder / "audit")),
        found=r"the audit has an entry of checkpoint 1, storage has none: they were deleted",
    ),
    Forgery(
        name="the checkpoints deleted, everything gone",
        found=r"storage says that it has checkpoints of this database, and has none",
        forge=_gone_with_checkpoints,
    ),
    Forgery(
        name="whose checkpoints they are deleted",
        found=r"audit/database.json is gone from storage, though there are checkpoints",
        forge=_no_binding,
    ),
    Forgery(
        name="a checkpoint edited",
        forge=_storage(edited),
        found=r"latest.json: it is not signed with this key",
    ),
    Forgery(
        name="a checkpoint that is no JSON",
        forge=_storage(lambda a: a.latest.write_bytes(b"\xff[[[")),
        found=r"latest.json: it cannot be read",
    ),
    Forgery(
        name="a checkpoint under another number",
        forge=_storage(lambda a: shutil.copy(a.numbered(1), a.numbered(2))),
        found=r"2.json holds checkpoint 1 .+ put there from elsewhere",
    ),
    Forgery(
        name="an older checkpoint put back",
        forge=_older,
        found=r"latest.json is checkpoint 1, the audit has an entry of checkpoint 3: an older one "
        r"was put back",
    ),
    Forgery(
        name="an older checkpoint put back, later ones deleted",
        forge=lambda a: _older(a, others=True),
        found=r"the audit has an entry of checkpoint 3, storage has no later one than 1: an older "
        r"one was put back",
    ),
    Forgery(
        name="an older checkpoint put back, the chains cut to it",
        forge=lambda a: _older(a, cut=True),
        found=r"latest.json is checkpoint 1, storage has checkpoint 3 too: an older one was put "
        r"back",
    ),
)
