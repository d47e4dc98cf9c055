"""Work in progress: whether everything that was started has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from jarvis.engine.db import Database
from jarvis.engine.effects import Lane

ANY = timedelta(days=3650)  # however long it is delayed
# work that waits at most this long for a rate limit or its next attempt counts as in progress
SOON = timedelta(seconds=5)


async def in_flight(
    db: Database,
    *,
    inputs: Mapping[str, Sequence[str]] | None = None,
    now: datetime | None = None,
    soon: timedelta = SOON,
    bulk_soon: timedelta = SOON,
) -> dict[str, int]:
    """Open inputs, deliveries (`events`), effects, jobs and due timers, only those above zero;
    empty when idle.

    One snapshot: the event that an ending effect publishes cannot be missed between two reads.

    Args:
        db: Jarvis's database.
        inputs: By source, the deduplication keys of inputs that were sent; those not yet in the
            journal are counted.
        now: The business clock, when timers that are due by it count. Future timers and waiting
            approvals never do.
        soon: Work delayed for longer than this does not count.
        bulk_soon: The same for effects of the bulk lane, which may wait long for the limits of
            their target.
    """
    sent = [(source, key) for source, keys in (inputs or {}).items() for key in keys]
    row = await db.fetchrow(
        """SELECT (SELECT count(*) FROM unnest($1::text[], $2::text[]) AS sent (source, key)
            WHERE NOT EXISTS (
                     SELECT FROM event e WHERE e.source = sent.source
                       AND e.dedup_key = sent.key)) AS inputs,
                  (SELECT count(*) FROM delivery
                    WHERE state = 'claimed' OR (state = 'pending'
                      AND available_at <= now() + $3)) AS events,
                  (SELECT count(*) FROM effect
                    WHERE state = 'claimed' OR (state = 'pending' AND next_at <= now() + CASE
                      WHEN lane = $5 THEN $6 ELSE $3 END))
                    AS effects,
                  (SELECT count(*) FROM job WHERE state = 'running' OR (state = 'queued'
                    AND available_at <= now())) AS jobs,
                  (SELECT count(*) FROM timer WHERE state = 'armed' AND due_at <= $4) AS timers""",
        [source for source, _ in sent],
        [key for _, key in sent],
        soon,
        now,
        int(Lane.BULK),
        bulk_soon,
    )
    assert row is not None
    return {kind: int(count) for kind, count in row.items() if count}
