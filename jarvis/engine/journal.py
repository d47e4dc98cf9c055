"""The journal: every input is one row in `event` before any rule sees it.

States: received → claimed → done | dead | parked; `duplicate` for an equal body inside its window. A claim is a lease
with a fencing token: whoever lost the lease can write nothing more. Order is kept per ordering key.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from jarvis.engine.db import Database, Row, Tx
from jarvis.kit.errors import InvalidRequest, LeaseLost, NotFound
from jarvis.kit.ids import new_id, sha256_hex, short_code

BELL = "events"
LEASE_S = 20.0  # longer than any single call of ours may take; who lives prolongs it, who died costs this long
MAX_ATTEMPTS = 8
DUPLICATE_WINDOW = timedelta(minutes=15)

EventState = Literal["received", "claimed", "done", "dead", "parked", "duplicate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The row an input became. `fresh` is false when it was known already."""

    event_id: UUID
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One claimed event. `fence` proves the claim in every later write."""

    id: UUID
    seq: int
    source: str
    kind: str
    ordering_key: str | None
    body: bytes
    payload: Mapping[str, Any]
    attempt: int
    fence: int
    received_at: datetime
    trace_id: str
    dry: bool


async def publish(
    tx: Tx, *, kind: str, dedup_key: str, payload: Mapping[str, Any], ordering_key: str | None, trace_id: str, parent_id: UUID | None
) -> Accepted:  # fmt: skip
    """Put an internal event into the journal in the transaction of the change it tells of."""
    row = await tx.fetchrow(
        "SELECT * FROM event_accept('jarvis', $1, $2, $3, NULL, $4, $5, $6)",
        kind, dedup_key, ordering_key, dict(payload), trace_id, parent_id,
    )  # fmt: skip
    assert row is not None
    tx.ring(BELL)
    return Accepted(event_id=row["event_id"], fresh=row["fresh"])


class Journal:
    """Accepts, claims and finishes events. A claim stands for `lease_s` seconds unless it is prolonged."""

    def __init__(self, db: Database, *, lease_s: float = LEASE_S) -> None:
        self._db = db
        self._lease = timedelta(seconds=lease_s)

    async def accept(
        self,
        *,
        source: str,
        kind: str,
        dedup_key: str,
        payload: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        ordering_key: str | None = None,
    ) -> Accepted:
        """Store one input; a second one with the same key of the same source changes nothing."""
        trace = new_id().hex
        row = await self._db.fetchrow(
            "SELECT * FROM event_accept($1, $2, $3, $4, $5, $6, $7, NULL)",
            source, kind, dedup_key, ordering_key, body, dict(payload) if payload is not None else None, trace,
        )  # fmt: skip
        assert row is not None
        if row["fresh"]:
            await self._db.bell.ring([BELL])
        return Accepted(event_id=row["event_id"], fresh=row["fresh"])

    async def accept_windowed(
        self, *, source: str, kind: str, body: bytes, ordering_key: str | None, window: timedelta = DUPLICATE_WINDOW
    ) -> Accepted:
        """Store a delivery whose sender gives no id: an equal body within the window becomes a `duplicate` row.

        For a duplicate one follow-up event ending in `.duplicate` is published: read again.
        """
        row = await self._db.fetchrow(
            "SELECT * FROM event_accept_windowed($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            source, kind, sha256_hex(source, kind, body), ordering_key, body, new_id().hex, window,
            f"{kind.rpartition('.')[0]}.duplicate", new_id().hex,
        )  # fmt: skip
        assert row is not None
        await self._db.bell.ring([BELL])
        return Accepted(event_id=row["event_id"], fresh=row["original_id"] is None)

    async def publish(
        self,
        tx: Tx,
        *,
        kind: str,
        dedup_key: str,
        payload: Mapping[str, Any],
        ordering_key: str | None = None,
        parent: Event | None = None,
    ) -> Accepted:
        """Publish an internal event in the transaction of the change it tells of."""
        return await publish(
            tx, kind=kind, dedup_key=dedup_key, payload=payload, ordering_key=ordering_key,
            trace_id=parent.trace_id if parent else new_id().hex, parent_id=parent.id if parent else None,
        )  # fmt: skip

    async def claim(self, worker: str, *, limit: int = 1, only: UUID | None = None) -> list[Event]:
        """Take the oldest ready events, at most one of each ordering key, for one lease."""
        rows = await self._db.fetch(
            """
            WITH ready AS (
              SELECT e.id FROM event e
               WHERE e.state = 'received' AND e.available_at <= now() AND ($4::uuid IS NULL OR e.id = $4)
                 AND (e.ordering_key IS NULL OR NOT EXISTS (
                   SELECT 1 FROM event p
                    WHERE p.ordering_key = e.ordering_key AND p.seq < e.seq AND p.state IN ('received', 'claimed')))
               ORDER BY e.seq LIMIT $2 FOR UPDATE SKIP LOCKED)
            UPDATE event e SET state = 'claimed', claimed_by = $1, fence = e.fence + 1, attempts = e.attempts + 1,
                   lease_until = now() + $3, started_at = coalesce(e.started_at, clock_timestamp())
              FROM ready WHERE e.id = ready.id RETURNING e.*
            """,
            worker, limit, self._lease, only,
        )  # fmt: skip
        return sorted((_event(row) for row in rows), key=lambda e: e.seq)

    @asynccontextmanager
    async def guarded(self, event: Event) -> AsyncGenerator[Tx]:
        """A transaction that only commits while the claim still stands.

        Raises:
            LeaseLost: another worker has taken the event over.
        """
        async with self._db.transaction() as tx:
            held = await tx.fetchval(
                "SELECT true FROM event WHERE id = $1 AND state = 'claimed' AND fence = $2 FOR UPDATE",
                event.id, event.fence,
            )  # fmt: skip
            if not held:
                raise LeaseLost(f"event {event.id}")
            yield tx

    async def extend(self, event: Event) -> None:
        """Prolong the lease of a long handler."""
        count = await self._db.execute(
            "UPDATE event SET lease_until = now() + $3 WHERE id = $1 AND state = 'claimed' AND fence = $2",
            event.id, event.fence, self._lease,
        )  # fmt: skip
        if not count:
            raise LeaseLost(f"event {event.id}")

    async def done(self, event: Event) -> None:
        await self._finish(event, "done", None)

    async def park(self, event: Event, cause: str) -> None:
        """Put aside what we cannot read; the raw body stays and a person is told."""
        await self._finish(event, "parked", cause)

    async def dead(self, event: Event, cause: str) -> None:
        """Give up; the raw body and the cause stay for a replay."""
        await self._finish(event, "dead", cause)

    async def _finish(self, event: Event, state: EventState, cause: str | None) -> None:
        count = await self._db.execute(
            """UPDATE event SET state = $3, cause = $4, finished_at = now(), lease_until = NULL
                WHERE id = $1 AND state = 'claimed' AND fence = $2""",
            event.id, event.fence, state, cause,
        )  # fmt: skip
        if not count:
            raise LeaseLost(f"event {event.id}")
        if event.ordering_key is not None:
            await self._db.bell.ring([BELL])

    async def retry(self, event: Event, cause: str, delay_s: float) -> None:
        """Give the event back for a later attempt."""
        count = await self._db.execute(
            """UPDATE event SET state = 'received', cause = $3, lease_until = NULL,
                      available_at = now() + make_interval(secs => $4)
                WHERE id = $1 AND state = 'claimed' AND fence = $2""",
            event.id, event.fence, cause, delay_s,
        )  # fmt: skip
        if not count:
            raise LeaseLost(f"event {event.id}")

    async def sweep(self) -> int:
        """Give events of dead workers back, and bury those whose worker died every time; returns how many were touched."""
        revived = await self._db.execute(
            """UPDATE event SET state = CASE WHEN losses + 1 >= $1 THEN 'dead' ELSE 'received' END, losses = losses + 1,
                      cause = CASE WHEN losses + 1 >= $1 THEN 'the worker died every time' ELSE cause END,
                      finished_at = CASE WHEN losses + 1 >= $1 THEN now() END, lease_until = NULL
                WHERE state = 'claimed' AND lease_until < now()""",
            MAX_ATTEMPTS,
        )
        if revived:
            await self._db.bell.ring([BELL])
        return revived

    async def replay(
        self,
        *,
        event_id: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        kind: str | None = None,
        dry: bool = True,
    ) -> list[UUID]:
        """Put copies of past events into the journal again, in their order.

        Dry copies run their handlers with every effect recorded as `shadow`, so nothing leaves the house.
        """
        if event_id is None and since is None:
            raise InvalidRequest("name an event or a start time")
        rows = await self._db.fetch(
            """SELECT * FROM event WHERE ($1::uuid IS NULL OR id = $1)
                  AND ($2::timestamptz IS NULL OR received_at >= $2)
                  AND ($3::timestamptz IS NULL OR received_at < $3) AND ($4::text IS NULL OR kind = $4)
                  AND state <> 'duplicate' AND parent_event_id IS NULL ORDER BY seq""",
            event_id, since, until, kind,
        )  # fmt: skip
        if not rows:
            raise NotFound("no event matches")
        async with self._db.transaction() as tx:
            return await self.replay_in(tx, [row["id"] for row in rows], dry=dry)

    async def replay_in(self, tx: Tx, event_ids: Sequence[UUID], *, dry: bool) -> list[UUID]:
        """The same for named events, in the transaction of the decision that they be replayed."""
        rows = await tx.fetch("SELECT * FROM event WHERE id = ANY($1) ORDER BY seq", list(event_ids))
        made: list[UUID] = []
        for row in rows:
            copy = new_id()
            await tx.execute(
                """INSERT INTO event (id, source, kind, dedup_key, ordering_key, body, payload, trace_id,
                                      parent_event_id, dry)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
                copy, row["source"], row["kind"], f"replay:{copy}", row["ordering_key"], row["body"],
                row["payload"], new_id().hex, row["id"], dry,
            )  # fmt: skip
            made.append(copy)
        tx.ring(BELL)
        return made

    async def refuse(self, *, source: str, reason: str) -> None:
        """Count a delivery that was refused at the door; nothing of it is kept."""
        await self._db.execute(
            """INSERT INTO refused_delivery (source, reason, hour) VALUES ($1, $2, date_trunc('hour', now()))
               ON CONFLICT (source, reason, hour) DO UPDATE SET deliveries = refused_delivery.deliveries + 1""",
            source, reason,
        )  # fmt: skip

    async def refused(self, *, hours: int = 24) -> int:
        """Deliveries refused in the last hours."""
        return int(
            await self._db.fetchval(
                "SELECT coalesce(sum(deliveries), 0) FROM refused_delivery WHERE hour > now() - make_interval(hours => $1)", hours
            )
        )

    async def recent(self, *, state: str | None = None, kind: str | None = None, limit: int = 50) -> Sequence[Row]:
        """The newest events first, without their bodies."""
        return await self._db.fetch(
            """SELECT id, seq, source, kind, state, received_at, started_at, finished_at, attempts, cause, trace_id, dry
                 FROM event WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR kind = $2)
                ORDER BY seq DESC LIMIT $3""",
            state, kind, limit,
        )  # fmt: skip


def trace_code(trace_id: str) -> str:
    """What a person quotes to us when something went wrong."""
    return short_code(trace_id)


def _event(row: Row) -> Event:
    return Event(
        id=row["id"], seq=row["seq"], source=row["source"], kind=row["kind"], ordering_key=row["ordering_key"],
        body=row["body"] or b"", payload=row["payload"] or {}, attempt=row["attempts"], fence=row["fence"],
        received_at=row["received_at"], trace_id=row["trace_id"], dry=row["dry"],
    )  # fmt: skip
