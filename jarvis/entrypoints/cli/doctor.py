"""`jarvis doctor`: every dependency, setting and vendor, with what to do about it."""

from __future__ import annotations

import json
import os
import shutil
import sys
from datetime import UTC, datetime
from importlib.metadata import version

from rich.console import Console
from rich.table import Table

from jarvis.app.build import App
from jarvis.app.discovery import integrations
from jarvis.domains.staff.queries import administrators
from jarvis.engine import audit
from jarvis.engine.audit_checkpoints import Checkpoints
from jarvis.engine.audit_proof import prove
from jarvis.engine.db import Database
from jarvis.engine.deliveries import Deliveries
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.integration import Diagnosis
from jarvis.engine.schema import migrations_run
from jarvis.engine.settings import EngineSettings
from jarvis.entrypoints.cli.commands import app
from jarvis.integrations.storage.kinds import CHECKPOINT
from jarvis.integrations.storage.port import FsStorage
from jarvis.kit.errors import InvalidRequest, JarvisError


async def doctor(as_json: bool, console: Console) -> int:
    """Print one line a check; returns the exit code."""
    lines = _machine()
    try:
        if "JARVIS_DATABASE_URL" not in os.environ:
            from jarvis.entrypoints.demo.running import find_demo

            os.environ.update(find_demo())
            lines += _demo()
        lines += await _installation()
    except InvalidRequest as error:
        lines.append(Diagnosis(name="Settings", ok=False, found="none", advice=str(error)))
    except (JarvisError, OSError) as error:
        lines.append(
            Diagnosis(
                name="Database", ok=False, found=f"{error}", advice="check JARVIS_DATABASE_URL"
            )
        )
    if as_json:
        body = [
            {"name": d.name, "ok": d.ok, "found": d.found, "advice": "" if d.ok else d.advice}
            for d in lines
        ]
        console.print_json(json.dumps(body, ensure_ascii=False))
    else:
        table = Table("check", "", "found", "what to do")
        for d in lines:
            table.add_row(d.name, "ok" if d.ok else "missing", d.found, "" if d.ok else d.advice)
        console.print(table)
    return 0 if all(d.ok for d in lines) else 1


def _machine() -> list[Diagnosis]:
    python = ".".join(map(str, sys.version_info[:3]))
    pins = {name: version(name) for name in ("pydantic-ai-slim", "pydantic-evals")}
    same = len(set(pins.values())) == 1
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    return [
        Diagnosis(
            name="Python",
            ok=sys.version_info[:2] == (3, 11),
            found=python,
            advice="use CPython 3.11",
        ),
        Diagnosis(
            name="pydantic-ai and its evals",
            ok=same,
            found=str(pins),
            advice="install deploy/requirements/core.txt",
        ),
        Diagnosis(
            name="Chromium (tests of pages)",
            ok=browser is not None,
            found=browser or "none",
            advice="apt install chromium",
        ),
    ]


def _demo() -> list[Diagnosis]:
    """How the processes of the demo in this folder run."""
    from jarvis.entrypoints.demo.running import processes_of_demo

    processes = processes_of_demo()
    down = {name: p for name, p in processes.items() if p["state"] != "running"}
    found = "; ".join(f"{name}: {p['state']}, it {p['last_end']}" for name, p in down.items())
    advice = (
        "it is tried again by itself; the words of the demo's processes stand in .jarvis/demo/log"
    )
    return [
        Diagnosis(
            name="Processes of the demo",
            ok=not down,
            found=found or f"{len(processes)} run",
            advice=advice,
        )
    ]


async def _installation() -> list[Diagnosis]:
    lines: list[Diagnosis] = []
    async with app() as opened:
        tables = await migrations_run(opened.db)
        lines.append(
            Diagnosis(
                name="Database",
                ok=bool(tables),
                found=f"{tables} migrations ran",
                advice="run `jarvis migrate`",
            )
        )
        may_delete = await audit.may_delete(opened.db)
        advice = "connect as the role jarvis_app, not as the owner"
        lines.append(
            Diagnosis(
                name="Database role",
                ok=not may_delete,
                found="audit only grows" if not may_delete else "may delete audit",
                advice=advice,
            )
        )
        redis = await opened.notifier.ping()
        lines.append(
            Diagnosis(
                name="Redis",
                ok=redis,
                found="answers" if redis else "silent",
                advice="set JARVIS_REDIS_URL",
            )
        )
        admins = await administrators(opened.db)
        lines.append(
            Diagnosis(
                name="Administrators",
                ok=bool(admins),
                found=str(admins),
                advice="jarvis staff add NAME --role admin, then bind",
            )
        )
        dead = await Deliveries(opened.db).failed_count()
        lines.append(
            Diagnosis(
                name="Failed deliveries",
                ok=not dead,
                found=str(dead),
                advice="jarvis deliveries list",
            )
        )
        secret = opened.get(EngineSettings).secret.get_secret_value()
        checkpoints = Checkpoints(opened.get(FsStorage), secret)
        lines.append(await diagnose_checkpoints(opened.db, checkpoints, datetime.now(UTC)))
        refused = await opened.journal.refused()
        advice = "somebody guesses webhook paths, or RentProg has an old address: compare it with JARVIS_RENTPROG_WEBHOOK_SECRETS"
        lines.append(
            Diagnosis(
                name="Refused webhooks, 24 h", ok=not refused, found=str(refused), advice=advice
            )
        )
        lines += await _vendors(opened)
    return lines


async def _vendors(opened: App) -> list[Diagnosis]:
    named = [(found, found.manifest.diagnose) for found in integrations()]
    asked = [found.objects([name])[0] for found, name in named if name is not None]
    return [line for diagnose in asked for line in await opened.call(diagnose)]


async def diagnose_checkpoints(db: Database, checkpoints: Checkpoints, now: datetime) -> Diagnosis:
    """Whether the audit is signed in time, and whether signed rows are unchanged."""
    proof = await prove(db, checkpoints, quick=True)
    last = await EffectLog(db).latest(CHECKPOINT.name)
    failed = last["cause"] if last is not None and last["state"] != "done" else None
    since = f"{proof.unsigned_since:%d.%m %H:%M} UTC" if proof.unsigned_since else ""
    advice = "run `jarvis audit verify`"
    if proof.unread is not None:
        ok, found, advice = False, f"not known: {proof.unread}", "check JARVIS_STORAGE_URL"
    elif proof.flaws:
        ok, found = False, str(proof.flaws[0])
    elif proof.late(now):
        ok, found = (
            False,
            f"late: {proof.unsigned} rows are not signed since {since}"
            + (f"; last attempt: {failed}" if failed else ""),
        )
        advice = "the scheduler asks for them and the bot makes them: start both"
    elif failed:
        ok, found = False, f"the last attempt failed: {failed}"
    else:
        ok, found = True, f"{proof.checkpoint or 'none yet'}; {proof.unsigned} rows since"
    return Diagnosis(name="Audit checkpoints", ok=ok, found=found, advice=advice)
