"""Commands over the work: subscriptions, deliveries, replay, drain."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import datetime
from uuid import UUID

from rich.console import Console

from jarvis.engine import idle, subscriptions
from jarvis.engine.db import Database, open_database
from jarvis.engine.deliveries import Deliveries
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.journal import Journal
from jarvis.entrypoints.cli.commands import app, show, time_of, uuid_of
from jarvis.kit.errors import InvalidRequest, SettingsMissing

DRAIN_LOOK_S = 0.5


async def subscriptions_sync(discard: bool, console: Console) -> None:
    """Write the table of subscriptions from this version's handlers, as the database owner."""
    from jarvis.app.build import subscriptions as wanted

    # as for the schema, no other settings are needed
    dsn = os.environ.get("JARVIS_DATABASE_DIRECT_URL")
    if not dsn:
        raise SettingsMissing(
            "JARVIS_DATABASE_DIRECT_URL is not set: the address of the database for its owner, not the pooler's"
        )
    async with open_database(dsn, max_size=1) as db:
        synced = await subscriptions.sync(db, wanted(), discard=discard)
    if synced.added or synced.removed:
        gone = (
            f"; gone: {', '.join(synced.removed)} ({synced.died} open deliveries died)"
            if synced.removed
            else ""
        )
        console.print(f"Subscribers: {len(synced.added)} new{gone}.", highlight=False)


async def subscriptions_list(as_json: bool, console: Console) -> None:
    async with app() as opened:
        rows = await subscriptions.listed(opened.db)
    show(rows, ("kind", "subscriber", "lane", "pool", "routed_as"), as_json, console)


async def subscriptions_backfill(name: str, since: str, console: Console) -> None:
    moment = time_of(since)
    assert moment is not None
    async with app() as opened:
        count = await subscriptions.backfill(opened.db, name, since=moment)
    console.print(f"{count} past events go to {name} now, in the bulk lane.")


async def deliveries_list(limit: int, as_json: bool, console: Console) -> None:
    async with app() as opened:
        rows = await Deliveries(opened.db).failed(limit=limit)
    show(
        rows,
        ("id", "subscriber", "kind", "state", "attempts", "finished_at", "cause"),
        as_json,
        console,
    )


async def deliveries_retry(delivery_id: str, console: Console) -> None:
    async with app() as opened:
        await Deliveries(opened.db).retry(uuid_of(delivery_id))
    console.print(
        "It is taken up again, under the same keys: an effect that went out does not go again."
    )


async def replay(
    event_id: str | None,
    since: str | None,
    until: str | None,
    kind: str | None,
    subscriber: str | None,
    live: bool,
    yes: bool,
    console: Console,
) -> None:
    """Replay past events; live only after their effects were shown and confirmed."""
    from rich.prompt import Confirm

    if event_id and (since or until or kind):
        raise InvalidRequest("name one event, or a stretch of time with --since; not both")
    found, window = uuid_of(event_id) if event_id else None, (time_of(since), time_of(until))
    async with app() as opened:
        if live:
            await _show_effects(opened.db, found, window, kind, console)
            if not yes and not Confirm.ask(
                "The copies carry such effects out again. Go on?", console=console, default=False
            ):
                raise InvalidRequest("nothing was replayed")
        made = await Journal(opened.db).replay(
            event_id=found,
            since=window[0],
            until=window[1],
            kind=kind,
            subscriber=subscriber,
            dry=not live,
        )
    console.print(
        f"{len(made)} {'event' if len(made) == 1 else 'events'} replayed, effects {'go out' if live else 'are only recorded (shadow)'}."
    )


async def _show_effects(
    db: Database,
    event_id: UUID | None,
    window: tuple[datetime | None, datetime | None],
    kind: str | None,
    console: Console,
) -> None:
    rows = await EffectLog(db).counts_of(
        event_id=event_id, since=window[0], until=window[1], kind=kind
    )
    console.print(
        "What the originals asked for of the outside:"
        if rows
        else "The originals asked for nothing of the outside."
    )
    if rows:
        show(rows, ("kind", "target", "state", "effects"), False, console)


async def drain(timeout_s: float, console: Console) -> None:
    """Wait until the workers have finished all open work."""
    deadline, last = time.monotonic() + timeout_s, dict[str, int]()
    async with app() as opened:
        while left := await idle.in_flight(opened.db, soon=idle.ANY, bulk_soon=idle.ANY):
            if left != last:
                console.print(
                    "Open: " + ", ".join(f"{n} {what}" for what, n in left.items()), highlight=False
                )
                last = left
            if time.monotonic() > deadline:
                raise InvalidRequest(
                    f"still open after {timeout_s:g} s: is a worker running? `jarvis deliveries list` shows failures"
                )
            await asyncio.sleep(DRAIN_LOOK_S)
    console.print("Nothing is open.")
