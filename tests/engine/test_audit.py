"""The audit cannot be bent: every tampering is found, and honest writers raise no alarm."""

from __future__ import annotations

import asyncio
import hmac
import json
import random
import re
from collections.abc import AsyncGenerator
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from benchmarks.tampering import all_found, write
from jarvis.engine import audit, effects
from jarvis.engine.audit_checkpoints import UNNUMBERED, Checkpoint, Checkpoints
from jarvis.engine.audit_proof import LATE, begin_checkpoints, prove, take_checkpoint, verify
from jarvis.engine.db import Database, open_database
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.settings import EngineSettings
from jarvis.entrypoints.cli.acting import AuditBroken, AuditUnproved, report, verdict
from jarvis.entrypoints.cli.doctor import diagnose_checkpoints
from jarvis.entrypoints.seed import wipe
from jarvis.integrations.storage.effects import StorageEffects
from jarvis.integrations.storage.kinds import CHECKPOINT
from jarvis.integrations.storage.port import LinkSigner, connect
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.kit.canon import canonical
from jarvis.kit.errors import InvalidRequest, NotFound, Rejected
from jarvis.testing.servers import Servers
from tests.scenes.forgery import BESIDE, FORGERIES, KEY, TARGET, Audited, Forgery, edited

TAMPERINGS = 300  # `python -m benchmarks tampering` runs ten thousand


@pytest.fixture
async def owner(servers: Servers, db: Database) -> AsyncGenerator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(
        servers.owner_dsn(await db.fetchval("SELECT current_database()"))
    )
    yield connection
    await connection.close()


async def test_honest_writers_side_by_side_raise_no_alarm(db: Database) -> None:
    writing = asyncio.create_task(write(db, 800))
    while not writing.done():
        assert (await verify(db)).whole, "also while they write"
    proof = await verify(db)
    assert proof.whole
    assert proof.rows == await db.fetchval("SELECT count(*) FROM audit_entry") == 1200
    assert await db.fetchval("SELECT count(DISTINCT shard) FROM audit_entry") >= 8, (
        "they do not queue on one chain"
    )


async def test_one_transaction_stays_on_one_chain(db: Database) -> None:
    async with db.transaction() as tx:
        for n in range(5):
            await audit.record(tx, action="t", actor_name="t", outcome=str(n))
    assert await db.fetchval("SELECT count(DISTINCT shard) FROM audit_entry") == 1


async def test_what_was_rolled_back_leaves_no_gap(db: Database) -> None:
    with pytest.raises(RuntimeError):
        async with db.transaction() as tx:
            await audit.record(tx, action="t", actor_name="t", outcome="lost")
            raise RuntimeError
    await write(db, 64)
    assert (await verify(db)).whole


@pytest.mark.slow
async def test_every_tampering_is_found_and_named(
    db: Database, owner: asyncpg.Connection[Any]
) -> None:
    await write(db, 400)
    await all_found(owner, TAMPERINGS, random.Random(2026))


@pytest.fixture
async def audited(
    db: Database, owner: asyncpg.Connection[Any], tmp_path: Path
) -> AsyncGenerator[Audited]:
    async with connect(
        StorageSettings(url=f"file://{tmp_path}"), None, signer=LinkSigner("http://127.0.0.1", "s")
    ) as storage:
        yield Audited(
            db=db,
            owner=owner,
            folder=tmp_path,
            storage=storage,
            checkpoints=Checkpoints(storage, KEY),
        )


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda f: f.name)
async def test_a_forgery_is_named_while_honest_rows_go_on(
    audited: Audited, forgery: Forgery
) -> None:
    await audited.begin()
    honest = await audited.prove()
    assert honest.whole, honest.flaws
    assert honest.rows == await audited.db.fetchval("SELECT count(*) FROM audit_entry") > 0
    await asyncio.gather(audited.write_on(), forgery.forge(audited))
    for shard in (BESIDE, TARGET):
        with (
            pytest.raises(asyncpg.IntegrityConstraintViolationError)
            if forgery.stops and shard == TARGET
            else nullcontext()
        ):
            await audited.honest(2, shard)
    said = [str(flaw) for flaw in (await audited.prove()).flaws]
    assert [words for words in said if re.search(forgery.found, words)], said
    with nullcontext() if forgery.signs else pytest.raises(Rejected):
        await take_checkpoint(audited.db, audited.checkpoints)
    said = [str(flaw) for flaw in (await audited.prove()).flaws]
    assert [words for words in said if re.search(forgery.found, words)], f"signed away: {said}"


async def test_what_is_signed_and_what_is_not_is_said(audited: Audited) -> None:
    await audited.honest(5)
    proof = await audited.prove()
    assert (proof.whole, proof.rows, proof.checkpoint, proof.unsigned) == (True, 5, None, 5)
    await take_checkpoint(audited.db, audited.checkpoints)
    await audited.honest(3)
    proof = await audited.prove()
    assert (proof.whole, proof.rows, proof.unsigned) == (True, 9, 4), (
        "the entry of the checkpoint lies beyond it"
    )
    oldest = await audited.db.fetchval(
        "SELECT at FROM audit_entry WHERE action = 'audit.checkpoint'"
    )
    assert proof.unsigned_since is not None
    assert abs(proof.unsigned_since - oldest) < timedelta(milliseconds=1)
    lines = report(proof, oldest)
    assert lines[1].startswith("Compared with checkpoint 1, signed ")
    assert lines[2].startswith("Not signed yet: the newest 4 rows, the oldest of ")
    assert not proof.late(oldest + LATE - timedelta(seconds=1))
    assert "late" in report(proof, oldest + LATE * 2)[3]


async def test_an_erasure_and_a_checkpoint_beside_a_verification_raise_no_alarm(
    audited: Audited,
) -> None:
    await audited.begin()

    async def busy() -> None:
        for n in range(1, 7):
            await audit.erase(
                audited.db,
                await audited.entry(n),
                by=None,
                by_name="Павел",
                reason="asked",
                key=KEY,
            )
            await take_checkpoint(audited.db, audited.checkpoints)
            await audited.honest(2)

    task = asyncio.create_task(busy())
    while not task.done():
        assert (await audited.prove()).flaws == []
    await task
    proof = await audited.prove()
    assert (proof.whole, proof.erased) == (True, 6)
    assert proof.checkpoint is not None
    assert proof.checkpoint.number == 7


async def test_a_checkpoint_that_was_cut_short_is_taken_up(audited: Audited) -> None:
    await audited.begin()
    first = audited.latest.read_text()
    await take_checkpoint(audited.db, audited.checkpoints)
    audited.latest.write_text(first)  # as after a crash between the two files, before the entry
    await audited.owner.execute(
        "UPDATE audit_entry SET action = 'test' WHERE action = 'audit.checkpoint' AND outcome LIKE "
        "'% 2'"
    )
    found = await audited.checkpoints.find(
        await audited.db.fetchval("SELECT id::text FROM audit_database"), 1
    )
    assert found.flaws == []
    assert found.checkpoint is not None
    assert found.checkpoint.number == 2


async def test_storage_that_is_away_is_not_an_audit_that_holds(audited: Audited) -> None:
    await audited.begin()
    latest = audited.latest
    latest.unlink()
    latest.mkdir()  # it answers, but not with an object
    proof = await audited.prove()
    assert proof.unread is not None
    assert (proof.whole, proof.checkpoint) == (True, None)
    now = datetime.now(UTC)
    assert any(line.startswith("Not compared with any checkpoint: ") for line in report(proof, now))
    with pytest.raises(AuditUnproved, match="storage could not be read"):
        verdict(proof, now)
    assert (await diagnose_checkpoints(audited.db, audited.checkpoints, now)).ok is False


async def test_nothing_looked_at_is_not_an_audit_that_holds(audited: Audited) -> None:
    now = datetime.now(UTC)
    with pytest.raises(AuditUnproved, match="nothing to verify"):
        verdict(await audited.prove(), now)
    await audited.honest(3)
    assert "still to be made" in verdict(await audited.prove(), now)
    with pytest.raises(AuditUnproved, match="nothing was ever signed"):
        verdict(await audited.prove(), now + LATE * 2)
    await take_checkpoint(audited.db, audited.checkpoints)
    assert verdict(await audited.prove(), now).startswith("The audit holds: up to checkpoint 1 ")
    await audited.owner.execute("UPDATE audit_entry SET outcome = 'forged' WHERE n = 1")
    with pytest.raises(AuditBroken):
        verdict(await audited.prove(), now)


async def test_the_doctor_says_when_checkpoints_fail_or_are_late(audited: Audited) -> None:
    async def found(later: timedelta = timedelta(0)) -> tuple[bool, str]:
        said = await diagnose_checkpoints(
            audited.db, audited.checkpoints, datetime.now(UTC) + later
        )
        return said.ok, said.found

    async with audited.db.transaction() as tx:
        origin = effects.Origin(event_id=None, trace_id="t")
        await effects.request(tx, origin, kind=CHECKPOINT, target="storage:audit", args={}, key="1")
    assert (await found())[0], "nothing is late yet"
    ok, words = await found(LATE * 2)
    assert not ok
    assert words.startswith("late: 1 rows are not signed since ")
    storage = StorageEffects(audited.db, audited.storage, EngineSettings(secret=SecretStr(KEY)))
    log = EffectLog(audited.db)
    [effect] = await log.claim("t", ["storage"])
    await log.done(effect, await storage.checkpoint(effect))
    assert await found() == (True, "checkpoint 1; 2 rows since")
    edited(audited)
    async with audited.db.transaction() as tx:
        await effects.request(tx, origin, kind=CHECKPOINT, target="storage:audit", args={}, key="2")
    [effect] = await log.claim("t", ["storage"])
    with pytest.raises(Rejected) as refusal:
        await storage.checkpoint(effect)
    await log.dead(effect, str(refusal.value))
    ok, words = await found()
    assert not ok
    assert "it is not signed with this key" in words
    audited.latest.write_text(audited.numbered(1).read_text())
    ok, words = await found()
    assert not ok
    assert words.startswith("the last attempt failed: Audit: no checkpoint: ")


async def test_another_key_is_told_and_begun_anew_on_record(audited: Audited) -> None:
    await audited.begin()
    await audit.erase(
        audited.db,
        await audited.entry(3),
        by=None,
        by_name="Павел",
        reason="a client asked",
        key=KEY,
    )
    changed = Checkpoints(audited.storage, "another key")
    said = "\n".join(map(str, (await prove(audited.db, changed)).flaws))
    assert "JARVIS_SECRET is another one. `jarvis audit begin`" in said
    with pytest.raises(Rejected, match="JARVIS_SECRET is another one"):
        await take_checkpoint(audited.db, changed)
    made = await begin_checkpoints(
        audited.db, changed, by_name="Павел", reason="the key was changed"
    )
    assert made.number == 2
    proof = await prove(audited.db, changed)
    assert proof.flaws == []
    assert (proof.erased, len(proof.begun)) == (1, 1)
    assert "begun anew once" in report(proof, made.at)[-1]
    assert (await take_checkpoint(audited.db, changed)).number == 3


async def test_an_empty_key_signs_nothing(audited: Audited) -> None:
    await audited.honest(3)
    nothing = Checkpoints(audited.storage, "")
    for attempt in (
        take_checkpoint(audited.db, nothing),
        begin_checkpoints(audited.db, nothing, by_name="t", reason="t"),
    ):
        with pytest.raises(Rejected, match="JARVIS_SECRET is not set"):
            await attempt
    assert not list(audited.folder.rglob("*.json"))


async def test_a_demo_that_begins_anew_in_its_folder_keeps_verifying(
    servers: Servers, audited: Audited
) -> None:
    name = await audited.db.fetchval("SELECT current_database()")
    old = audited.folder / UNNUMBERED
    old.parent.mkdir(parents=True)
    old.write_text(
        '{"at":"2026-11-25T00:00:00+00:00","heads":[[0,9,"00"]],"mac":"of a secret that is lost"}'
    )
    async with open_database(servers.owner_dsn(name), max_size=1) as owner:
        for secret in ("first", "second", "second"):  # the second is reset once
            checkpoints = Checkpoints(audited.storage, secret)
            await wipe(owner, checkpoints)
            await audited.honest(4)
            proof = await prove(audited.db, checkpoints)
            assert (proof.flaws, proof.rows) == ([], 6)
            assert (await take_checkpoint(audited.db, checkpoints)).number == 2
            assert (await prove(audited.db, checkpoints)).flaws == []
    # a bot that was signing the emptied database
    late = await audited.db.fetchval("SELECT gen_random_uuid()::text")
    await audit.record(
        audited.db, action="audit.checkpoint", actor_name="Jarvis", outcome=f"{late} 57"
    )
    assert (await prove(audited.db, checkpoints)).flaws == []


async def test_a_database_is_emptied_at_once_for_whoever_writes_meanwhile(
    servers: Servers, audited: Audited
) -> None:
    name = await audited.db.fetchval("SELECT current_database()")
    emptied = asyncio.Event()

    async def write_on() -> int:
        written = 0
        while not emptied.is_set():
            async with audited.db.transaction() as tx:
                for _ in range(3):
                    await effects.request(
                        tx,
                        origin,
                        kind=CHECKPOINT,
                        target="storage:audit",
                        args={},
                        key=f"{written}:{id(tx)}",
                    )
                    written += 1
        return written

    origin = effects.Origin(event_id=None, trace_id="t")

    writers = [asyncio.create_task(write_on()) for _ in range(4)]
    async with open_database(servers.owner_dsn(name), max_size=1) as owner:
        for _ in range(4):
            await wipe(owner, audited.checkpoints)
            await asyncio.sleep(0.05)
    emptied.set()
    assert sum(await asyncio.gather(*writers)) > 0
    assert (await audited.prove()).flaws == []


async def test_a_checkpoint_from_before_there_were_numbers_still_counts(audited: Audited) -> None:
    await audited.honest(6)
    rows = await audited.db.fetch("SELECT shard, n, hash FROM audit_head WHERE n > 0")
    made = Checkpoint(
        database="",
        number=0,
        at=datetime.now(UTC),
        heads={r["shard"]: (r["n"], r["hash"].hex()) for r in rows},
    )
    body = {k: v for k, v in json.loads(made.signed(KEY)).items() if k in ("at", "heads")}
    mac = hmac.new(f"audit-heads:{KEY}".encode(), canonical(body).encode(), sha256).hexdigest()
    (audited.folder / UNNUMBERED).parent.mkdir(parents=True)
    (audited.folder / UNNUMBERED).write_text(canonical({**body, "mac": mac}))
    assert (await audited.prove()).unsigned == 0
    await audited.owner.execute("UPDATE audit_head SET n = 3 WHERE shard = $1", TARGET)
    assert not (await audited.prove()).whole
    await audited.owner.execute("UPDATE audit_head SET n = 6 WHERE shard = $1", TARGET)
    assert (await take_checkpoint(audited.db, audited.checkpoints)).number == 1
    assert (await audited.prove()).whole


async def test_words_may_be_erased_on_record_and_the_chain_stays(db: Database) -> None:
    await write(db, 64)
    entry = await db.fetchval("SELECT id FROM audit_entry LIMIT 1")
    await audit.erase(db, entry, by=None, by_name="Павел", reason="a client asked", key=KEY)
    proof = await verify(db, key=KEY)
    assert proof.whole
    assert proof.erased == 1
    assert (
        await db.fetchval("SELECT count(*) FROM audit_payload WHERE audit_entry_id = $1", entry)
        == 0
    )
    with pytest.raises(NotFound):
        await audit.erase(db, entry, by=None, by_name="Павел", reason="again", key=KEY)


async def test_words_written_again_in_another_spelling_are_the_same_words(
    db: Database, owner: asyncpg.Connection[Any]
) -> None:
    await write(db, 8)
    await owner.execute(
        "UPDATE audit_payload SET body = '{\"subject\": ' || ((body::jsonb)->'subject')::text || "
        '\', "details": '
        "{\"a\":  ' || ((body::jsonb)->'details'->'a')::text || ', \"b\": 1.00}, \"actor\": '"
        " || ((body::jsonb)->'actor')::text || '}'"
    )
    assert (await verify(db)).whole


def test_one_spelling_for_equal_values() -> None:
    assert (
        canonical({"b": 1.0, "a": [1, 10e-1]})
        == canonical({"a": [1.0, 1], "b": 1})
        == '{"a":[1,1],"b":1}'
    )
    assert canonical({"a": 0.1}) != canonical({"a": "0.1"})
    assert canonical([True]) != canonical([1])
    for bad in (float("nan"), {1: "x"}, {"x": object()}):
        with pytest.raises(InvalidRequest):
            canonical(bad)
