"""Effects: every change in an outside system is one row, written in the transaction of its business
change.

Lanes: 0 urgent, 1 normal, 2 bulk. Order is kept per ordering key; a finished or dead effect
releases the next one, an unknown one blocks it until a person has resolved it.

States: pending → claimed → done | dead | unknown; `shadow` is only recorded; `dropped` waited for a
step that failed, or was superseded by a later change of the same thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Literal, Protocol
from uuid import UUID

from jarvis.engine import audit
from jarvis.engine.db import Reader, Tx
from jarvis.engine.journal import Event
from jarvis.engine.limits import Limit, Window
from jarvis.kit.text import line

# longer than any single call may take; a live process extends it, a dead one delays the work by
# this
LEASE_S = 20.0
CAUSE_MAX = 1000  # characters of a cause
# the cause that tells a card that a person resolved an effect of unknown outcome
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
    """Facts from the outside system's answer worth keeping, such as a message id."""

    facts: Mapping[str, Any]


class EffectHandler(Protocol):
    """Executes one effect.

    Class A repeats under `effect.idempotency_key` or the key among its arguments. Class B reads
    back before it repeats: whenever `effect.attempt` is above one. Class C is never repeated after
    an OutcomeUnknown.

    Raises:
        Unavailable: try again later (its `retry_after_s` is honoured).
        OutcomeUnknown: it was sent and may have been carried out.
        Rejected, NotFound, AuthExpired, ContractBroken: it will not work; the row becomes dead with
            the reason.
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
    lane: Lane = Lane.NORMAL  # of effects without a lane of their own

    @classmethod
    def of(cls, event: Event, subscriber: str) -> Origin:
        return cls(event_id=event.id, trace_id=event.trace_id, dry=event.dry, subscriber=subscriber)

    def key(self, name: str) -> str:
        """The idempotency key of the effect that the subscriber calls `name`: a repeated handler
        repeats it, and other subscribers of the same event have other keys. Nothing is numbered:
        each effect of a handler needs a name of its own.
        """
        return f"{self.event_id}:{self.subscriber}:{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The payload of the event that ends an effect: how it was requested, how it ended, the
    receipt."""

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
    """Request one change in an outside system, with its audit entry, in the caller's transaction.

    `key` is `origin.key(name)`, or names a business action that happens once whichever event
    requests it. A second request under the same key returns the first row's id and changes nothing.
    `after`: only once that effect is done. `settled_kind`: the internal event that reports how it
    ended. `shadow`: only record it.
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
    tx.notify(channel(kind.system))
    return effect_id


async def first_of(reader: Reader, keys: Sequence[str]) -> UUID | None:
    """The effect that was requested first under one of these keys; None when there is none."""
    return await reader.fetchval(
        "SELECT id FROM effect WHERE idempotency_key = ANY($1) ORDER BY seq LIMIT 1", list(keys)
    )


async def supersede(tx: Tx, effect_id: UUID) -> None:
    """Drop earlier pending effects with the same ordering key: this one contains all that they
    would have sent."""
    await tx.execute(
        """UPDATE effect e SET state = 'dropped', finished_at = now(), cause = 'overtaken'
             FROM effect later
            WHERE later.id = $1 AND later.state = 'pending' AND e.ordering_key = later.ordering_key
              AND e.kind = later.kind
              AND e.state = 'pending' AND e.seq < later.seq""",
        effect_id,
    )


def storable_cause(cause: str | None) -> str | None:
    """A cause as the database can hold it: the failure itself may contain characters that it
    cannot."""
    return None if cause is None else line(cause, CAUSE_MAX)


def channel(system: str) -> str:
    """The notification channel of a system's effects."""
    return f"effects:{system}"
