"""A feature over a database: the whole of Jarvis with its sandboxes in one process, and no socket but PostgreSQL's and Redis's.

What a rule of a feature does is shown here. What a wire does (login, lost answers, slow or broken connections, updates that a
client misses) needs `running_app`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.servers import Servers


@asynccontextmanager
async def running_feature(servers: Servers, folder: Path, **settings: Any) -> AsyncGenerator[RunningApp]:
    """As `running_app`, which says what can be set; Telegram and RentProg are called within the process."""
    async with running_app(servers, folder, sockets=False, **settings) as app:
        yield app
