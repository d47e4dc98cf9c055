"""The event loop of a worker: claim, find the rule, run it, finish; errors decide what happens next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import logfire

from jarvis.engine.db import DATABASE_AWAY, Database, Tx
from jarvis.engine.dispatcher import backoff_s
from jarvis.engine.doorbell import Doorbell
from jarvis.engine.effects import Origin
from jarvis.engine.journal import BELL, LEASE_S, MAX_ATTEMPTS, Event, Journal
from jarvis.engine.loop import ClaimLoop, going
from jarvis.engine.tracing import traced
from jarvis.kit.errors import ContractBroken, ExpectedError, LeaseLost, Unavailable
from jarvis.kit.faults import fault

_log = logging.getLogger(__name__)
GIVE_UP_AFTER = timedelta(hours=6)


class Unparsable(Exception):
    """A body that no parser of ours can read: parked with its raw text, and a person is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handling:
    """What a rule gets: the claimed event and fenced transactions."""

    event: Event
    origin: Origin
    journal: Journal

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """Commits only while this worker still holds the event."""
        async with self.journal.guarded(self.event) as tx:
            yield tx


Handler = Callable[[Handling], Awaitable[None]]
Alert = Callable[[Event, str], Awaitable[None]]


class Worker:
    """Runs rules over events until cancelled."""

    def __init__(
        self,
        db: Database,
        doorbell: Doorbell,
        *,
        name: str,
        routes: Mapping[str, Sequence[Handler]],
        fallback: Handler,
        alert: Alert,
        concurrency: int = 8,
        lease_s: float = LEASE_S,
    ) -> None:
        self._journal, self._lease_s = Journal(db, lease_s=lease_s), lease_s
        self._name = name
        self._routes = routes
        self._fallback = fallback
        self._alert = alert

        async def claim(limit: int) -> Sequence[Event]:
            return await self._journal.claim(name, limit=limit)

        self._loop = ClaimLoop(doorbell, bell=BELL, name=name, claim=claim, work=self.handle, concurrency=concurrency)

    async def run(self) -> None:
        """Work until cancelled."""
        await self._loop.run()

    async def handle_one(self, event_id: UUID) -> bool:
        """Claim and handle one event here and now; false when another worker has it."""
        events = await self._journal.claim(self._name, only=event_id)
        for event in events:
            await self.handle(event)
        return bool(events)

    async def handle(self, event: Event) -> float | None:
        """Run every rule of the event's kind; what they raise decides the event's fate.

        Returns the seconds until the next attempt when the event was put back, else None.
        """
        keeper = asyncio.create_task(self._keep(event))
        try:
            fault("event.claimed")
            with traced("events.handle", event.trace_id, kind=event.kind, event=str(event.id), attempt=event.attempt):
                handling = Handling(event=event, origin=Origin.of(event), journal=self._journal)
                for handler in self._routes.get(event.kind) or (self._fallback,):
                    await handler(handling)
            fault("event.handled")
            await self._journal.done(event)
        except LeaseLost:
            _log.warning("event %s went to another worker", event.id)
        except Unparsable as error:
            await self._journal.park(event, str(error))
            await self._alert(event, str(error))
        except Unavailable as error:
            # A source that is away for an hour kills no event and wakes nobody; an old event still gets its attempts.
            late = datetime.now(UTC) - event.received_at > GIVE_UP_AFTER and event.attempt >= MAX_ATTEMPTS
            return await self._again(event, error.reason, error.retry_after_s, last=late)
        except (ExpectedError, ContractBroken) as error:
            await self._journal.dead(event, str(error))
            await self._alert(event, str(error))
        except DATABASE_AWAY as error:
            _log.warning("event %s interrupted: %s", event.id, type(error).__name__)  # its lease gives it back
        except Exception as error:  # a boundary: one event's bug must not stop the others
            logfire.exception("events.failed", kind=event.kind)
            _log.exception("event %s (%s) failed", event.id, event.kind)
            return await self._again(event, f"{type(error).__name__}: {error}", None, last=event.attempt >= MAX_ATTEMPTS)
        finally:
            keeper.cancel()
        return None

    async def _again(self, event: Event, cause: str, after_s: float | None, *, last: bool) -> float | None:
        if last:
            await self._journal.dead(event, cause)
            await self._alert(event, cause)
            return None
        delay_s = after_s or backoff_s(event.attempt, cap_s=60)
        await self._journal.retry(event, cause, delay_s)
        return delay_s

    async def _keep(self, event: Event) -> None:
        while going():
            await asyncio.sleep(self._lease_s / 3)
            try:
                await self._journal.extend(event)
            except LeaseLost:
                return
            except DATABASE_AWAY:
                continue
