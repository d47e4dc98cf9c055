"""What tests of the schema share."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest

from jarvis.testing.servers import Servers
from tests.scenes.migrations import (
    Connection,
    owned,
)


@pytest.fixture
async def owner(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Connection]:
    """A connection to a fresh migrated database, which is also the one that `jarvis migrate` would
    take."""
    async with owned(servers, await servers.database(), monkeypatch) as connection:
        yield connection
