"""A vendor's sandbox by its name: for the contract tests of a vendor."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

from jarvis.entrypoints.sandboxes import built, load_world, sandboxes
from jarvis.kit.clock import TBILISI, OffsetClock
from jarvis.kit.sandbox_manifest import SandboxContext, VendorSandbox
from jarvis.kit.world import World
from jarvis.testing.core import NOW


@asynccontextmanager
async def running_sandbox(
    name: str, world: World | None = None, now: datetime = NOW, *, web: str = ""
) -> AsyncGenerator[VendorSandbox]:
    """A discovered sandbox with this world (the built-in one when absent), serving on loopback.

    Args:
        name: Of the sandbox, as its manifest says.
        world: What it loads.
        now: The business time that it begins at.
        web: Where its webhooks go.
    """
    clock = OffsetClock((now - datetime.now(TBILISI)).total_seconds())
    manifest = sandboxes()[name]
    sandbox = built({name: manifest}, lambda _: SandboxContext(clock=clock, web=web))[name]
    sandbox.load(world or load_world(), now)
    async with sandbox.running():
        yield sandbox
