"""Effects: every change of the outside world is one row, written with the business change it belongs to.

Lanes: 0 urgent, 1 normal, 2 bulk. Order is kept per ordering key; a finished or dead effect lets the next one go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Literal, Protocol
from uuid import UUID

from jarvis.engine import audit
from jarvis.engine.db import Database, Row, Tx
from jarvis.engine.journal import Event
from jarvis.engine.limits import Limit
from jarvis.kit.errors import InvalidRequest, LeaseLost, NotFound

LEASE_S = 45


class Lane(IntEnum):
    URGENT = 0
    NORMAL = 1
    BULK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One claimed effect."""

    id: UUID
    kind: str
    target: str
    idempotency_key: str
    args: Mapping[str, Any]
    attempt: int
    fence: int
    lane: Lane
    trace_id: str
    requested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the far side said: facts worth keeping, such as a message id."""

    facts: Mapping[str, Any]


class EffectHandler(Protocol):
    """Carries one effect out.

    Raises:
        Unavailable: try again later (its `retry_after_s` is honoured).
        Rejected, NotFound, AuthExpired, ContractBroken: it will not work; the row dies with the reason.
    """

    async def __call__(self, effect: Effect) -> Receipt: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectKind:
    """A vendor's declaration of one kind of effect."""

    name: str
    system: str
    effect_class: Literal["A", "B", "C"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLimit:
    """A limit that applies to a target for lanes `from_lane` and slower."""

    suffix: str
    limit: Limit
    from_lane: Lane = Lane.URGENT


@dataclass(slots=True)
class Origin:
    """Where an effect comes from: numbers keys within one event, so that a repeated handler repeats its keys."""

    event_id: UUID | None
    trace_id: str
    dry: bool = False
    actor_id: UUID | None = None
    actor_name: str = "Jarvis"
    _counts: dict[str, int] = field(default_factory=dict[str, int])

    @classmethod
    def of(cls, event: Event) -> Origin:
        return cls(event_id=event.id, trace_id=event.trace_id, dry=event.dry)

    def key(self, kind: str) -> str:
        """The next idempotency key of this kind within the event."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{self.event_id}:{kind}:{self._counts[kind]}"


async def request(
    tx: Tx,
    origin: Origin,
    *,
    kind: str,
    system: str,
    target: str,
    args: Mapping[str, Any],
    key: str | None = None,
    ordering_key: str | None = None,
    lane: Lane = Lane.NORMAL,
) -> UUID:
    """Ask for one change of the outside world, with its audit entry, in the caller's transaction.

    A second request under the same key returns the first row's id and changes nothing.
    """
    key = key or origin.key(kind)
    effect_id = await tx.fetchval(
        """INSERT INTO effect
             (kind, system, target, idempotency_key, ordering_key, lane, args, event_id, trace_id, state)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (idempotency_key) DO NOTHING RETURNING id""",
        kind, system, target, key, ordering_key, int(lane), dict(args), origin.event_id, origin.trace_id,
        "shadow" if origin.dry else "pending",
    )  # fmt: skip
    if effect_id is None:
        return await tx.fetchval("SELECT id FROM effect WHERE idempotency_key = $1", key)
    await audit.record(
        tx,
        action=f"effect.{kind}",
        actor_id=origin.actor_id,
        actor_name=origin.actor_name,
        subject=target,
        outcome="shadow" if origin.dry else "requested",
        event_id=origin.event_id,
        effect_id=effect_id,
        trace_id=origin.trace_id,
    )
    tx.ring(bell(system))
    return effect_id


def bell(system: str) -> str:
    """The doorbell of a system's effects."""
    return f"effects:{system}"


class EffectLog:
    """Claims and finishes effects; lists them for people."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim(self, worker: str, systems: Sequence[str], *, limit: int = 10) -> list[Effect]:
        """Take ready effects of these systems, urgent ones first, the oldest of each ordering key only."""
        rows = await self._db.fetch(
            """
            WITH ready AS (
              SELECT e.id FROM effect e
               WHERE e.state = 'pending' AND e.system = ANY($2) AND e.next_at <= now()
                 AND (e.ordering_key IS NULL OR NOT EXISTS (
                   SELECT 1 FROM effect p WHERE p.ordering_key = e.ordering_key AND p.seq < e.seq
                      AND p.state IN ('pending', 'claimed')))
               ORDER BY e.lane, e.seq LIMIT $3 FOR UPDATE SKIP LOCKED)
            UPDATE effect e SET state = 'claimed', claimed_by = $1, fence = e.fence + 1,
                   lease_until = now() + $4 FROM ready WHERE e.id = ready.id RETURNING e.*
            """,
            worker, list(systems), limit, timedelta(seconds=LEASE_S),
        )  # fmt: skip
        return [_effect(row) for row in sorted(rows, key=lambda r: (r["lane"], r["seq"]))]

    async def attempt(self, effect: Effect) -> bool:
        """Count an attempt just before the send; false when the claim was lost meanwhile."""
        count = await self._db.execute(
            """UPDATE effect SET attempts = attempts + 1, lease_until = now() + $3
                WHERE id = $1 AND state = 'claimed' AND fence = $2""",
            effect.id, effect.fence, timedelta(seconds=LEASE_S),
        )  # fmt: skip
        return bool(count)

    async def done(self, effect: Effect, receipt: Receipt) -> None:
        """Record the receipt and the audit entry of the outcome."""
        await self._finish(effect, "done", dict(receipt.facts), None)

    async def dead(self, effect: Effect, cause: str) -> None:
        """It will not work; a person may retry it."""
        await self._finish(effect, "dead", None, cause)

    async def _finish(self, effect: Effect, state: str, receipt: dict[str, Any] | None, cause: str | None) -> None:
        async with self._db.transaction() as tx:
            count = await tx.execute(
                """UPDATE effect SET state = $3, receipt = $4, cause = $5, finished_at = now(), lease_until = NULL
                    WHERE id = $1 AND state = 'claimed' AND fence = $2""",
                effect.id, effect.fence, state, receipt, cause,
            )  # fmt: skip
            if not count:
                raise LeaseLost(f"effect {effect.id}")
            await audit.record(
                tx, action=f"effect.{effect.kind}", actor_name="Jarvis", subject=effect.target,
                outcome=state if cause is None else f"{state}: {cause}", effect_id=effect.id, trace_id=effect.trace_id,
            )  # fmt: skip
            tx.ring(bell(effect.kind.split(".")[0]))
            tx.ring("receipts")

    async def later(self, effect: Effect, delay_s: float, cause: str | None = None) -> None:
        """Give the effect back to its queue."""
        await self._db.execute(
            """UPDATE effect SET state = 'pending', lease_until = NULL, cause = coalesce($4, cause),
                      next_at = now() + make_interval(secs => $3)
                WHERE id = $1 AND state = 'claimed' AND fence = $2""",
            effect.id, effect.fence, delay_s, cause,
        )  # fmt: skip

    async def sweep(self) -> int:
        """Give effects of dead dispatchers back to their queue."""
        rows = await self._db.fetch(
            """UPDATE effect SET state = 'pending', lease_until = NULL
                WHERE state = 'claimed' AND lease_until < now() RETURNING system"""
        )
        if rows:
            await self._db.bell.ring(sorted({bell(row["system"]) for row in rows}))
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
            """UPDATE effect SET state = 'pending', next_at = now(), attempts = 0, finished_at = NULL
                WHERE id = $1 AND state = 'dead' RETURNING system""",
            effect_id,
        )
        if system is None:
            raise InvalidRequest("only a dead effect can be retried")
        await self._db.bell.ring([bell(system)])

    async def recent(self, *, state: str | None = None, limit: int = 50) -> Sequence[Row]:
        """The newest first."""
        return await self._db.fetch(
            """SELECT id, kind, target, state, lane, attempts, requested_at, finished_at, cause, receipt, event_id
                 FROM effect WHERE ($1::text IS NULL OR state = $1) ORDER BY seq DESC LIMIT $2""",
            state, limit,
        )  # fmt: skip


def _effect(row: Row) -> Effect:
    return Effect(
        id=row["id"], kind=row["kind"], target=row["target"], idempotency_key=row["idempotency_key"],
        args=row["args"], attempt=row["attempts"] + 1, fence=row["fence"], lane=Lane(row["lane"]),
        trace_id=row["trace_id"], requested_at=row["requested_at"],
    )  # fmt: skip
