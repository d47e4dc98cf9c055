"""The log of effects: claim, finish, release, and lists for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from jarvis.engine import audit, journal
from jarvis.engine.db import Database, Row, Tx
from jarvis.engine.effects import (
    FOUND_NOT_DONE,
    LEASE_S,
    Effect,
    Lane,
    Receipt,
    channel,
    storable_cause,
)
from jarvis.kit.actor import Actor
from jarvis.kit.errors import InvalidRequest, LeaseLost, NotFound


class EffectLog:
    """Claims and finishes effects; lists them for people. A claim lasts `lease_s` seconds unless it
    is extended."""

    def __init__(self, db: Database, *, lease_s: float = LEASE_S) -> None:
        self._db = db
        self._lease = timedelta(seconds=lease_s)

    async def claim(self, worker: str, systems: Sequence[str], *, limit: int = 10) -> list[Effect]:
        """Take ready effects of these systems, urgent ones first, the oldest of each ordering key
        only."""
        rows = await self._db.fetch(
            """
            WITH ready AS (
              SELECT e.id FROM effect e
               WHERE e.state = 'pending' AND e.system = ANY($2) AND e.next_at <= now()
                 AND (e.ordering_key IS NULL OR NOT EXISTS (
                   SELECT 1 FROM effect p WHERE p.ordering_key = e.ordering_key AND p.seq < e.seq
                      AND p.state IN ('pending', 'claimed', 'unknown')))
                 AND (e.after_effect_id IS NULL OR EXISTS (
                   SELECT 1 FROM effect a WHERE a.id = e.after_effect_id AND a.state IN ('done',
                     'shadow')))
               ORDER BY e.lane, e.seq LIMIT $3 FOR UPDATE SKIP LOCKED)
            UPDATE effect e SET state = 'claimed', claimed_by = $1, fence = e.fence + 1,
                   lease_until = now() + $4 FROM ready WHERE e.id = ready.id RETURNING e.*
            """,
            worker,
            list(systems),
            limit,
            self._lease,
        )
        return [_effect(row) for row in sorted(rows, key=lambda r: (r["lane"], r["seq"]))]

    async def ahead(self, effect: Effect) -> float:
        """Seconds until an effect of a faster lane that waits only for the limits of the same
        target falls due; 0 when there is none."""
        wait = await self._db.fetchval(
            """SELECT extract(epoch FROM min(e.next_at) - now()) FROM effect e
                WHERE e.target = $1 AND e.state = 'pending' AND e.lane < $2
                  AND (e.ordering_key IS NULL OR NOT EXISTS (
                    SELECT 1 FROM effect p WHERE p.ordering_key = e.ordering_key AND p.seq < e.seq
                       AND p.state IN ('pending', 'claimed', 'unknown')))""",
            effect.target,
            int(effect.lane),
        )
        return 0.0 if wait is None else max(0.2, float(wait))

    async def attempt(self, effect: Effect) -> bool:
        """Count an attempt just before the send; false when the claim was lost meanwhile."""
        count = await self._db.execute(
            """UPDATE effect SET attempts = attempts + 1, attempting = true,
                lease_until = now() + $3
                WHERE id = $1 AND state = 'claimed' AND fence = $2""",
            effect.id,
            effect.fence,
            self._lease,
        )
        return bool(count)

    async def extend(self, effect: Effect) -> None:
        """Extend the lease of a long call.

        Raises:
            LeaseLost: another dispatcher has the effect.
        """
        count = await self._db.execute(
            "UPDATE effect SET lease_until = now() + $3 WHERE id = $1 AND state = 'claimed' AND "
            "fence = $2",
            effect.id,
            effect.fence,
            self._lease,
        )
        if not count:
            raise LeaseLost(f"effect {effect.id}")

    async def done(self, effect: Effect, receipt: Receipt) -> None:
        """Record the receipt and the audit entry of the outcome."""
        await self._finish(effect, "done", dict(receipt.facts), None)

    async def dead(self, effect: Effect, cause: str) -> None:
        """Record a final failure; a person may retry it."""
        await self._finish(effect, "dead", None, cause)

    async def unknown(self, effect: Effect, cause: str) -> None:
        """Record an unknown outcome: nothing is sent again until a person has resolved it."""
        await self._finish(effect, "unknown", None, cause)

    async def _finish(
        self, effect: Effect, state: str, receipt: dict[str, Any] | None, cause: str | None
    ) -> None:
        async with self._db.transaction() as tx:
            row = await tx.fetchrow(
                """UPDATE effect SET state = $3, receipt = $4, cause = $5, finished_at = now(),
                    lease_until = NULL
                    WHERE id = $1 AND state = 'claimed' AND fence = $2 RETURNING *""",
                effect.id,
                effect.fence,
                state,
                receipt,
                storable_cause(cause),
            )
            if row is None:
                raise LeaseLost(f"effect {effect.id}")
            await _completed(tx, row)

    async def resolve(
        self, effect_id: UUID, outcome: Literal["done", "not_done", "again"], *, by: Actor, tx: Tx
    ) -> bool:
        """Record a person's resolution of an unknown effect; false when it was resolved already."""
        state = {"done": "done", "not_done": "dead", "again": "pending"}[outcome]
        row = await tx.fetchrow(
            """UPDATE effect SET state = $2, next_at = now(), resolved_by_employee_id = $3,
                      receipt = CASE WHEN $2 = 'done' THEN jsonb_build_object('resolved', true) END,
                      requested_at = CASE WHEN $2 = 'pending' THEN now() ELSE requested_at END,
                      cause = CASE WHEN $2 = 'dead' THEN $4 ELSE cause END
                WHERE id = $1 AND state = 'unknown' RETURNING *""",
            effect_id,
            state,
            by.employee_id,
            FOUND_NOT_DONE,
        )
        if row is None:
            return False
        await audit.record(
            tx,
            action=f"effect.{row['kind']}",
            actor_id=by.employee_id,
            actor_name=by.name,
            subject=row["target"],
            outcome=f"resolved: {outcome}",
            effect_id=effect_id,
            trace_id=row["trace_id"],
        )
        if state == "pending":
            tx.notify(channel(row["system"]))
        else:
            await _completed(tx, row)
        return True

    async def reschedule(self, effect: Effect, delay_s: float, cause: str | None = None) -> None:
        """Return the effect to its queue for later."""
        await self._db.execute(
            """UPDATE effect SET state = 'pending', attempting = false, lease_until = NULL,
                cause = coalesce($4, cause),
                      next_at = now() + make_interval(secs => $3)
                WHERE id = $1 AND state = 'claimed' AND fence = $2""",
            effect.id,
            effect.fence,
            delay_s,
            storable_cause(cause),
        )

    async def sweep(self) -> int:
        """Return effects of dead dispatchers to their queue; of class C those that may have been
        sent become unknown."""
        async with self._db.transaction() as tx:
            rows = await tx.fetch(
                """WITH lost AS (
                     SELECT id, effect_class = 'C' AND attempting AS ambiguous FROM effect
                      WHERE state = 'claimed' AND lease_until < now() ORDER BY seq
                        FOR UPDATE SKIP LOCKED)
                   UPDATE effect e SET lease_until = NULL,
                          state = CASE WHEN ambiguous THEN 'unknown' ELSE 'pending' END,
                          cause = CASE WHEN ambiguous THEN 'the worker died while sending'
                            ELSE e.cause END,
                          finished_at = CASE WHEN ambiguous THEN now() END
                     FROM lost WHERE e.id = lost.id RETURNING e.*"""
            )
            for row in rows:
                if row["state"] == "unknown":
                    await _completed(tx, row)
                else:
                    tx.notify(channel(row["system"]))
        return len(rows)

    async def receipt(self, effect_id: UUID) -> tuple[str, dict[str, Any] | None]:
        """State and receipt of one effect."""
        row = await self._db.fetchrow("SELECT state, receipt FROM effect WHERE id = $1", effect_id)
        if row is None:
            raise NotFound("no such effect")
        return row["state"], row["receipt"]

    async def retry(self, effect_id: UUID) -> None:
        """Put a dead effect back into its queue, under its old key."""
        system = await self._db.fetchval(
            """UPDATE effect SET state = 'pending', next_at = now(), attempts = 0,
                finished_at = NULL
                WHERE id = $1 AND state = 'dead' RETURNING system""",
            effect_id,
        )
        if system is None:
            raise InvalidRequest("only a dead effect can be retried")
        await self._db.notifier.notify([channel(system)])

    async def of(self, event_id: UUID) -> Sequence[Row]:
        """The effects that an event requested."""
        return await self._db.fetch(
            "SELECT id, kind, target, state, receipt, cause FROM effect WHERE event_id = $1",
            event_id,
        )

    async def counts_of(
        self,
        *,
        event_id: UUID | None,
        since: datetime | None,
        until: datetime | None,
        kind: str | None,
        limit: int = 50,
    ) -> Sequence[Row]:
        """How many effects past events requested, by kind, target and state, the most first: of one
        event, of a period, or of one kind of event."""
        return await self._db.fetch(
            """SELECT f.kind, f.target, f.state, count(*) AS effects
                 FROM effect f JOIN event e ON e.id = f.event_id
                WHERE ($1::uuid IS NULL OR e.id = $1)
                  AND ($2::timestamptz IS NULL OR e.received_at >= $2)
                  AND ($3::timestamptz IS NULL OR e.received_at < $3)
                  AND ($4::text IS NULL OR e.kind = $4)
                GROUP BY f.kind, f.target, f.state ORDER BY effects DESC, f.kind LIMIT $5""",
            event_id,
            since,
            until,
            kind,
            limit,
        )

    async def shadowed(self, *, hours: int) -> Sequence[Row]:
        """Effects of the last hours that were only recorded, by kind and branch, with the times of
        the first and the last."""
        return await self._db.fetch(
            """SELECT kind, coalesce(branch, '') AS branch, count(*) AS effects,
                      min(requested_at) AS first, max(requested_at) AS last
                 FROM effect
                WHERE state = 'shadow' AND requested_at > now() - make_interval(hours => $1)
                GROUP BY kind, branch ORDER BY kind, branch""",
            hours,
        )

    async def latest(self, kind: str) -> Row | None:
        """State and cause of the newest effect of a kind; None when there is none."""
        return await self._db.fetchrow(
            "SELECT state, cause FROM effect WHERE kind = $1 ORDER BY seq DESC LIMIT 1", kind
        )

    async def recent(self, *, state: str | None = None, limit: int = 50) -> Sequence[Row]:
        """The newest first."""
        return await self._db.fetch(
            """SELECT id, kind, target, state, lane, attempts, requested_at, finished_at, cause,
                receipt, event_id
                 FROM effect WHERE ($1::text IS NULL OR state = $1) ORDER BY seq DESC LIMIT $2""",
            state,
            limit,
        )


async def _completed(tx: Tx, row: Row) -> None:
    """Consequences of an effect that ended: its audit entry, its event, and the steps that waited
    for it."""
    await audit.record(
        tx,
        action=f"effect.{row['kind']}",
        actor_name="Jarvis",
        subject=row["target"],
        outcome=row["state"],
        effect_id=row["id"],
        trace_id=row["trace_id"],
        details=None if row["cause"] is None else {"cause": row["cause"]},
    )
    if row["settled_kind"] is not None:
        await journal.publish(
            tx,
            kind=row["settled_kind"],
            dedup_key=f"settled:{row['id']}:{row['state']}:{row['fence']}",
            ordering_key=f"effect:{row['id']}",
            trace_id=row["trace_id"],
            parent_id=row["event_id"],
            payload={
                "effect_id": str(row["id"]),
                "kind": row["kind"],
                "target": row["target"],
                "state": row["state"],
                "args": row["args"],
                "receipt": row["receipt"],
                "cause": row["cause"],
            },
        )
    if row["state"] in ("dead", "dropped"):
        for step in await tx.fetch(
            """UPDATE effect SET state = 'dropped', finished_at = now(),
                cause = 'an earlier step failed'
                WHERE after_effect_id = $1 AND state = 'pending' RETURNING *""",
            row["id"],
        ):
            await _completed(tx, step)
    # Freeing an ordering key wakes the effects that waited for it, in every system.
    for freed in await tx.fetch(
        "SELECT DISTINCT system FROM effect WHERE state = 'pending' AND (ordering_key = $1 OR "
        "after_effect_id = $2)",
        row["ordering_key"],
        row["id"],
    ):
        tx.notify(channel(freed["system"]))


def _effect(row: Row) -> Effect:
    return Effect(
        id=row["id"],
        kind=row["kind"],
        target=row["target"],
        idempotency_key=row["idempotency_key"],
        args=row["args"],
        attempt=row["attempts"] + 1,
        fence=row["fence"],
        lane=Lane(row["lane"]),
        trace_id=row["trace_id"],
        requested_at=row["requested_at"],
        effect_class=row["effect_class"],
        branch=row["branch"],
    )
