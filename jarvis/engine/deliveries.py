"""Deliveries: one subscriber's work on one event.

States: pending → claimed → done | dead | parked. A claim is a lease with a fencing token: a worker
that lost the lease can write nothing more. Order is kept per (subscriber, ordering key); senders
get equal shares of the work, in turn.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from jarvis.engine.db import Database, Reader, Row, Tx
from jarvis.engine.effects import LEASE_S, storable_cause
from jarvis.engine.journal import Event
from jarvis.engine.subscriptions import POOL, DeliveryLane, channel
from jarvis.kit.errors import InvalidRequest, LeaseLost, NotFound

MAX_LOSSES = 5  # worker crashes before a delivery is dead
_DIED = "the worker died every time"

# The ready rows of a lane, at most one of each (subscriber, key). A sender's next row ranks after
# as many rows as the sender has in progress, so that a flood from one sender does not delay the
# others; senders are found by a loose index scan. More rows are read than are wanted, so that
# concurrent claims do not come back empty while work waits.
_CLAIM = """
WITH RECURSIVE senders AS (
  (SELECT sender FROM delivery WHERE state = 'pending' AND lane = $2 ORDER BY sender LIMIT 1)
  UNION ALL
  SELECT (SELECT d.sender FROM delivery d WHERE d.state = 'pending' AND d.lane = $2
    AND d.sender > s.sender ORDER BY d.sender LIMIT 1)
    FROM senders s WHERE s.sender IS NOT NULL),
heads AS (
  SELECT h.id, busy.n + row_number() OVER (PARTITION BY s.sender ORDER BY h.event_seq) AS turn
    FROM senders s
   CROSS JOIN LATERAL (SELECT count(*) AS n FROM delivery c WHERE c.state = 'claimed'
     AND c.lane = $2 AND c.sender = s.sender) busy
   CROSS JOIN LATERAL (
     SELECT d.id, d.event_seq FROM delivery d
      WHERE d.state = 'pending' AND d.lane = $2 AND d.sender = s.sender AND d.available_at <= now()
        AND d.subscriber = ANY($5) AND d.pool = ANY($6)
        AND (d.ordering_key IS NULL OR NOT EXISTS (
          SELECT FROM delivery p WHERE p.subscriber = d.subscriber
            AND p.ordering_key = d.ordering_key
             AND p.event_seq < d.event_seq AND p.state IN ('pending', 'claimed')))
        AND NOT EXISTS (
          SELECT FROM delivery c WHERE c.subscriber = d.subscriber
            AND c.ordering_key = d.ordering_key AND c.state = 'claimed')
      ORDER BY d.event_seq LIMIT 4 * $3) h
   WHERE s.sender IS NOT NULL),
ready AS (
  SELECT d.id FROM delivery d JOIN heads h ON h.id = d.id
   WHERE d.state = 'pending' ORDER BY h.turn, d.event_seq LIMIT $3 FOR UPDATE OF d SKIP LOCKED)
UPDATE delivery d SET state = 'claimed', claimed_by = $1, fence = d.fence + 1,
  attempts = d.attempts + 1, lease_until = now() + $4,
       started_at = coalesce(d.started_at, clock_timestamp())
  FROM ready, event e WHERE d.id = ready.id AND e.id = d.event_id
RETURNING d.id AS delivery_id, d.subscriber, d.lane, d.attempts, d.fence, d.failed_at,
          d.available_at > e.received_at AS put_off, e.*
"""

_CLAIM_EVENT = """
UPDATE delivery d SET state = 'claimed', claimed_by = $1, fence = d.fence + 1,
  attempts = d.attempts + 1, lease_until = now() + $3,
       started_at = coalesce(d.started_at, clock_timestamp())
  FROM event e WHERE e.id = $2 AND d.event_id = e.id AND d.state = 'pending'
    AND d.subscriber = ANY($4)
   AND (d.ordering_key IS NULL OR NOT EXISTS (
     SELECT FROM delivery p WHERE p.subscriber = d.subscriber AND p.ordering_key = d.ordering_key
        AND p.event_seq < d.event_seq AND p.state IN ('pending', 'claimed')))
   AND NOT EXISTS (
     SELECT FROM delivery c WHERE c.subscriber = d.subscriber AND c.ordering_key = d.ordering_key
       AND c.state = 'claimed')
RETURNING d.id AS delivery_id, d.subscriber, d.lane, d.attempts, d.fence, d.failed_at,
          d.available_at > e.received_at AS put_off, e.*
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One claimed delivery. `fence` proves the claim in every later write; `failed_at` is where it
    failed last; `put_off`: it was rescheduled before.
    """

    id: UUID
    event: Event
    subscriber: str
    lane: DeliveryLane
    attempt: int
    fence: int
    failed_at: str | None
    put_off: bool = False


# called in the transaction in which a delivery fails, with the cause
FailureAlert = Callable[[Tx, Delivery, str], Awaitable[None]]


class Deliveries:
    """Claims and finishes deliveries. A claim lasts `lease_s` seconds unless it is extended."""

    def __init__(self, db: Database, *, lease_s: float = LEASE_S) -> None:
        self._db = db
        self._lease = timedelta(seconds=lease_s)

    async def claim(
        self,
        worker: str,
        lane: DeliveryLane,
        subscribers: Sequence[str],
        *,
        limit: int = 1,
        pools: Sequence[str] = (POOL,),
    ) -> list[Delivery]:
        """Take ready deliveries of a lane to these subscribers, at most one of each (subscriber,
        key), for one lease."""
        rows = await self._db.fetch(
            _CLAIM, worker, int(lane), limit, self._lease, list(subscribers), list(pools)
        )
        return sorted((_delivery(row) for row in rows), key=lambda d: d.event.seq)

    async def claim_of(
        self, worker: str, event_id: UUID, subscribers: Sequence[str]
    ) -> list[Delivery]:
        """Take the ready deliveries of one event."""
        rows = await self._db.fetch(_CLAIM_EVENT, worker, event_id, self._lease, list(subscribers))
        return [_delivery(row) for row in rows]

    @asynccontextmanager
    async def guarded(self, delivery: Delivery) -> AsyncGenerator[Tx]:
        """A transaction that only commits while the claim is valid.

        Raises:
            LeaseLost: another worker has taken the delivery over.
        """
        async with self._db.transaction() as tx:
            held = await tx.fetchval(
                "SELECT true FROM delivery WHERE id = $1 AND state = 'claimed' AND fence = $2 FOR "
                "UPDATE",
                delivery.id,
                delivery.fence,
            )
            if not held:
                raise LeaseLost(f"delivery {delivery.id}")
            yield tx

    async def extend(self, delivery: Delivery) -> None:
        """Extend the lease of a long handler."""
        count = await self._db.execute(
            "UPDATE delivery SET lease_until = now() + $3 WHERE id = $1 AND state = 'claimed' AND "
            "fence = $2",
            delivery.id,
            delivery.fence,
            self._lease,
        )
        if not count:
            raise LeaseLost(f"delivery {delivery.id}")

    async def done(self, delivery: Delivery) -> None:
        await self._finish(self._db, delivery, "done", None, None)

    async def give_up(
        self,
        delivery: Delivery,
        state: Literal["dead", "parked"],
        cause: str,
        failed_at: str | None = None,
        *,
        alert: FailureAlert | None = None,
    ) -> None:
        """End a delivery as dead, or park a body that cannot be read; the raw body and the cause
        stay for a retry. `alert` is called in the same transaction.
        """
        async with self._db.transaction() as tx:
            await self._finish(tx, delivery, state, cause, failed_at)
            if alert is not None:
                await alert(tx, delivery, cause)

    async def _finish(
        self,
        reader: Reader,
        delivery: Delivery,
        state: str,
        cause: str | None,
        failed_at: str | None,
    ) -> None:
        count = await reader.execute(
            """UPDATE delivery SET state = $3, cause = $4, failed_at = $5, finished_at = now(),
                lease_until = NULL
                WHERE id = $1 AND state = 'claimed' AND fence = $2""",
            delivery.id,
            delivery.fence,
            state,
            storable_cause(cause),
            failed_at,
        )
        if not count:
            raise LeaseLost(f"delivery {delivery.id}")
        if isinstance(reader, Tx):
            reader.notify(channel(delivery.lane))
            return
        if delivery.event.ordering_key is not None:
            await self._db.notifier.notify(
                [channel(delivery.lane)]
            )  # the next delivery of the same key is ready

    async def reschedule(
        self,
        delivery: Delivery,
        cause: str,
        delay_s: float,
        failed_at: str | None = None,
        *,
        counted: bool = True,
    ) -> None:
        """Release the delivery for a later attempt; where it failed is remembered. `counted`:
        whether this was an attempt."""
        count = await self._db.execute(
            """UPDATE delivery SET state = 'pending', cause = $3, failed_at = coalesce($5,
                failed_at), lease_until = NULL,
                      available_at = now() + make_interval(secs => $4), attempts = attempts - CASE
                        WHEN $6 THEN 0 ELSE 1 END
                WHERE id = $1 AND state = 'claimed' AND fence = $2""",
            delivery.id,
            delivery.fence,
            storable_cause(cause),
            delay_s,
            failed_at,
            counted,
        )
        if not count:
            raise LeaseLost(f"delivery {delivery.id}")

    async def sweep(self, *, alert: FailureAlert | None = None) -> int:
        """Release deliveries of dead workers, and mark as dead those whose worker died every time;
        returns how many changed. Rows locked by an open transaction are left for the next sweep.
        """
        async with self._db.transaction() as tx:
            rows = await tx.fetch(
                """WITH lost AS (
                     UPDATE delivery SET state = CASE WHEN losses + 1 >= $1 THEN 'dead'
                       ELSE 'pending' END, losses = losses + 1,
                            cause = CASE WHEN losses + 1 >= $1 THEN $2 ELSE cause END,
                            finished_at = CASE WHEN losses + 1 >= $1 THEN now() END,
                              lease_until = NULL
                      WHERE id IN (SELECT id FROM delivery WHERE state = 'claimed'
                        AND lease_until < now() FOR UPDATE SKIP LOCKED)
                     RETURNING id AS delivery_id, event_id, subscriber, lane, attempts, fence,
                       failed_at, state AS now_is)
                   SELECT * FROM lost JOIN event e ON e.id = lost.event_id""",
                MAX_LOSSES,
                _DIED,
            )
            for lane in {row["lane"] for row in rows}:
                tx.notify(channel(lane))
            for row in rows:
                if row["now_is"] == "dead" and alert is not None:
                    await alert(tx, _delivery(row), _DIED)
        return len(rows)

    async def retry(self, delivery_id: UUID) -> None:
        """Retry a dead or parked delivery under the same keys: an effect that was sent is not sent
        again."""
        async with self._db.transaction() as tx:
            lane = await tx.fetchval(
                """UPDATE delivery SET state = 'pending', available_at = now(), attempts = 0,
                    losses = 0, finished_at = NULL,
                          failed_at = NULL WHERE id = $1 AND state IN ('dead', 'parked')
                            RETURNING lane""",
                delivery_id,
            )
            if lane is None:
                state = await tx.fetchval("SELECT state FROM delivery WHERE id = $1", delivery_id)
                if state is None:
                    raise NotFound(
                        "no such delivery; `jarvis deliveries list` shows those that failed"
                    )
                raise InvalidRequest(
                    f"it is {state}; only a dead or parked delivery can be taken up again"
                )
            tx.notify(channel(lane))

    async def of(self, event_id: UUID) -> Sequence[Row]:
        """All deliveries of an event."""
        return await self._db.fetch(
            """SELECT id, subscriber, state, lane, attempts, available_at, started_at, finished_at,
                cause FROM delivery
                WHERE event_id = $1 ORDER BY subscriber""",
            event_id,
        )

    async def failed_count(self) -> int:
        """How many deliveries are dead or parked."""
        return int(
            await self._db.fetchval(
                "SELECT count(*) FROM delivery WHERE state IN ('dead', 'parked')"
            )
        )

    async def failed(self, *, limit: int = 50) -> Sequence[Row]:
        """Dead and parked deliveries, the newest first."""
        return await self._db.fetch(
            """SELECT d.id, d.subscriber, e.kind, d.state, d.attempts, d.finished_at, d.cause,
                d.event_id
                 FROM delivery d JOIN event e ON e.id = d.event_id WHERE d.state IN ('dead',
                   'parked')
                ORDER BY d.finished_at DESC LIMIT $1""",
            limit,
        )


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row["delivery_id"],
        event=Event.of(row),
        subscriber=row["subscriber"],
        lane=DeliveryLane(row["lane"]),
        attempt=row["attempts"],
        fence=row["fence"],
        failed_at=row["failed_at"],
        put_off=row.get("put_off", False),
    )
