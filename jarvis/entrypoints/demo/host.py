"""The process of the sandboxes: vendors, their ledgers, the control surface and the desk. Survives
Jarvis's own crashes."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from jarvis.app.process import observe, until_signal
from jarvis.domains.bookings.checks import CHECKS
from jarvis.engine import clockrow
from jarvis.engine.audit_checkpoints import Checkpoints
from jarvis.engine.db import open_database
from jarvis.engine.notifier import open_notifier
from jarvis.engine.timing import Scheduler
from jarvis.entrypoints.demo.app import DemoState, demo_app
from jarvis.entrypoints.sandboxes import built, load_world, sandboxes
from jarvis.entrypoints.seed import seed, wipe
from jarvis.integrations.storage.port import connect
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.kit.clock import OffsetClock
from jarvis.kit.errors import InvalidRequest
from jarvis.kit.keep import Keep
from jarvis.kit.sandbox import served
from jarvis.kit.sandbox_manifest import SandboxContext
from jarvis.kit.settings import load
from jarvis.kit.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """Options of the host. `web`: the address of Jarvis's web process. `resume`: restore the state
    that a killed host had saved."""

    folder: Path
    port: int
    web: str
    world: World
    offset_s: float
    resume: bool


async def run(options: HostOptions) -> None:
    """Start with an empty Jarvis and a fresh world, or with the saved ones, and serve until
    cancelled."""
    clock, folder, world = OffsetClock(options.offset_s), options.folder, options.world
    async with (
        open_notifier(os.environ.get("JARVIS_REDIS_URL")) as notifier,
        open_database(os.environ["JARVIS_DATABASE_URL"], notifier=notifier, max_size=5) as db,
        open_database(os.environ["JARVIS_DATABASE_DIRECT_URL"], max_size=2) as owner,
        connect(load(StorageSettings), None) as storage,
    ):
        checkpoints = Checkpoints(storage, os.environ["JARVIS_SECRET"])
        if not options.resume:
            await wipe(owner, checkpoints)
            await clockrow.set_offset(owner, options.offset_s)
            await seed(owner, clock, world)
            await Scheduler(owner, clock, CHECKS).skip()
        follower = asyncio.create_task(clockrow.follow(db, clock))
        manifests = sandboxes()
        vendors = built(
            manifests,
            lambda name: SandboxContext(
                clock=clock,
                web=options.web,
                settings=os.environ,
                ledger=folder / f"ledger-{name}.jsonl",
            ),
        )
        stage = DemoState(
            world=world,
            db=db,
            owner=owner,
            clock=clock,
            manifests={name: manifests[name] for name in vendors},
            vendors=vendors,
            folder=folder,
            checkpoints=checkpoints,
        )
        if not options.resume:
            stage.load()
        stage.telegram.listeners = [stage.touched]
        async with AsyncExitStack() as running:
            for name, vendor in stage.vendors.items():
                port = vendor.remember(Keep(folder / f"kept-{name}"), resume=options.resume)
                await running.enter_async_context(vendor.running(port))
            await running.enter_async_context(served(demo_app(stage), port=options.port))
            for vendor in stage.vendors.values():
                vendor.save()
            if not options.resume:
                await stage.queue_load()
                _write_connection_facts(stage, folder / "host.json")
            try:
                await asyncio.Event().wait()
            finally:
                follower.cancel()


def _write_connection_facts(stage: DemoState, facts: Path) -> None:
    """Write the settings by which Jarvis's processes reach the sandboxes."""
    env = {k: v for vendor in stage.vendors.values() for k, v in vendor.settings().items()}
    draft = facts.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps({"env": env}))
    draft.rename(facts)


def main(argv: Sequence[str]) -> None:
    """Serve the sandboxes and the desk until a signal comes."""
    parser = argparse.ArgumentParser(prog="jarvis demo host")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--web", required=True)
    parser.add_argument("--world", type=Path)
    parser.add_argument("--offset-s", type=float, default=0.0)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args(argv)
    observe()
    try:
        world = load_world(args.world)
    except InvalidRequest as error:
        sys.exit(str(error))
    options = HostOptions(
        folder=args.folder,
        port=args.port,
        web=args.web,
        world=world,
        offset_s=args.offset_s,
        resume=args.resume,
    )
    asyncio.run(until_signal(run(options)))
