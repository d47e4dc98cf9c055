"""Subscriptions of handlers to kinds of events. Each subscriber has a delivery, a deadline, retries
and a dead letter of its own.

A feature's class marks its handlers with `subscriber`; its attribute `feature` and the method's
name are the subscriber's name. The table of subscriptions is written by `jarvis migrate`, so that
storing an event needs no knowledge of the features.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from jarvis.engine.db import Database, Row, Tx
from jarvis.kit.errors import Conflict, NotFound

if TYPE_CHECKING:
    from jarvis.engine.worker import Handling

DEADLINE_S = 60.0
UNROUTED = "unrouted"  # the subscriber of kinds that have no other
POOL = "work"
_MARK = "__jarvis_subscription__"

Handler = Callable[["Handling"], Awaitable[None]]
F = TypeVar("F", bound=Callable[..., Awaitable[None]])


class DeliveryLane(IntEnum):
    """People first, then vendors, then bulk; a flood in one does not delay the others."""

    PEOPLE = 0
    VENDORS = 1
    BULK = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a handler is subscribed: its kinds, lane, pool, and the deadline of an attempt in
    seconds."""

    kinds: Sequence[str]
    lane: DeliveryLane
    deadline_s: float
    pool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One handler with its name and terms."""

    name: str
    terms: Terms
    handle: Handler


def subscriber(
    *kinds: str,
    lane: DeliveryLane = DeliveryLane.VENDORS,
    deadline_s: float = DEADLINE_S,
    pool: str = POOL,
) -> Callable[[F], F]:
    """Mark a method of a feature as a subscriber of these kinds of events."""

    def mark(handler: F) -> F:
        setattr(handler, _MARK, Terms(kinds=kinds, lane=lane, deadline_s=deadline_s, pool=pool))
        return handler

    return mark


def on(
    handler: Handler,
    *kinds: str,
    name: str,
    lane: DeliveryLane = DeliveryLane.VENDORS,
    deadline_s: float = DEADLINE_S,
) -> Subscriber:
    """A subscriber from a plain function."""
    return Subscriber(
        name=name,
        terms=Terms(kinds=kinds, lane=lane, deadline_s=deadline_s, pool=POOL),
        handle=handler,
    )


def declared(feature: type) -> dict[str, Terms]:
    """The subscribers of a feature's class by name, without building it."""
    found: dict[str, Terms] = {}
    for method, handler in inspect.getmembers(feature, inspect.isfunction):
        terms: Terms | None = getattr(handler, _MARK, None)
        if terms is not None:
            found[f"{feature.feature}.{method}"] = terms  # type: ignore[attr-defined]
    return found


def subscribers(*features: object) -> dict[str, Subscriber]:
    """The subscribers of feature objects by name.

    Raises:
        ValueError: two of them have one name.
    """
    found: dict[str, Subscriber] = {}
    for feature in features:
        for name, terms in declared(type(feature)).items():
            if name in found:
                raise ValueError(f"two subscribers are called {name}")
            found[name] = Subscriber(
                name=name, terms=terms, handle=getattr(feature, name.partition(".")[2])
            )
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a synchronisation changed: subscribers added, subscribers removed, deliveries discarded
    with them."""

    added: Sequence[str]
    removed: Sequence[str]
    died: int


async def sync(db: Database, terms: Mapping[str, Terms], *, discard: bool = False) -> Synced:
    """Make the table match the handlers; events that waited for a subscriber of their kind are
    delivered to it.

    Args:
        db: As its owner.
        terms: Every subscriber by name.
        discard: Mark open deliveries of removed subscribers as dead with that cause.

    Raises:
        Conflict: a removed subscriber has open deliveries.
    """
    rows = [(kind, name, int(t.lane), t.pool) for name, t in terms.items() for kind in t.kinds]
    async with db.transaction() as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('event_subscription', 6))")
        before = {
            r["subscriber"]
            for r in await tx.fetch("SELECT DISTINCT subscriber FROM event_subscription")
        }
        removed = sorted(before - terms.keys())
        await _retire(tx, list(terms), discard=discard)
        await tx.execute(
            "DELETE FROM event_subscription WHERE routed_as IS NULL OR subscriber = ANY($1)",
            removed,
        )
        await tx.execute(
            """INSERT INTO event_subscription (kind, subscriber, lane, pool)
               SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[])
               ON CONFLICT (kind, subscriber) DO UPDATE SET lane = excluded.lane,
                 pool = excluded.pool, routed_as = NULL""",
            *([row[n] for row in rows] for n in range(4)),
        )
        died = await tx.execute(
            """UPDATE delivery SET state = 'dead', cause = 'its subscriber was removed',
                finished_at = now(), lease_until = NULL
                WHERE state IN ('pending', 'claimed') AND subscriber <> ALL($1)""",
            [*terms, UNROUTED],
        )
        await _route_unrouted(tx)
    return Synced(added=sorted(terms.keys() - before), removed=removed, died=died)


async def _retire(tx: Tx, kept: Sequence[str], *, discard: bool) -> None:
    open_work = await tx.fetch(
        """SELECT subscriber, count(*) AS n FROM delivery WHERE state IN ('pending', 'claimed')
            AND subscriber <> ALL($1)
            GROUP BY subscriber ORDER BY subscriber""",
        [*kept, UNROUTED],
    )
    if open_work and not discard:
        what = ", ".join(f"{r['subscriber']} ({r['n']})" for r in open_work)
        raise Conflict(
            f"removed subscribers still have work: {what}. Let the old version finish it: `jarvis "
            f"drain`; or discard it"
        )


async def _route_unrouted(tx: Tx) -> None:
    """Move open deliveries of `unrouted` to subscribers that their kind has now."""
    waiting = await tx.fetch(
        """DELETE FROM delivery d USING event e WHERE e.id = d.event_id AND d.subscriber = $1
            AND d.state = 'pending'
              AND EXISTS (SELECT FROM event_subscription s WHERE s.kind = e.kind)
           RETURNING e.id, e.seq, e.kind, e.ordering_key, e.sender""",
        UNROUTED,
    )
    for row in sorted(waiting, key=lambda r: r["seq"]):
        await tx.execute(
            "SELECT event_deliver($1, $2, $3, $4, $5, NULL)",
            row["id"],
            row["seq"],
            row["kind"],
            row["ordering_key"],
            row["sender"],
        )


async def handle_like(tx: Tx, kind: str, like: str) -> None:
    """From now on deliver events of `kind` to the subscribers of `like`."""
    await tx.execute(
        """INSERT INTO event_subscription (kind, subscriber, lane, pool, routed_as)
           SELECT $1, subscriber, lane, pool, $2 FROM event_subscription WHERE kind = $2 ON CONFLICT
             DO NOTHING""",
        kind,
        like,
    )


async def listed(db: Database) -> list[Row]:
    """Subscribers by kind of event, with lane name, pool, and the kind whose subscribers are used
    when it has none of its own (`routed_as`)."""
    return await db.fetch(
        """SELECT kind, subscriber,
                  CASE lane WHEN 0 THEN 'people' WHEN 1 THEN 'vendors' ELSE 'bulk' END AS lane,
                  pool, routed_as
             FROM event_subscription ORDER BY kind, subscriber"""
    )


async def known_kinds(db: Database) -> list[str]:
    """Every kind that has a handler."""
    rows = await db.fetch(
        "SELECT DISTINCT kind FROM event_subscription WHERE routed_as IS NULL ORDER BY kind"
    )
    return [r["kind"] for r in rows]


async def backfill(db: Database, name: str, *, since: datetime) -> int:
    """Deliver past events to a subscriber that is new, in their order; returns how many.

    Raises:
        NotFound: no such subscriber.
    """
    async with db.transaction() as tx:
        if not await tx.fetchval(
            "SELECT true FROM event_subscription WHERE subscriber = $1 LIMIT 1", name
        ):
            raise NotFound(
                f"no subscriber is called {name}; `jarvis subscriptions list` shows them"
            )
        made: list[UUID] = [
            r["event_id"]
            for r in await tx.fetch(
                """INSERT INTO delivery (event_id, event_seq, subscriber, ordering_key, sender,
                    lane, pool)
                   SELECT e.id, e.seq, s.subscriber, e.ordering_key, e.sender, 2, s.pool
                     FROM event_subscription s JOIN event e ON e.kind = s.kind
                    WHERE s.subscriber = $1 AND e.received_at >= $2
                      AND e.duplicate_of_event_id IS NULL AND NOT e.dry
                   ON CONFLICT (event_id, subscriber) DO NOTHING RETURNING event_id""",
                name,
                since,
            )
        ]
        tx.notify(channel(DeliveryLane.BULK))
    return len(made)


def channel(lane: int) -> str:
    """The notification channel of a lane."""
    return f"events:{int(lane)}"
