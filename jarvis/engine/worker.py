"""The workers of deliveries: claim, run the subscriber, finish; an exception is classified by
`engine/failures.py`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import logfire

from jarvis.engine.behalf import Behalf, on_behalf
from jarvis.engine.db import DATABASE_AWAY, Database, Tx
from jarvis.engine.deliveries import Deliveries, Delivery, FailureAlert
from jarvis.engine.effects import LEASE_S, Origin
from jarvis.engine.failures import DeadlinePassed, Verdict, judge
from jarvis.engine.journal import Event, publish
from jarvis.engine.loop import ClaimLoop, not_cancelled
from jarvis.engine.notifier import RedisNotifier
from jarvis.engine.subscriptions import POOL, DeliveryLane, Subscriber, channel
from jarvis.engine.tracing import traced
from jarvis.kit.errors import LeaseLost
from jarvis.kit.faults import fault

_log = logging.getLogger(__name__)
UNWIND_S = 5.0  # a handler that has not ended this long after its cancellation is abandoned


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """The context of a subscriber: the event, the origin of its effects, and fenced
    transactions."""

    delivery: Delivery
    origin: Origin
    deliveries: Deliveries

    @property
    def event(self) -> Event:
        return self.delivery.event

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """Commits only while this worker still holds the delivery."""
        async with self.deliveries.guarded(self.delivery) as tx:
            yield tx

    async def publish(
        self,
        tx: Tx,
        *,
        kind: str,
        name: str,
        payload: Mapping[str, Any],
        ordering_key: str | None = None,
    ) -> None:
        """Publish an event in the transaction of the change; once for each `name` of this
        subscriber, however often it repeats."""
        await publish(
            tx,
            kind=kind,
            dedup_key=self.key(f"{kind}:{name}"),
            payload=payload,
            ordering_key=ordering_key,
            trace_id=self.event.trace_id,
            parent_id=self.event.id,
        )

    def key(self, name: str) -> str:
        """The idempotency key of the effect that this subscriber calls `name`; one event's effects
        differ in their names."""
        return self.origin.key(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slots:
    """Concurrency by lane: each has slots of its own, so that a flood in one does not slow
    another."""

    people: int = 8
    vendors: int = 4
    bulk: int = 2

    @classmethod
    def of(cls, people: int) -> Slots:
        """This many for people; the other lanes get half and a quarter, at least two, so that no
        sender can occupy all."""
        return cls(people=max(2, people), vendors=max(2, people // 2), bulk=max(2, people // 4))


class Worker:
    """Runs subscribers over their deliveries until cancelled."""

    def __init__(
        self,
        db: Database,
        notifier: RedisNotifier,
        *,
        name: str,
        subscribers: Mapping[str, Subscriber],
        alert: FailureAlert,
        slots: Slots | None = None,
        pools: Sequence[str] = (POOL,),
        lease_s: float = LEASE_S,
        unwind_s: float = UNWIND_S,
    ) -> None:
        self._deliveries, self._lease_s = Deliveries(db, lease_s=lease_s), lease_s
        self._unwind_s = unwind_s
        self._name = name
        self._subscribers = subscribers
        self._alert = alert
        slots = slots or Slots()
        counts = {
            DeliveryLane.PEOPLE: slots.people,
            DeliveryLane.VENDORS: slots.vendors,
            DeliveryLane.BULK: slots.bulk,
        }
        self._loops = [self._loop(notifier, lane, n, pools) for lane, n in counts.items()]

    def _loop(
        self, notifier: RedisNotifier, lane: DeliveryLane, concurrency: int, pools: Sequence[str]
    ) -> ClaimLoop[Delivery]:
        async def claim(limit: int) -> Sequence[Delivery]:
            return await self._deliveries.claim(
                self._name, lane, list(self._subscribers), limit=limit, pools=pools
            )

        return ClaimLoop(
            notifier,
            channel=channel(lane),
            name=self._name,
            claim=claim,
            work=self.handle,
            concurrency=concurrency,
        )

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for loop in self._loops:
                group.create_task(loop.run())

    async def handle_event(self, event_id: UUID) -> bool:
        """Claim and handle one event's deliveries in this call; false when another worker has
        them."""
        claimed = await self._deliveries.claim_of(self._name, event_id, list(self._subscribers))
        for delivery in claimed:
            await self.handle(delivery)
        return bool(claimed)

    async def sweep(self) -> int:
        """Release deliveries of dead workers; a person is alerted of those that became dead."""
        return await self._deliveries.sweep(alert=self._alert)

    async def handle(self, delivery: Delivery) -> float | None:
        """Run the subscriber; an exception affects this delivery only.

        Returns the seconds until the next attempt when the delivery was rescheduled, else None.
        """
        event = delivery.event
        try:
            fault("event.claimed")
            with traced(
                "events.handle",
                event.trace_id,
                kind=event.kind,
                event=str(event.id),
                subscriber=delivery.subscriber,
                attempt=delivery.attempt,
            ):
                await self._attempt(delivery)
            fault("event.handled")
            await self._deliveries.done(delivery)
        except Exception as error:  # a boundary: one subscriber's failure must not stop the others
            return await self._failed(delivery, error)
        return None

    async def _attempt(self, delivery: Delivery) -> None:
        """One attempt within the deadline, extending its lease meanwhile; one that ignores its
        cancellation is abandoned."""
        subscriber = self._subscribers[delivery.subscriber]
        handling = Handling(
            delivery=delivery,
            origin=Origin.of(delivery.event, delivery.subscriber),
            deliveries=self._deliveries,
        )
        with on_behalf(_behalf(delivery)):
            attempt = asyncio.ensure_future(subscriber.handle(handling))
        keeper = asyncio.create_task(self._extend_lease(delivery))
        try:
            done, _ = await asyncio.wait({attempt}, timeout=subscriber.terms.deadline_s)
            if not done:
                attempt.cancel()
                done, _ = await asyncio.wait({attempt}, timeout=self._unwind_s)
                if not done:
                    _log.error(
                        "%s does not end after its deadline and is left behind", delivery.subscriber
                    )
                raise DeadlinePassed(
                    f"{delivery.subscriber} took longer than {subscriber.terms.deadline_s:g} s"
                )
        except asyncio.CancelledError:
            attempt.cancel()
            await asyncio.wait({attempt}, timeout=self._unwind_s)
            raise
        finally:
            keeper.cancel()
        if attempt.cancelled():  # re-raised, it would look like a cancellation of this worker
            raise RuntimeError(f"{delivery.subscriber} was cancelled from within")
        attempt.result()

    async def _failed(self, delivery: Delivery, error: Exception) -> float | None:
        age = datetime.now(UTC) - delivery.event.received_at
        verdict = judge(error, attempt=delivery.attempt, age=age, failed_at=delivery.failed_at)
        if verdict.failed_at is not None:
            logfire.exception(
                "events.failed", kind=delivery.event.kind, subscriber=delivery.subscriber
            )
            _log.error(
                "%s failed over event %s (%s)",
                delivery.subscriber,
                delivery.event.id,
                delivery.event.kind,
                exc_info=error,
            )
        try:
            if verdict.action == "again":
                await self._deliveries.reschedule(
                    delivery,
                    verdict.cause,
                    verdict.after_s,
                    verdict.failed_at,
                    counted=verdict.counted,
                )
                return verdict.after_s
            if verdict.action != "drop":
                await self._give_up(
                    delivery, "parked" if verdict.action == "park" else "dead", verdict
                )
        except LeaseLost:
            _log.warning("delivery %s went to another worker", delivery.id)
        except DATABASE_AWAY as away:
            # it is released when its lease expires
            _log.warning("delivery %s interrupted: %s", delivery.id, type(away).__name__)
        return None

    async def _give_up(
        self, delivery: Delivery, state: Literal["dead", "parked"], verdict: Verdict
    ) -> None:
        try:
            await self._deliveries.give_up(
                delivery, state, verdict.cause, verdict.failed_at, alert=self._alert
            )
        except (LeaseLost, *DATABASE_AWAY):
            raise
        except Exception:  # a boundary: the delivery ends although the alert failed
            _log.exception("nobody could be told that delivery %s failed", delivery.id)
            await self._deliveries.give_up(delivery, state, verdict.cause, verdict.failed_at)

    async def _extend_lease(self, delivery: Delivery) -> None:
        while not_cancelled():
            await asyncio.sleep(self._lease_s / 3)
            try:
                await self._deliveries.extend(delivery)
            except LeaseLost:
                return
            except DATABASE_AWAY:
                continue


def _behalf(delivery: Delivery) -> Behalf:
    person = delivery.lane is DeliveryLane.PEOPLE
    return Behalf(
        kind="person" if person else "background",
        who=delivery.event.sender,
        put_off=delivery.put_off,
    )
