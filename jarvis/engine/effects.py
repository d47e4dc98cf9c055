"""Effects: every change of the outside world is one row, written with the business change it
belongs to.

Lanes: 0 urgent, 1 normal, 2 bulk. Order is kept per ordering key; a finished or dead effect lets
the next one go on, an unknown one holds it until a person has said what became of it.

States: pending → claimed → done | dead | unknown; `shadow` is only noted, `dropped` waited for a
step that failed or was overtaken by a later change of the same thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, Literal, Protocol
from uuid import UUID

from jarvis.engine import audit, journal
from jarvis.engine.db import Database, Row, Tx
from jarvis.engine.journal import Event
from jarvis.engine.limits import Limit, Window
from jarvis.kit.actor import Actor
from jarvis.kit.errors import InvalidRequest, LeaseLost, NotFound
from jarvis.kit.text import line

# longer than any single call of ours may take; who lives prolongs it, who died costs this long
LEASE_S = 20.0
CAUSE_MAX = 1000  # characters of a cause
# the cause of an effect of unknown outcome by which a card knows a person's word
FOUND_NOT_DONE = "found not done"

EffectClass = Literal["A", "B", "C"]


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
    effect_class: EffectClass
    branch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the far side said: facts worth keeping, such as a message id."""

    facts: Mapping[str, Any]


class EffectHandler(Protocol):
    """Carries one effect out.

    Class A repeats under `effect.idempotency_key` or the key among its arguments. Class B reads
    back before it repeats: whenever `effect.attempt` is above one. Class C is never repeated after
    an OutcomeUnknown.

    Raises:
        Unavailable: try again later (its `retry_after_s` is honoured).
        OutcomeUnknown: it was sent and may have been carried out.
        Rejected, NotFound, AuthExpired, ContractBroken: it will not work; the row dies with the
            reason.
    """

    async def __call__(self, effect: Effect) -> Receipt: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectKind:
    """A vendor's declaration of one kind of effect.

    `undo_s`: seconds within which a person may take it back by a reverse effect; None says that it
    is irreversible.
    """

    name: str
    system: str
    effect_class: EffectClass
    undo_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLimit:
    """A limit that applies to a target for lanes `from_lane` and slower; an effect counts as
    `count` calls of a window."""

    suffix: str
    limit: Limit | Window
    count: int = 1
    from_lane: Lane = Lane.URGENT


@dataclass(slots=True)
class Origin:
    """Where an effect comes from: an event, and which of its subscribers."""

    event_id: UUID | None
    trace_id: str
    dry: bool = False
    actor_id: UUID | None = None
    actor_name: str = "Jarvis"
    subscriber: str = "jarvis"
    lane: Lane = Lane.NORMAL  # of what is said without a lane of its own

    @classmethod
    def of(cls, event: Event, subscriber: str) -> Origin:
        return cls(event_id=event.id, trace_id=event.trace_id, dry=event.dry, subscriber=subscriber)

    def key(self, name: str) -> str:
        """The idempotency key of the effect that the subscriber calls `name`: a repeated handler
        repeats it, and another subscriber of the same event has keys of its own. Nothing counts:
        each effect of a handler has a name that differs.
        """
        return f"{self.event_id}:{self.subscriber}:{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What the event of an effect's end carries: how it was asked for, how it ended, what the far
    side said."""

    effect_id: UUID
    kind: str
    target: str
    state: str
    args: Mapping[str, Any]
    receipt: Mapping[str, Any]
    cause: str | None

    @classmethod
    def of(cls, event: Event) -> Completed:
        """From the event's payload."""
        p = event.payload
        return cls(
            effect_id=UUID(str(p["effect_id"])),
            kind=str(p["kind"]),
            target=str(p["target"]),
            state=str(p["state"]),
            args=p["args"],
            receipt=p["receipt"] or {},
            cause=p["cause"],
        )

    @property
    def done(self) -> bool:
        return self.state == "done"


async def request(
    tx: Tx,
    origin: Origin,
    *,
    kind: EffectKind,
    target: str,
    args: Mapping[str, Any],
    key: str,
    ordering_key: str | None = None,
    lane: Lane = Lane.NORMAL,
    after: UUID | None = None,
    settled_kind: str | None = None,
    branch: str | None = None,
    shadow: bool = False,
) -> UUID:
    """Ask for one change of the outside world, with its audit entry, in the caller's transaction.

    `key` is `origin.key(name)`, or names a thing of the business that happens once whichever event
    asks for it. A second request under the same key returns the first row's id and changes nothing.
    `after`: only once that effect is done. `settled_kind`: the internal event that tells how it
    ended. `shadow`: only note it.
    """
    state = "shadow" if origin.dry or shadow else "pending"
    effect_id = await tx.fetchval(
        """INSERT INTO effect
             (kind, system, target, idempotency_key, ordering_key, lane, args, event_id, trace_id,
               state, effect_class,
              after_effect_id, settled_kind, branch)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
           ON CONFLICT (idempotency_key) DO NOTHING RETURNING id""",
        kind.name,
        kind.system,
        target,
        key,
        ordering_key,
        int(lane),
        dict(args),
        origin.event_id,
        origin.trace_id,
        state,
        kind.effect_class,
        after,
        settled_kind,
        branch,
    )
    if effect_id is None:
        return await tx.fetchval("SELECT id FROM effect WHERE idempotency_key = $1", key)
    await audit.record(
        tx,
        action=f"effect.{kind.name}",
        actor_id=origin.actor_id,
        actor_name=origin.actor_name,
        subject=target,
        outcome="shadow" if state == "shadow" else "requested",
        event_id=origin.event_id,
        effect_id=effect_id,
        trace_id=origin.trace_id,
    )
    tx.ring(bell(kind.system))
    return effect_id


async def overtake(tx: Tx, effect_id: UUID) -> None:
    """Earlier effects of the same order that nobody carries yet are dropped: this one says all that
    they would have said."""
    await tx.execute(
        """UPDATE effect e SET state = 'dropped', finished_at = now(), cause = 'overtaken'
             FROM effect later
            WHERE later.id = $1 AND later.state = 'pending' AND e.ordering_key = later.ordering_key
              AND e.kind = later.kind
              AND e.state = 'pending' AND e.seq < later.seq""",
        effect_id,
    )


def said(cause: str | None) -> str | None:
    """A cause as the database can hold it: what broke may have broken by its very signs."""
    return None if cause is None else line(cause, CAUSE_MAX)


def bell(system: str) -> str:
    """The doorbell of a system's effects."""
    return f"effects:{system}"


class EffectLog:
    """Claims and finishes effects; lists them for people. A claim stands for `lease_s` seconds
    unless it is prolonged."""

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
        """Seconds until an effect of a quicker lane, ready but for room, falls due at the same
        target; 0 when there is none."""
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
        """Prolong the lease of a long call.

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
        """It will not work; a person may retry it."""
        await self._finish(effect, "dead", None, cause)

    async def unknown(self, effect: Effect, cause: str) -> None:
        """It may have happened: nothing is sent again until a person has looked."""
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
                said(cause),
            )
            if row is None:
                raise LeaseLost(f"effect {effect.id}")
            await _settled(tx, row)

    async def resolve(
        self, effect_id: UUID, outcome: Literal["done", "not_done", "again"], *, by: Actor, tx: Tx
    ) -> bool:
        """A person's word over an unknown effect; false when somebody else gave it already."""
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
            tx.ring(bell(row["system"]))
        else:
            await _settled(tx, row)
        return True

    async def later(self, effect: Effect, delay_s: float, cause: str | None = None) -> None:
        """Give the effect back to its queue."""
        await self._db.execute(
            """UPDATE effect SET state = 'pending', attempting = false, lease_until = NULL,
                cause = coalesce($4, cause),
                      next_at = now() + make_interval(secs => $3)
                WHERE id = $1 AND state = 'claimed' AND fence = $2""",
            effect.id,
            effect.fence,
            delay_s,
            said(cause),
        )

    async def sweep(self) -> int:
        """Give effects of dead dispatchers back to their queue; of class C those that may have been
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
                    await _settled(tx, row)
                else:
                    tx.ring(bell(row["system"]))
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
        await self._db.bell.ring([bell(system)])

    async def recent(self, *, state: str | None = None, limit: int = 50) -> Sequence[Row]:
        """The newest first."""
        return await self._db.fetch(
            """SELECT id, kind, target, state, lane, attempts, requested_at, finished_at, cause,
                receipt, event_id
                 FROM effect WHERE ($1::text IS NULL OR state = $1) ORDER BY seq DESC LIMIT $2""",
            state,
            limit,
        )


async def _settled(tx: Tx, row: Row) -> None:
    """What follows from an end: its audit entry, the news, and the steps that waited for it."""
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
            await _settled(tx, step)
    # Whoever frees an order wakes those who waited for it, in whichever system they are.
    for freed in await tx.fetch(
        "SELECT DISTINCT system FROM effect WHERE state = 'pending' AND (ordering_key = $1 OR "
        "after_effect_id = $2)",
        row["ordering_key"],
        row["id"],
    ):
        tx.ring(bell(freed["system"]))


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
