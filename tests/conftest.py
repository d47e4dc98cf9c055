"""Shared ground: one PostgreSQL for the run and a Redis a worker, a fresh database a test, no
network but loopback."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pydantic_ai import models

from jarvis.app.process import quiet_libraries
from jarvis.engine.db import Database, open_database
from jarvis.engine.notifier import RedisNotifier, open_notifier
from jarvis.testing.servers import Servers, forget_settings, running_servers

for _name in [name for name in os.environ if name.startswith(("OPENAI_", "ANTHROPIC_"))]:
    del os.environ[_name]
forget_settings()
models.ALLOW_MODEL_REQUESTS = False
quiet_libraries()
logging.getLogger("jarvis").setLevel(logging.WARNING)


class _Fails(logging.Handler):
    """A sentence that cannot be said as it stands is a log line in life and an error here."""

    def emit(self, record: logging.LogRecord) -> None:
        raise AssertionError(record.getMessage())


logging.getLogger("jarvis.messaging.catalogue").addHandler(_Fails(logging.ERROR))
# The same examples at every run; `make fuzz` looks for new ones.
settings.register_profile(
    "quick",
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long", max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("quick")
_connect = socket.socket.connect


def _loopback_only(self: socket.socket, address: object) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
        host = str(address[0])  # pyright: ignore[reportUnknownArgumentType]  # socket addresses are open tuples
        assert host in ("127.0.0.1", "::1", "localhost"), f"a test reached for {host}"
    return _connect(self, address)  # pyright: ignore[reportArgumentType]  # the same open tuple


socket.socket.connect = _loopback_only  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def servers() -> Generator[Servers]:
    with running_servers(os.environ.get("PYTEST_XDIST_TESTRUNUID")) as running:
        yield running


@pytest.fixture
async def notifier(servers: Servers) -> AsyncGenerator[RedisNotifier]:
    async with open_notifier(servers.redis_url()) as notifier:
        yield notifier


@pytest.fixture
async def db(servers: Servers, notifier: RedisNotifier) -> AsyncGenerator[Database]:
    name = await servers.database()
    async with open_database(servers.app_dsn(name), notifier=notifier, max_size=12) as database:
        yield database
    await servers.drop(name)


@pytest.fixture(scope="session")
def artefacts() -> Path:
    folder = Path(__file__).parent / "artefacts"
    folder.mkdir(exist_ok=True)
    return folder
