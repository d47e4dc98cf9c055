"""The process of the sandboxes: vendors, their ledgers, the control surface and the desk. Survives
Jarvis's own crashes."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jarvis.app.process import observe, until_signal
from jarvis.domains.bookings.checks import CHECKS
from jarvis.engine import clockrow
from jarvis.engine.audit_checkpoints import Checkpoints
from jarvis.engine.db import open_database
from jarvis.engine.doorbell import open_doorbell
from jarvis.engine.timing import Scheduler
from jarvis.entrypoints.demo.app import Stage, demo_app
from jarvis.entrypoints.seed import seed, wipe
from jarvis.integrations.rentprog.sandbox import RentProgSandbox
from jarvis.integrations.storage.port import connect
from jarvis.integrations.storage.settings import StorageSettings
from jarvis.integrations.telegram.sandbox import TelegramLimits, TelegramSandbox
from jarvis.kit.clock import OffsetClock
from jarvis.kit.errors import InvalidRequest
from jarvis.kit.ids import new_token
from jarvis.kit.keep import Keep
from jarvis.kit.sandbox import served
from jarvis.kit.settings import load
from jarvis.kit.world import World, load_world


def _env(stage: Stage) -> dict[str, str]:
    """What Jarvis's processes must know to reach the sandboxes."""
    rentprog, telegram = stage.rentprog, stage.telegram
    return {
        "JARVIS_RENTPROG_BASE_URL": rentprog.base_url,
        "JARVIS_RENTPROG_MCP_URL": rentprog.mcp_url,
        "JARVIS_RENTPROG_MCP_KEY": rentprog.mcp_key,
        "JARVIS_RENTPROG_COMPANY_TOKENS": json.dumps(rentprog.company_tokens),
        "JARVIS_RENTPROG_COMPANY_IDS": json.dumps(rentprog.data.companies),
        "JARVIS_RENTPROG_WEBHOOK_SECRETS": json.dumps(stage.secrets),
        "JARVIS_RENTPROG_TIMEOUT_S": "4",
        "JARVIS_RENTPROG_GET_PER_MINUTE": "110",
        "JARVIS_TELEGRAM_API_ID": "1",
        "JARVIS_TELEGRAM_API_HASH": "sandbox",
        "JARVIS_TELEGRAM_BOT_TOKEN": telegram.token,
        "JARVIS_TELEGRAM_HOST": "127.0.0.1",
        "JARVIS_TELEGRAM_PORT": str(telegram.port),
        "JARVIS_TELEGRAM_PUBLIC_KEY": telegram.key.public_pem,
        "JARVIS_TELEGRAM_LEASE_S": "5",
        "JARVIS_TELEGRAM_RECONCILE_S": "15",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class HostOptions:
    """What the host was asked for. `web`: the address of Jarvis's web process. `resume`: go on with
    what a killed host had kept."""

    folder: Path
    port: int
    web: str
    world: World
    offset_s: float
    group_per_minute: int
    resume: bool


async def run(options: HostOptions) -> None:
    """Begin with an empty Jarvis and a fresh world, or go on with the kept ones, and serve until
    cancelled."""
    clock, folder, world = OffsetClock(options.offset_s), options.folder, options.world
    async with (
        open_doorbell(os.environ.get("JARVIS_REDIS_URL")) as doorbell,
        open_database(os.environ["JARVIS_DATABASE_URL"], bell=doorbell, max_size=5) as db,
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
        rentprog = RentProgSandbox(clock=clock, ledger_path=folder / "ledger-rentprog.jsonl")
        limits = TelegramLimits(group_per_minute=options.group_per_minute)
        telegram = TelegramSandbox(ledger_path=folder / "ledger-telegram.jsonl", limits=limits)
        facts = folder / "host.json"
        secrets = (
            json.loads(facts.read_text())["secrets"]
            if options.resume
            else {branch.code: new_token() for branch in world.branches}
        )
        stage = Stage(
            world=world,
            db=db,
            owner=owner,
            clock=clock,
            rentprog=rentprog,
            telegram=telegram,
            secrets=secrets,
            web=options.web,
            folder=folder,
            checkpoints=checkpoints,
        )
        if not options.resume:
            stage.load()
        telegram.listeners = [stage.touched]
        ports = {
            name: v.remember(Keep(folder / f"kept-{name}"), resume=options.resume)
            for name, v in stage.vendors.items()
        }
        running = rentprog.running(ports["rentprog"]), telegram.running(ports["telegram"])
        async with running[0], running[1], served(demo_app(stage), port=options.port):
            rentprog.hook_urls = {
                c: f"{options.web}/hooks/rentprog/{secrets[b]}"
                for b, c in rentprog.data.companies.items()
            }
            for vendor in stage.vendors.values():
                vendor.save()
            if not options.resume:
                await stage.queue_load()
                draft = facts.with_suffix(".draft")
                draft.touch(mode=0o600)
                draft.write_text(
                    json.dumps({"env": _env(stage) | _pace(options), "secrets": secrets})
                )
                draft.rename(facts)
            try:
                await asyncio.Event().wait()
            finally:
                follower.cancel()


def _pace(options: HostOptions) -> dict[str, str]:
    return {"JARVIS_TELEGRAM_GROUP_PER_MINUTE": str(options.group_per_minute)}


def main(argv: Sequence[str]) -> None:
    """Serve the sandboxes and the desk until a signal comes."""
    parser = argparse.ArgumentParser(prog="jarvis demo host")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--web", required=True)
    parser.add_argument("--world", type=Path)
    parser.add_argument("--offset-s", type=float, default=0.0)
    parser.add_argument("--group-per-minute", type=int, default=20)
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
        group_per_minute=args.group_per_minute,
        resume=args.resume,
    )
    asyncio.run(until_signal(run(options)))
