"""The servers of a run: shared by its processes, kept apart from another run's, ended with the
last, cleared after a kill."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from jarvis.testing import servers as testing_servers
from jarvis.testing.servers import Servers, running_servers

_CHILD = """
import sys, time
from jarvis.testing.servers import running_servers
with running_servers(sys.argv[1]) as servers:
    print(servers.postgres.port, flush=True)
    time.sleep(60)
"""


def _child(run: str) -> tuple[subprocess.Popen[str], int]:
    """A process of the run, and the port of the PostgreSQL that it has."""
    child = subprocess.Popen([sys.executable, "-c", _CHILD, run], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, int(child.stdout.readline())


def _answers(servers: Servers) -> bool:
    async def ask() -> bool:
        connection = await asyncpg.connect(servers.postgres.dsn("postgres", "postgres"), timeout=2)
        await connection.close()
        return True

    try:
        return asyncio.run(ask())
    except OSError:
        return False


def test_processes_of_a_run_share_a_server_and_other_runs_touch_only_what_a_killed_one_left() -> (
    None
):
    run, killed = uuid4().hex, uuid4().hex
    left, left_port = _child(killed)
    left.kill()
    left.wait()
    (folder,) = testing_servers.quick_folder().glob(f"*{killed}")
    assert _listens(left_port), "a killed process ends no server"
    with running_servers(run) as servers:
        assert not folder.exists()
        assert not _listens(left_port)
        child, port = _child(run)
        assert port == servers.postgres.port
        child.kill()
        child.wait()
        assert _answers(servers), "another process of the run died"
        with running_servers() as other:
            assert other.postgres.port != port
        assert _answers(servers), "another run ended"
    assert not _answers(servers), "the last process of the run left"


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 2).close()
    except OSError:
        return False
    return True


async def test_a_world_is_made_once_and_a_kept_file_that_was_cut_off_is_made_anew(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # kept worlds lie in the folder where one works
    made: list[str] = []

    async def make(name: str) -> None:
        made.append(name)
        connection = await asyncpg.connect(servers.owner_dsn(name))
        await connection.execute(
            "INSERT INTO branch (code, name_ru, name_en, name_ka, rents) VALUES ('x', 'x', 'x', "
            "'x', true)"
        )
        await connection.close()

    key = uuid4().hex
    name = await servers.made_once(key, make)
    assert await servers.made_once(key, make) == name
    assert made == [name]
    (kept,) = (tmp_path / testing_servers.KEPT).glob("*.dump")
    for damage in (None, 100):  # whole, then cut off
        if damage is not None:
            kept.write_bytes(kept.read_bytes()[:damage])
        await servers.forget(name)
        copy = await servers.database(await servers.made_once(key, make))
        connection = await asyncpg.connect(servers.app_dsn(copy))
        assert await connection.fetchval("SELECT count(*) FROM branch WHERE code = 'x'") == 1
        await connection.close()
        await servers.drop(copy)
    assert len(made) == 2, "restored from its file the first time, made again the second"
    await servers.forget(name)
