"""What the commands do, over an open core."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from jarvis.app.build import App, Part, open_app
from jarvis.app.process import observe
from jarvis.domains.bookings.sync import LOAD
from jarvis.domains.staff import queries
from jarvis.domains.staff.administration import StaffAdministration
from jarvis.domains.staff.changes import CODE
from jarvis.domains.staff.invitations import Invitations
from jarvis.domains.staff.service import StaffService
from jarvis.engine import jobs
from jarvis.engine.db import Row
from jarvis.engine.deliveries import Deliveries
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.integration import Process
from jarvis.kit.actor import LANGUAGES, Role
from jarvis.kit.errors import InvalidRequest, NotFound
from jarvis.kit.ids import new_id

EVENT_STATES = ("received", "claimed", "done", "done with failures", "dead", "parked", "duplicate")


@asynccontextmanager
async def app(*parts: Part, process: Process | None = None) -> AsyncGenerator[App]:
    """The App from the environment, with the services and these parts."""
    observe()
    async with open_app(("services", *parts), process=process, pool=4) as opened:
        yield opened


async def sync(as_json: bool, console: Console) -> None:
    """Run the full load as a job in this process."""
    async with app("jobs") as opened:
        async with opened.db.transaction() as tx:
            job_id = await jobs.enqueue(
                tx, kind=LOAD, dedup_key=f"load:{new_id()}", queue="manual", deadline_s=1800
            )
        assert job_id is not None
        log = jobs.JobLog(opened.db)
        task = asyncio.create_task(jobs.run_job(opened.db, opened.jobs, job_id))
        with Progress(console=console, disable=as_json, transient=True) as progress:
            bar = progress.add_task("RentProg", total=None)
            while not task.done():
                await asyncio.sleep(0.2)
                job = await log.find(job_id)
                counts: dict[str, int] = (job["progress"] if job is not None else None) or {}
                done = sum(counts.values())
                progress.update(bar, description=f"RentProg: {done} records")
        await task
        row = await log.find(job_id)
    assert row is not None
    if as_json:
        console.print_json(
            json.dumps(
                {"state": row["state"], "result": row["result"], "cause": row["cause"]}, default=str
            )
        )
        return
    table = Table("list", "state", "read", "saved", "rejected", "cause")
    result: dict[str, Any] = row["result"] or {}
    parts: dict[str, dict[str, Any]] = result.get("parts") or {}
    for name, part in parts.items():
        cells = [str(part.get(k, "")) for k in ("state", "read", "saved", "rejected", "cause")]
        table.add_row(name, *cells)
    console.print(table)
    if row["cause"]:
        raise InvalidRequest(str(row["cause"]))


async def staff_add(
    name: str, role: str, branch: str | None, all_branches: bool, language: str, console: Console
) -> None:
    if role not in {r.value for r in Role}:
        raise InvalidRequest(f"roles: {', '.join(r.value for r in Role)}")
    if language not in LANGUAGES:
        raise InvalidRequest("languages: ru, en, ka")
    async with app() as opened:
        await opened.get(StaffAdministration).add(
            name=name, role=Role(role), branch=branch, all_branches=all_branches, language=language
        )
    console.print(f"{name} works here now. Next: jarvis staff invite {name!r}")


async def staff_branch(code: str, names: Mapping[str, str], rents: bool, console: Console) -> None:
    if not CODE.fullmatch(code):
        raise InvalidRequest("the code is of Latin letters, digits and hyphens, e.g. gori")
    async with app() as opened:
        await opened.get(StaffAdministration).add_branch(code, names, rents=rents, by="CLI")
    console.print(
        f"{names['ru']} is there. Next: jarvis telegram setup --create, or the steps that jarvis telegram setup shows."
    )


async def staff_bind(name: str, telegram_id: int, console: Console) -> None:
    async with app() as opened:
        actor = await opened.get(StaffService).actor_by_name(name)
        await opened.get(StaffAdministration).bind(
            employee_id=actor.employee_id, system="telegram", key=str(telegram_id), by="CLI"
        )
    console.print(f"{actor.name} is bound to Telegram id {telegram_id}.")


async def staff_invite(name: str, bot_name: str, console: Console) -> None:
    async with app() as opened:
        actor = await opened.get(StaffService).actor_by_name(name)
        bound = await opened.get(StaffService).telegram_of(actor.employee_id)
        token = await opened.get(Invitations).create(actor.employee_id, by="CLI")
        bot_name = bot_name or await queries.bot_name(opened.db) or ""
    if bound is not None:
        console.print(f"{actor.name} is bound to Telegram id {bound} already; is that a new phone?")
    link = f"https://t.me/{bot_name}?start={token}" if bot_name else f"/start {token}"
    console.print(
        f"{actor.name}: send this once, valid 3 days, an administrator confirms:\n{link}",
        highlight=False,
    )


async def staff_change(name: str, role: str | None, branch: str | None, console: Console) -> None:
    if role is None and branch is None:
        raise InvalidRequest("say --role, --branch or both")
    if role is not None and role not in {r.value for r in Role}:
        raise InvalidRequest(f"roles: {', '.join(r.value for r in Role)}")
    async with app() as opened:
        actor = await opened.get(StaffService).actor_by_name(name)
        await opened.get(StaffAdministration).change(
            actor.employee_id, role=Role(role) if role else None, branch=branch, by="CLI"
        )
    console.print(
        f"{actor.name}: {role or actor.role.value}, {branch or actor.home_branch or 'all branches'}. The chats follow."
    )


async def staff_dismiss(name: str, console: Console) -> None:
    async with app() as opened:
        actor = await opened.get(StaffService).actor_by_name(name)
        await opened.get(StaffAdministration).dismiss(actor.employee_id, by="CLI")
    console.print(f"{actor.name} has left; their next request is refused.")


async def staff_list(as_json: bool, console: Console) -> None:
    async with app() as opened:
        rows = await opened.get(StaffService).people()
    show(rows, ("name", "role", "branch", "language", "bound", "dismissed_at"), as_json, console)


async def events_list(
    state: str | None, kind: str | None, limit: int, as_json: bool, console: Console
) -> None:
    if state is not None and state not in EVENT_STATES:
        raise InvalidRequest(f"states: {', '.join(EVENT_STATES)}")
    async with app() as opened:
        rows = await opened.journal.recent(state=state, kind=kind, limit=limit)
    show(rows, ("id", "kind", "state", "received_at", "attempts", "cause"), as_json, console)


async def events_show(event_id: str, console: Console) -> None:
    async with app() as opened:
        row = await opened.journal.find(uuid_of(event_id))
        deliveries = await Deliveries(opened.db).of(uuid_of(event_id))
        effects = await EffectLog(opened.db).of(uuid_of(event_id))
    if row is None:
        raise NotFound("no such event")
    body = {
        **dict(row),
        "body": (row["body"] or b"").decode("utf-8", "replace"),
        "deliveries": [dict(d) for d in deliveries],
        "effects": [dict(e) for e in effects],
    }
    console.print_json(json.dumps(body, ensure_ascii=False, default=str))


async def effects_list(state: str | None, limit: int, as_json: bool, console: Console) -> None:
    async with app() as opened:
        rows = await EffectLog(opened.db).recent(state=state, limit=limit)
    show(
        rows,
        ("id", "kind", "target", "state", "attempts", "requested_at", "cause"),
        as_json,
        console,
    )


async def effects_retry(effect_id: str, console: Console) -> None:
    async with app() as opened:
        await EffectLog(opened.db).retry(uuid_of(effect_id))
    console.print("It is in its queue again.")


def show(rows: Sequence[Row], columns: Sequence[str], as_json: bool, console: Console) -> None:
    """Rows as a table, or as JSON for scripts."""
    if as_json:
        listed: list[dict[str, Any]] = [{name: row[name] for name in columns} for row in rows]
        console.print_json(json.dumps(listed, ensure_ascii=False, default=str))
        return
    table = Table(*columns)
    for row in rows:
        table.add_row(*("" if row[name] is None else str(row[name])[:60] for name in columns))
    console.print(table)


def uuid_of(text: str) -> UUID:
    """An id as it was typed."""
    try:
        return UUID(text)
    except ValueError:
        raise InvalidRequest(f"{text!r} is no id; `list` shows them") from None


def time_of(text: str | None) -> datetime | None:
    """A moment as it was typed; without a zone it is this machine's."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(f"{text!r} is no ISO time, e.g. 2026-03-12T14:30+04:00") from None
    return moment if moment.tzinfo else moment.astimezone()
