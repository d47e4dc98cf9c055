"""Numbers, one at a time, up and down and up again over a database in use, and what is refused."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from jarvis.entrypoints.migrate import Target, run, steps
from jarvis.kit.errors import Conflict, InvalidRequest, SettingsMissing
from jarvis.testing.servers import Servers
from tests.scenes.migrations import (
    FIRST_WITH_A_WAY_BACK,
    Connection,
    catalogue,
    empty,
    migrate,
    owned,
)

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def test_numbers_have_no_gaps_ids_ascend_and_each_has_a_way_back_or_says_why_not() -> None:
    found = steps()
    assert [step.number for step in found] == list(range(1, len(found) + 1))
    assert [step.id for step in found] == sorted(step.id for step in found)
    for step in found:
        back = MIGRATIONS / "sql" / f"{step}.down.sql"
        assert back.exists() == (step.refusal is None), f"{step}: a .down.sql or a REFUSAL"
        assert step.refusal is None or re.fullmatch(r"[a-z0-9].+\.", step.refusal), (
            "continues a sentence and ends it"
        )
    sql = {path.name for path in (MIGRATIONS / "sql").iterdir()}
    assert sql == {f"{s}.sql" for s in found} | {
        f"{s}.down.sql" for s in found if s.refusal is None
    }
    assert [step.number for step in found if step.refusal] == list(range(1, FIRST_WITH_A_WAY_BACK))


def test_what_removes_says_so() -> None:
    removes = re.compile(
        r"\b(DROP (TABLE|COLUMN)|RENAME|ALTER (COLUMN )?\w+ (SET DATA )?TYPE)\b", re.I
    )
    for step in steps():
        text = (MIGRATIONS / "sql" / f"{step}.sql").read_text()
        if step.number > 11 and removes.search(re.sub(r"--.*", "", text)):
            assert re.search(r"^-- Removes: \S", text, re.M), (
                f"{step}: additive first; if nothing reads it any more, say so"
            )


# Forks of one process: what each would import for itself takes longer than the migrations.
_FOUR = """
import os, sys
from jarvis.app.build import subscriptions
from jarvis.entrypoints.cli.app import main
from jarvis.entrypoints.migrate import steps
subscriptions(), steps()

def begin(name, *args):
    pid = os.fork()
    if not pid:
        words = os.open(name, os.O_WRONLY | os.O_CREAT)
        os.dup2(words, 1)
        os.dup2(words, 2)
        sys.argv = ["jarvis", "migrate", *args]
        main()
    return pid

def end(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

three = [begin(name) for name in "012"]
print(*[end(pid) for pid in three], end(begin("3", "--to", "1")))
"""


async def test_three_at_once_are_one_and_two_that_wait(
    servers: Servers, owner: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with owned(servers, await empty(servers), monkeypatch) as there:
        four = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _FOUR, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
        )
        codes = (await four.communicate())[0].decode()
        *said, words = [(tmp_path / name).read_text() for name in "0123"]
        assert codes.split() == ["0", "0", "0", "2"], said
        assert sorted(re.findall(r"^(?:done|nothing to do)$", "\n".join(said), re.M)) == [
            "done",
            "nothing to do",
            "nothing to do",
        ], said
        assert sum("Subscribers" in text for text in said) == 1, (
            "and the table of subscriptions was written once"
        )
        assert await catalogue(there) == await catalogue(owner)
        assert await there.fetchval("SELECT count(*) = count(DISTINCT name) FROM migration")
        assert words.startswith("jarvis: 0004_budgets cannot be undone"), words


async def test_whoever_comes_second_waits_for_the_lock(owner: Connection) -> None:
    from migrations.sql_file import LOCK_SQL

    await migrate(Target(back=1))
    said: list[str] = []
    async with owner.transaction():
        await owner.execute(LOCK_SQL)
        second = asyncio.create_task(run(say=said.append))
        while not said:
            await asyncio.sleep(0.01)
        assert "waiting" in said[0]
        assert not second.done()
    await second
    assert said[-1] == "done"


async def test_what_has_no_way_back_says_why_and_changes_nothing(owner: Connection) -> None:
    before = await catalogue(owner)
    with pytest.raises(
        Conflict,
        match=r"0004_budgets cannot be undone: the cost.*Nothing was changed.*restore a backup",
    ):
        await migrate(Target(to=0))
    with pytest.raises(InvalidRequest, match="the newest migration is"):
        await migrate(Target(to=99))
    with pytest.raises(InvalidRequest, match="not both"):
        await migrate(Target(to=7, back=1))
    with pytest.raises(InvalidRequest, match="migrations ran here"):
        await migrate(Target(back=99))
    await owner.execute(
        "INSERT INTO migration (name, app_name) VALUES ('2099-01-01T00:00:00:000000', 'jarvis')"
    )
    assert await migrate() == ["nothing to do"], (
        "an older version beside a newer one, in a rolling deploy"
    )
    with pytest.raises(Conflict, match="a newer version of Jarvis ran 2099"):
        await migrate(Target(back=1))
    await owner.execute("DELETE FROM migration WHERE name LIKE '2099%'")
    assert await catalogue(owner) == before


async def test_a_plan_says_what_would_run_and_runs_nothing(owner: Connection) -> None:
    newest = steps()[-1]
    before = await catalogue(owner)
    assert (await migrate(Target(back=1), plan=True))[0] == f"would undo {newest}"
    assert await catalogue(owner) == before
    with pytest.raises(Conflict, match="0004_budgets cannot be undone"):
        await migrate(Target(to=1), plan=True)
    await migrate(Target(back=1))
    assert (await migrate(plan=True))[0] == f"would run {newest}"


async def test_a_run_that_fails_half_way_changes_nothing(owner: Connection) -> None:
    await migrate(Target(to=8))
    await owner.execute("CREATE TABLE task (id uuid)")  # in the way of the eleventh
    before = await catalogue(owner)
    with pytest.raises(
        Conflict, match=r'0011_personal: relation "task" already exists\. Nothing was changed'
    ):
        await migrate()
    assert await catalogue(owner) == before


async def test_the_address_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JARVIS_DATABASE_DIRECT_URL", raising=False)
    with pytest.raises(SettingsMissing, match="JARVIS_DATABASE_DIRECT_URL"):
        await migrate()
    monkeypatch.setenv("JARVIS_DATABASE_DIRECT_URL", "postgresql://jarvis@127.0.0.1:1/x")
    with pytest.raises(SettingsMissing, match="nothing answers there"):
        await migrate()


async def test_piccolo_s_own_command_undoes_what_it_forgets_and_keeps_what_it_cannot_undo(
    owner: Connection,
) -> None:
    from piccolo.apps.migrations.commands.backwards import run_backwards
    from piccolo.apps.migrations.commands.forwards import run_forwards

    newest = steps()[-1]
    fresh = await catalogue(owner)
    assert await migrate() == ["nothing to do"]
    twice = await steps()[-1].module.forwards()
    assert twice is not None
    with pytest.raises(Conflict, match="has been run by somebody else"):
        await twice.run()
    assert (await run_backwards("jarvis", newest.id, auto_agree=True)).success
    piccolo = await catalogue(owner)
    assert (await run_forwards("jarvis")).success
    assert await catalogue(owner) == fresh
    await migrate(Target(back=1))
    assert await catalogue(owner) == piccolo, "both ways are one way"
    await migrate()

    await owner.execute(
        "INSERT INTO chat (marked_id, kind, seen_at, lacks) VALUES (1, 'group', now(), '{pin}')"
    )
    with pytest.raises(
        Conflict, match=r"0006_watch: going back would delete chat\.lacks \(1 row\)"
    ):
        await run_backwards("jarvis", "2026-11-28T00:00:00:000000", auto_agree=True)
    stopped = await owner.fetch("SELECT name FROM migration WHERE name >= '2026-11-28' ORDER BY 1")
    assert [r["name"] for r in stopped] == ["2026-11-28T00:00:00:000000"], (
        "the history says what stands"
    )
    await owner.execute("DELETE FROM chat")
    with pytest.raises(Conflict, match="0004_budgets cannot be undone"):
        await run_backwards("jarvis", "all", auto_agree=True)
    assert await owner.fetchval("SELECT max(name) FROM migration") == "2026-11-26T00:00:00:000000"
