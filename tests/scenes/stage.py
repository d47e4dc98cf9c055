"""The demo's web application over a database, called within the process; its sandboxes serve
nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import httpx

from jarvis.engine.audit_checkpoints import Checkpoints
from jarvis.engine.db import Database
from jarvis.entrypoints.demo.app import DemoState, demo_app
from jarvis.entrypoints.sandboxes import built, load_world, sandboxes
from jarvis.integrations.storage.port import connect
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.kit.clock import TBILISI, OffsetClock
from jarvis.kit.sandbox_manifest import SandboxContext
from jarvis.kit.world import World
from jarvis.testing.core import NOW
from jarvis.testing.local import LocalTransport

HERE = "http://127.0.0.1"


@asynccontextmanager
async def stage_over(
    db: Database, folder: Path, world: World | None = None
) -> AsyncGenerator[tuple[DemoState, httpx.AsyncClient]]:
    """A loaded stage and a client at its own address."""
    clock = OffsetClock((NOW - datetime.now(TBILISI)).total_seconds())
    manifests = sandboxes()
    vendors = built(manifests, lambda _: SandboxContext(clock=clock))
    async with connect(StorageSettings(url=f"file://{folder}/media"), None) as storage:
        stage = DemoState(
            world=world or load_world(),
            db=db,
            owner=db,
            clock=clock,
            manifests={name: manifests[name] for name in vendors},
            vendors=vendors,
            checkpoints=Checkpoints(storage, "secret"),
            folder=folder,
        )
        stage.load()
        transport = LocalTransport(lambda: demo_app(stage))
        async with httpx.AsyncClient(base_url=HERE, transport=transport, trust_env=False) as http:
            yield stage, http
