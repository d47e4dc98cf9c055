"""Shared ground: one PostgreSQL and one Redis from wheels, a fresh database a test, no network but loopback."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import asyncpg
import pytest
from pydantic_ai import models

from jarvis.engine.db import Database, open_database
from jarvis.engine.doorbell import Doorbell, open_doorbell
from jarvis.entrypoints.embedded import APP, OWNER, Postgres, Redis, migrate, provision

for _name in [name for name in os.environ if name.startswith(("JARVIS_", "OPENAI_", "ANTHROPIC_"))]:
    del os.environ[_name]
os.environ["LOGFIRE_IGNORE_NO_CONFIG"] = "1"
models.ALLOW_MODEL_REQUESTS = False
_numbers = itertools.count(1)
_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: object) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
        host = str(address[0])  # pyright: ignore[reportUnknownArgumentType]  # socket addresses are open tuples
        assert host in ("127.0.0.1", "::1", "localhost"), f"a test reached for {host}"
    return _connect(self, address)  # pyright: ignore[reportArgumentType]  # the same open tuple


socket.socket.connect = _loopback_only  # type: ignore[method-assign]


def reachable(folder: Path) -> Path:
    """The folder, opened for the unprivileged user who must run PostgreSQL when tests run as root."""
    for path in (folder, *folder.parents):
        if str(path) not in ("/", "/tmp"):
            path.chmod(path.stat().st_mode | 0o011)
    return folder


class Servers:
    """The running pair and a factory of databases."""

    def __init__(self, postgres: Postgres, redis: Redis) -> None:
        self.postgres = postgres
        self.redis = redis
        self.asked: Counter[str] = Counter()  # worlds, by a digest of them
        self.loaded: dict[str, str] = {}  # databases in which a world was loaded and handled

    async def database(self, template: str = "template_jarvis") -> str:
        """A fresh migrated database, or a copy of one to which nobody is connected; returns its name."""
        name = f"t{next(_numbers)}"
        admin = await asyncpg.connect(self.postgres.dsn("postgres", "postgres"))
        try:
            await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")
        finally:
            await admin.close()
        return name

    def app_dsn(self, name: str) -> str:
        return self.postgres.dsn(APP, name)

    def owner_dsn(self, name: str) -> str:
        return self.postgres.dsn(OWNER, name)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[Servers]:
    folder = reachable(tmp_path_factory.mktemp("servers"))
    postgres, redis = Postgres(folder / "pg", durable=False), Redis(folder / "redis")
    postgres.start()
    redis.start()

    async def prepare() -> None:
        owner, _ = await provision(postgres, "template_jarvis")
        await migrate(owner)

    asyncio.run(prepare())
    yield Servers(postgres, redis)
    redis.stop()
    postgres.stop("immediate")


@pytest.fixture
async def doorbell(servers: Servers) -> AsyncGenerator[Doorbell]:
    async with open_doorbell(servers.redis.url) as bell:
        yield bell


@pytest.fixture
async def db(servers: Servers, doorbell: Doorbell) -> AsyncGenerator[Database]:
    name = await servers.database()
    async with open_database(servers.app_dsn(name), bell=doorbell, max_size=12) as database:
        yield database


@pytest.fixture(scope="session")
def artefacts() -> Path:
    folder = Path(__file__).parent / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder
