"""Whether Jarvis is ready, and what is still on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jarvis.entrypoints.demo.app import Stage


async def ready(stage: Stage) -> bool:
    """The bot holds the session, RentProg was loaded, the web process answers."""
    row = await stage.db.fetchrow(
        """SELECT coalesce(bool_or(held_until > now()), false) AS bot,
                  EXISTS (SELECT 1 FROM job WHERE kind = 'rentprog.load' AND state = 'done') AS loaded
             FROM lease WHERE name LIKE 'telegram:%'"""
    )
    return bool(row and row["bot"] and row["loaded"] and stage.telegram.state.commands)


async def in_flight(stage: Stage) -> dict[str, int]:
    """Open events, runs, jobs, due effects, webhooks and unread messages; empty when the house is quiet."""
    # What people wrote is looked at first: once it is an event, the look at events below finds it.
    keys = [f"message:{chat}:{message}:" for chat, message in stage.telegram.last_words()]
    unread = await stage.db.fetchval(
        """SELECT count(*) FROM unnest($1::text[]) key
            WHERE NOT EXISTS (SELECT 1 FROM event WHERE source = 'telegram' AND starts_with(dedup_key, key))""",
        keys,
    )
    webhooks = int(stage.rentprog.busy())
    row = await stage.db.fetchrow(
        """SELECT (SELECT count(*) FROM event WHERE state = 'claimed' OR (state = 'received' AND available_at <= now())) AS events,
                  (SELECT count(*) FROM effect WHERE state = 'claimed' OR (state = 'pending' AND next_at <= now())) AS effects,
                  (SELECT count(*) FROM job WHERE state = 'running' OR (state = 'queued' AND available_at <= now())) AS jobs"""
    )
    assert row is not None
    counts = {name: int(row[name]) for name in ("events", "effects", "jobs")}
    counts["messages"] = unread
    counts["webhooks"] = webhooks
    return {name: count for name, count in counts.items() if count}
