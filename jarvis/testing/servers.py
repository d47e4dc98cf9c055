"""PostgreSQL and Redis for a run of tests, suites or benchmarks, and template databases with the
common initial state.

One PostgreSQL serves all processes of a run: the first that needs it starts it, the last one stops
it. Worlds are loaded once per state of the code, and kept under `.jarvis/worlds` for the next run.
"""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import logging
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import IO

import asyncpg

from jarvis.app.build import subscriptions
from jarvis.engine.db import open_database
from jarvis.engine.subscriptions import sync
from jarvis.entrypoints.embedded import (
    APP,
    OWNER,
    Postgres,
    Redis,
    migrate,
    provision,
    provision_roles,
)
from jarvis.kit.errors import SettingsMissing
from jarvis.kit.ids import sha256_hex
from jarvis.testing.copies import Copies, copies

MIGRATED = "template_jarvis"
KEPT = Path(".jarvis/worlds")
REDIS_DATABASES = 1024
KEPT_WORLDS = 40  # how many templates of older code are kept
_PREFIX = f"jarvis-servers-{os.geteuid()}-"
_MEMORY, _ENOUGH = Path("/dev/shm"), 3 * 2**30  # noqa: S108  # our folder in it is private
_PACKAGES = ("jarvis", "agents", "tools", "prompts", "migrations")
_numbers = itertools.count(1)
_log = logging.getLogger(__name__)


class Servers:
    """The running pair and a factory of databases. Each world of a process has a Redis database of
    its own."""

    def __init__(self, postgres: Postgres, redis: Redis | None, source: Copies | None) -> None:
        self.postgres = postgres
        self._redis = redis
        self._source = source
        self._rooms = itertools.count(1)

    @property
    def redis(self) -> Redis:
        """The server of notifications."""
        assert self._redis is not None, "not started yet"
        return self._redis

    @property
    def _copies(self) -> Copies:
        assert self._source is not None, "not started yet"
        return self._source

    def redis_url(self) -> str:
        """A Redis database that nobody else uses: notifications of one world do not reach
        another."""
        return f"{self.redis.url.rpartition('/')[0]}/{next(self._rooms) % REDIS_DATABASES}"

    async def database(self, template: str = MIGRATED) -> str:
        """A fresh migrated database, or a copy of one that has no connections; returns its name."""
        return await self._copies.take(template)

    async def drop(self, name: str) -> None:
        """Delete a database, closing its connections; soon, if not at once."""
        await self._copies.drop(name)

    async def forget(self, name: str) -> None:
        """Delete a template of this run; its kept file stays."""
        await self._copies.forget(name)
        async with self.admin() as admin:
            await admin.execute(f"ALTER DATABASE {name} IS_TEMPLATE false")
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def made_once(self, key: str, make: Callable[[str], Awaitable[None]]) -> str:
        """The name of a template for `key`: from this run, from an earlier one, or made now in the
        database that `make` gets.

        Args:
            key: Names all that the content depends on beside our code.
            make: Fills the database whose name it gets, and leaves no connection to it.
        """
        digest = sha256_hex(code_digest(), key)[:16]
        name, kept = f"world_{digest}", KEPT / f"{digest}.dump"
        async with self.admin() as admin:
            if await self._is_template(admin, name):
                return name
            # one of two workers makes it, the other waits
            await admin.execute("SELECT pg_advisory_lock(hashtext($1))", name)
            try:
                if not await self._is_template(admin, name):
                    await admin.execute(f"DROP DATABASE IF EXISTS {name}")
                    if not kept.exists() or not await self.restore(admin, name, kept):
                        await admin.execute(
                            f"CREATE DATABASE {name} TEMPLATE {MIGRATED} OWNER {OWNER}"
                        )
                        await make(name)
                        await self.keep(name, kept)
                    await admin.execute(f"ALTER DATABASE {name} IS_TEMPLATE true")
            finally:
                await admin.execute("SELECT pg_advisory_unlock(hashtext($1))", name)
        return name

    @staticmethod
    async def _is_template(admin: asyncpg.Connection[asyncpg.Record], name: str) -> bool:
        return bool(
            await admin.fetchval("SELECT datistemplate FROM pg_database WHERE datname = $1", name)
        )

    async def keep(self, name: str, kept: Path) -> None:
        """Write a database to a file for later runs."""
        if _digest_now() != _AT_START:
            return  # made by code that changed since, so its name would be wrong
        draft = kept.with_suffix(f".{os.getpid()}")
        try:
            await asyncio.to_thread(kept.parent.mkdir, parents=True, exist_ok=True)
            await self._program("pg_dump", "-Fc", "-Z1", "--file", str(draft), name)
            await asyncio.to_thread(_keep_file, draft, kept)
        # an unwritable folder only makes the next run slower
        except (OSError, SettingsMissing):
            _log.warning("the loaded world cannot be kept in %s", kept.parent)

    async def restore(
        self, admin: asyncpg.Connection[asyncpg.Record], name: str, kept: Path
    ) -> bool:
        """Restore a database from a kept file; false when it is unusable, such as truncated."""
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE template0 OWNER {OWNER}")
        try:
            await self._program(
                "pg_restore", "--single-transaction", "--exit-on-error", "-d", name, str(kept)
            )
        except SettingsMissing:
            await asyncio.to_thread(kept.unlink, missing_ok=True)
            await admin.execute(f"DROP DATABASE {name}")
            return False
        return True

    async def _program(self, name: str, *args: str) -> None:
        child = await asyncio.create_subprocess_exec(
            self.postgres.command(name),
            *args,
            env={
                "PGHOST": "127.0.0.1",
                "PGPORT": str(self.postgres.port),
                "PGUSER": "postgres",
                "PGPASSWORD": self.postgres.password,
            },
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, words = await child.communicate()
        if child.returncode:
            raise SettingsMissing(f"{name}: {words.decode(errors='replace')[-500:]}")

    @asynccontextmanager
    async def admin(self) -> AsyncGenerator[asyncpg.Connection[asyncpg.Record]]:
        """A connection of the superuser."""
        connection = await asyncpg.connect(self.postgres.dsn("postgres", "postgres"))
        try:
            yield connection
        finally:
            await connection.close()

    def app_dsn(self, name: str) -> str:
        return self.postgres.dsn(APP, name)

    def owner_dsn(self, name: str) -> str:
        return self.postgres.dsn(OWNER, name)


def _keep_file(draft: Path, kept: Path) -> None:
    """Move it to its final name, and delete the oldest."""
    draft.rename(kept)
    for old in sorted(kept.parent.glob("*.dump"), key=lambda p: p.stat().st_mtime)[:-KEPT_WORLDS]:
        old.unlink(missing_ok=True)


@contextmanager
def running_servers(run: str | None = None, *, durable: bool = False) -> Generator[Servers]:
    """The servers of a run; a migrated template is there.

    Args:
        run: Names the run that this process belongs to; processes of one run share its PostgreSQL.
            None is a run of its own.
        durable: PostgreSQL waits for the disk, as in production; for what is measured.
    """
    base = Path(tempfile.gettempdir()) if durable else quick_folder()
    folder = base / f"{_PREFIX}{run or f'{os.getpid()}-{next(_numbers)}'}"
    with _postgres(folder, durable=durable) as postgres:
        redis = Redis(folder / f"redis-{os.getpid()}-{next(_numbers)}", databases=REDIS_DATABASES)
        redis.start()
        try:
            with copies(postgres.dsn("postgres", "postgres"), OWNER, ahead=not durable) as source:
                yield Servers(postgres, redis, source)
        finally:
            redis.stop()


@contextmanager
def _postgres(folder: Path, *, durable: bool) -> Generator[Postgres]:
    """Start PostgreSQL unless another process of the run did; the last process to leave stops it.
    Locks end with their processes."""
    for base in {folder.parent, quick_folder(), Path(tempfile.gettempdir())}:
        with _one_at_a_time(base):
            _clear_leftovers(base)
    with _one_at_a_time(folder.parent):
        folder.mkdir(mode=0o711, exist_ok=True)
        postgres, port = Postgres(folder / "pg", durable=durable), folder / "port"
        users = (folder / "users").open("w")
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            if port.exists():
                postgres.port = int(port.read_text())
            else:
                postgres.start()
                asyncio.run(_migrated(Servers(postgres, None, None)))
                port.write_text(str(postgres.port))
        except BaseException:
            if _alone(users):
                _end(folder)
            raise
    try:
        yield postgres
    finally:
        with _one_at_a_time(folder.parent):
            if _alone(users):
                _end(folder)
        users.close()


def quick_folder() -> Path:
    """Memory, where a copy of a database takes a tenth of the time; the disk where there is little
    of it."""
    enough = (
        _MEMORY.is_dir()
        and os.access(_MEMORY, os.W_OK)
        and shutil.disk_usage(_MEMORY).free > _ENOUGH
    )
    return _MEMORY if enough else Path(tempfile.gettempdir())


def _clear_leftovers(base: Path) -> None:
    """Stop servers of killed runs."""
    for folder in base.glob(f"{_PREFIX}*/"):
        with (folder / "users").open("a") as users:
            if _alone(users):
                _end(folder)


def _end(folder: Path) -> None:
    Postgres(folder / "pg").remove()
    for redis in folder.glob("redis-*"):
        Redis(redis).end_leftover()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _one_at_a_time(base: Path) -> Generator[None]:
    """Held while servers start and stop, so that a starting run is not taken for a killed one."""
    with (base / f"{_PREFIX}lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _alone(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


async def _migrated(servers: Servers) -> None:
    """The empty database of today's schema: kept from an earlier run, or made by running the
    migrations."""
    kept = KEPT / f"migrated-{code_digest(('migrations',))[:16]}.dump"
    async with servers.admin() as admin:
        await provision_roles(servers.postgres, admin)
        restored = kept.exists() and await servers.restore(admin, MIGRATED, kept)
    if not restored:
        owner, _ = await provision(servers.postgres, MIGRATED)
        await migrate(owner)
        await servers.keep(MIGRATED, kept)
    async with open_database(servers.owner_dsn(MIGRATED), max_size=1) as db:
        await sync(db, subscriptions())


def code_digest(packages: Sequence[str] = _PACKAGES) -> str:
    """What a loaded world depends on, as it was when this process began: every source and world
    file of these packages."""
    return sha256_hex(*(_AT_START[package] for package in packages))


def _digest_now() -> dict[str, str]:
    found: dict[str, str] = {}
    for package in _PACKAGES:
        paths = sorted(
            p
            for p in Path(str(files(package))).rglob("*")
            if p.suffix in (".py", ".sql", ".yaml", ".md")
        )
        found[package] = sha256_hex(*(f"{path.name}:{path.read_bytes().hex()}" for path in paths))
    return found


_AT_START = _digest_now()  # at import: files edited during a run are not what it has loaded


def forget_settings() -> None:
    """Take every setting of Jarvis and of model providers out of this process's environment but the
    providers' own keys."""
    for name in [name for name in os.environ if name.startswith("JARVIS_")]:
        del os.environ[name]
    os.environ["LOGFIRE_IGNORE_NO_CONFIG"] = "1"
