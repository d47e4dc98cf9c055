"""The journal: every input is one row in `event` before any handler runs, with a delivery for each
subscriber of its kind.

An event is immutable. Its outcome is the sum of its deliveries (`engine/deliveries.py`); an equal
body inside its window is kept as a duplicate of the first, without deliveries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from jarvis.engine.db import Database, Row, Tx
from jarvis.engine.subscriptions import channel
from jarvis.kit.errors import InvalidRequest, NotFound
from jarvis.kit.ids import new_id, sha256_hex, short_code

DUPLICATE_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The row of an input. `fresh` is false for a duplicate."""

    event_id: UUID
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An input from a sender that assigns no ids."""

    source: str
    kind: str
    body: bytes
    ordering_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One input. `sender` is its original cause: a person (`telegram:<id>`), a vendor, a check."""

    id: UUID
    seq: int
    source: str
    kind: str
    ordering_key: str | None
    body: bytes
    payload: Mapping[str, Any]
    sender: str
    received_at: datetime
    trace_id: str
    dry: bool

    @classmethod
    def of(cls, row: Row) -> Event:
        """From its row, or a row that begins with it."""
        return cls(
            id=row["id"],
            seq=row["seq"],
            source=row["source"],
            kind=row["kind"],
            ordering_key=row["ordering_key"],
            body=row["body"] or b"",
            payload=row["payload"] or {},
            sender=row["sender"],
            received_at=row["received_at"],
            trace_id=row["trace_id"],
            dry=row["dry"],
        )


async def publish(
    tx: Tx,
    *,
    kind: str,
    dedup_key: str,
    payload: Mapping[str, Any],
    ordering_key: str | None,
    trace_id: str,
    parent_id: UUID | None,
    sender: str | None = None,
) -> Accepted:
    """Publish an internal event in the transaction of the change that it reports; it inherits its
    parent's sender."""
    row = await tx.fetchrow(
        "SELECT * FROM event_accept('jarvis', $1, $2, $3, NULL, $4, $5, $6, $7)",
        kind,
        dedup_key,
        ordering_key,
        dict(payload),
        trace_id,
        parent_id,
        sender,
    )
    assert row is not None
    for lane in row["lanes"]:
        tx.notify(channel(lane))
    return Accepted(event_id=row["event_id"], fresh=row["fresh"])


class Journal:
    """Accepts inputs, publishes internal events, replays past events."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def accept(
        self,
        *,
        source: str,
        kind: str,
        dedup_key: str,
        payload: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        ordering_key: str | None = None,
        sender: str | None = None,
    ) -> Accepted:
        """Store one input; a second one with the same key of the same source changes nothing.
        `sender`: the source, when absent."""
        trace = new_id().hex
        row = await self._db.fetchrow(
            "SELECT * FROM event_accept($1, $2, $3, $4, $5, $6, $7, NULL, $8)",
            source,
            kind,
            dedup_key,
            ordering_key,
            body,
            dict(payload) if payload is not None else None,
            trace,
            sender,
        )
        assert row is not None
        await self._db.notifier.notify([channel(lane) for lane in row["lanes"]])
        return Accepted(event_id=row["event_id"], fresh=row["fresh"])

    async def accept_windowed(
        self,
        *,
        source: str,
        kind: str,
        body: bytes,
        ordering_key: str | None,
        window: timedelta = DUPLICATE_WINDOW,
    ) -> Accepted:
        """Store one input whose sender gives no id, in a transaction of its own; see
        `accept_many`."""
        (accepted,) = await self.accept_many(
            [Input(source=source, kind=kind, body=body, ordering_key=ordering_key)], window=window
        )
        return accepted

    async def accept_many(
        self, inputs: Sequence[Input], *, window: timedelta = DUPLICATE_WINDOW
    ) -> list[Accepted]:
        """Store inputs whose senders give no ids, in this order and all or none; an equal body
        within the window is a duplicate.

        For a duplicate one follow-up event ending in `.duplicate` is published: read again. One
        statement is one transaction, so neither a frozen process nor a lost connection leaves locks
        behind.

        Raises:
            asyncpg.PostgresError, OSError: nothing was stored, unless the connection broke: then
                everything or nothing was.
        """
        rows = await self._db.fetch(
            "SELECT * FROM event_accept_many($1, $2, $3, $4, $5, $6)",
            [one.source for one in inputs],
            [one.kind for one in inputs],
            [sha256_hex(one.source, one.kind, one.body) for one in inputs],
            [one.ordering_key for one in inputs],
            [one.body for one in inputs],
            window,
        )
        await self._db.notifier.notify(
            sorted({channel(lane) for row in rows for lane in row["lanes"]})
        )
        return [
            Accepted(event_id=row["event_id"], fresh=row["original_id"] is None) for row in rows
        ]

    async def publish(
        self,
        tx: Tx,
        *,
        kind: str,
        dedup_key: str,
        payload: Mapping[str, Any],
        ordering_key: str | None = None,
        parent: Event | None = None,
        sender: str | None = None,
    ) -> Accepted:
        """Publish an internal event in the transaction of the change that it reports."""
        return await publish(
            tx,
            kind=kind,
            dedup_key=dedup_key,
            payload=payload,
            ordering_key=ordering_key,
            sender=sender,
            trace_id=parent.trace_id if parent else new_id().hex,
            parent_id=parent.id if parent else None,
        )

    async def replay(
        self,
        *,
        event_id: UUID | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        kind: str | None = None,
        subscriber: str | None = None,
        dry: bool = True,
    ) -> list[UUID]:
        """Replay copies of past events in their order, for one subscriber or for all.

        Dry copies run their handlers with every effect recorded as `shadow`, so nothing is sent to
        outside systems.
        """
        if event_id is None and since is None:
            raise InvalidRequest("name an event or a start time")
        rows = await self._db.fetch(
            """SELECT * FROM event WHERE ($1::uuid IS NULL OR id = $1)
                  AND ($2::timestamptz IS NULL OR received_at >= $2)
                  AND ($3::timestamptz IS NULL OR received_at < $3) AND ($4::text IS NULL
                    OR kind = $4)
                  AND duplicate_of_event_id IS NULL AND ($1 IS NOT NULL OR parent_event_id IS NULL)
                    ORDER BY seq""",
            event_id,
            since,
            until,
            kind,
        )
        if not rows:
            raise NotFound("no event matches")
        async with self._db.transaction() as tx:
            return await self.replay_in(
                tx, [row["id"] for row in rows], subscriber=subscriber, dry=dry
            )

    async def replay_in(
        self, tx: Tx, event_ids: Sequence[UUID], *, dry: bool, subscriber: str | None = None
    ) -> list[UUID]:
        """Replay the given events, in the transaction of the decision to replay them."""
        rows = await tx.fetch(
            "SELECT * FROM event WHERE id = ANY($1) ORDER BY seq", list(event_ids)
        )
        await tx.execute(  # in the order in which `event_accept_many` takes them
            """SELECT pg_advisory_xact_lock(l.number)
                 FROM (SELECT DISTINCT hashtextextended(key, 1) AS number
                   FROM unnest($1::text[]) key ORDER BY number) l""",
            [row["ordering_key"] for row in rows if row["ordering_key"] is not None],
        )
        made: list[UUID] = []
        for row in rows:
            copy = new_id()
            seq = await tx.fetchval(
                """INSERT INTO event (id, source, kind, dedup_key, ordering_key, body, payload,
                    trace_id, parent_event_id, dry, sender)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING seq""",
                copy,
                row["source"],
                row["kind"],
                f"replay:{copy}",
                row["ordering_key"],
                row["body"],
                row["payload"],
                new_id().hex,
                row["id"],
                dry,
                row["sender"],
            )
            lanes: Sequence[int] = await tx.fetchval(
                "SELECT event_deliver($1, $2, $3, $4, $5, $6)",
                copy,
                seq,
                row["kind"],
                row["ordering_key"],
                row["sender"],
                subscriber,
            )
            if not lanes:
                raise NotFound(
                    f"no subscriber {subscriber} hears of {row['kind']}; `jarvis subscriptions "
                    f"list` shows who does"
                )
            for lane in lanes:
                tx.notify(channel(lane))
            made.append(copy)
        return made

    async def refuse(self, *, source: str, reason: str, deliveries: int = 1) -> None:
        """Count webhooks that were refused before they were stored; their content is not kept."""
        await self._db.execute(
            """INSERT INTO refused_delivery (source, reason, hour, deliveries) VALUES ($1, $2,
                date_trunc('hour', now()), $3)
               ON CONFLICT (source, reason, hour)
               DO UPDATE SET deliveries = refused_delivery.deliveries + excluded.deliveries""",
            source,
            reason,
            deliveries,
        )

    async def refused(self, *, hours: int = 24) -> int:
        """Number of webhooks refused in the last hours."""
        return int(
            await self._db.fetchval(
                "SELECT coalesce(sum(deliveries), 0) FROM refused_delivery WHERE hour > now() - "
                "make_interval(hours => $1)",
                hours,
            )
        )

    async def status(self, event_id: UUID) -> Row | None:
        """The outcome of an event: its row of the view `event_status`; None when there is none."""
        return await self._db.fetchrow("SELECT * FROM event_status WHERE id = $1", event_id)

    async def find(self, event_id: UUID) -> Row | None:
        """An event as it was stored, with its body; None when there is none."""
        return await self._db.fetchrow("SELECT * FROM event WHERE id = $1", event_id)

    async def followed(
        self, moment: datetime, kinds: Sequence[str], *, within: timedelta, limit: int = 50
    ) -> list[Row]:
        """Events received from a moment on, with their outcomes, in their order.

        Args:
            moment: Real time as the database has it.
            kinds: Patterns of kinds for SQL's LIKE; matching one is enough.
            within: How long after the moment.
            limit: How many at most.
        """
        return await self._db.fetch(
            """SELECT e.kind, s.state, e.received_at, s.finished_at, e.payload, e.body
                 FROM event e JOIN event_status s USING (id)
                WHERE e.received_at >= $1 AND e.received_at < $1 + $3::interval
                  AND e.kind LIKE ANY($2)
                ORDER BY e.seq LIMIT $4""",
            moment,
            list(kinds),
            within,
            limit,
        )

    async def recent(
        self, *, state: str | None = None, kind: str | None = None, limit: int = 50
    ) -> Sequence[Row]:
        """The newest events first, without their bodies; `state` as in the view `event_status`."""
        if state is None:
            return await self._db.fetch(
                """SELECT s.* FROM (SELECT id FROM event WHERE $1::text IS NULL OR kind = $1
                    ORDER BY seq DESC LIMIT $2) n
                     JOIN event_status s USING (id) ORDER BY s.seq DESC""",
                kind,
                limit,
            )
        return await self._db.fetch(
            "SELECT * FROM event_status WHERE state = $1 AND ($2::text IS NULL OR kind = $2) ORDER "
            "BY seq DESC LIMIT $3",
            state,
            kind,
            limit,
        )


def trace_code(trace_id: str) -> str:
    """The code that a person quotes to support when something went wrong."""
    return short_code(trace_id)
