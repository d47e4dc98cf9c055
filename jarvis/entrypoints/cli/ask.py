"""What `jarvis ask` does. Imports little: its imports delay every answer, so the agents are
imported only when no worker runs (tests/unit/test_cli_imports.py)."""

from __future__ import annotations

import asyncio
import html
import re
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

from rich.console import Console
from rich.table import Table

from jarvis.app.settings import AppSettings
from jarvis.domains.conversations.queries import finished_run, steps_of
from jarvis.domains.staff.queries import employee_called
from jarvis.engine.db import Database, Row, open_database
from jarvis.engine.journal import Journal
from jarvis.engine.notifier import open_notifier
from jarvis.kit.errors import InvalidRequest
from jarvis.kit.ids import new_id
from jarvis.kit.settings import load
from jarvis.kit.text import MESSAGE_CHARS, clean

TAKEN_S = 1.0  # a running worker has claimed a request by then
ANSWERED_S = 60.0
LOOK_S = 0.01  # a poll is two reads by key


async def ask(text: str, name: str, as_json: bool, console: Console) -> None:
    """Store the request in the journal and print the answer of a running worker, with its steps; if
    no worker takes it, it is answered in this process.

    Raises:
        InvalidRequest: an empty request, or one that failed or was not answered in time.
        NotFound: no employee of this name, or several.
    """
    text = clean(text).strip()
    if not text or len(text) > MESSAGE_CHARS:
        raise InvalidRequest(f"a request has 1 to {MESSAGE_CHARS} characters")
    async with _database() as db:
        employee_id = await employee_called(db, name)
        accepted = await Journal(db).accept(
            source="cli",
            kind="ask.employee",
            dedup_key=str(new_id()),
            ordering_key=f"cli:{employee_id}",
            sender=f"employee:{employee_id}",
            payload={"employee_id": str(employee_id), "text": text},
        )
        run = await _answer(db, accepted.event_id)
        steps = await steps_of(db, run["id"])
    if as_json:
        _print_json(run, steps, console)
    else:
        _print(run, steps, console)


@asynccontextmanager
async def _database() -> AsyncGenerator[Database]:
    settings = load(AppSettings)
    redis = settings.redis_url.get_secret_value() if settings.redis_url else None
    dsn = settings.database_url.get_secret_value()
    async with (
        open_notifier(redis) as notifier,
        open_database(dsn, notifier=notifier, max_size=1, pooled=settings.database_pooled) as db,
    ):
        yield db


async def _answer(db: Database, event_id: UUID) -> Row:
    """The finished run."""
    journal, began, taken = Journal(db), time.monotonic(), False
    while (waited := time.monotonic() - began) < ANSWERED_S:
        if (run := await finished_run(db, event_id)) is not None:
            return run
        event = await journal.status(event_id)
        state = event["state"] if event is not None else "received"
        if event is not None and state in ("dead", "parked"):
            raise InvalidRequest(f"the request failed: {event['cause']}")
        taken = taken or state != "received"
        if not taken and waited > TAKEN_S:
            taken = True
            await _answer_here(event_id)
        else:
            await asyncio.sleep(LOOK_S)
    raise InvalidRequest(f"no answer in {ANSWERED_S:g} s; `jarvis events list` shows what happened")


async def _answer_here(event_id: UUID) -> None:
    """Handle the event in this process; unless a worker has taken it meanwhile."""
    # agents take seconds to import
    from jarvis.app.build import open_app
    from jarvis.app.process import observe
    from jarvis.entrypoints.worker import PARTS, event_worker

    observe()
    async with open_app(PARTS) as opened:
        await event_worker(opened, "cli").handle_event(event_id)


def _print_json(run: Row, steps: Sequence[Row], console: Console) -> None:
    import json

    shown = ("kind", "name", "arguments", "outcome", "offset_ms", "duration_ms")
    body = {
        "answer": run["answer_text"],
        "buttons": run["answer_buttons"],
        "state": run["state"],
        "roles": run["roles"],
        "offline": run["offline"],
        "steps": [{key: step[key] for key in shown} for step in steps],
    }
    console.print_json(json.dumps(body, ensure_ascii=False, default=str))


def _print(run: Row, steps: Sequence[Row], console: Console) -> None:
    text = html.unescape(re.sub(r"<[^>]+>", "", run["answer_text"] or ""))
    console.print(text, markup=False, highlight=False)
    buttons: list[list[str]] = run["answer_buttons"] or []
    for row in buttons:
        console.print(
            "  " + "  ".join(f"[{label}]" for label in row), markup=False, highlight=False
        )
    table = Table("№", "step", "name", "ms", "outcome", title="Steps")
    for step in steps:
        table.add_row(
            str(step["ordinal"]),
            step["kind"],
            step["name"],
            str(step["duration_ms"]),
            (step["outcome"] or "")[:70],
        )
    console.print(table)
