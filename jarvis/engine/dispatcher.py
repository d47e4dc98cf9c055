"""Carries effects out. A library: each process runs it for the systems it can reach."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Mapping, Sequence

import logfire

from jarvis.engine.db import DATABASE_AWAY, Database
from jarvis.engine.doorbell import Doorbell
from jarvis.engine.effects import Effect, EffectHandler, EffectLog, TargetLimit, bell
from jarvis.engine.limits import Limiter
from jarvis.kit.errors import ExpectedError, IntegrationError, LeaseLost, Unavailable

_log = logging.getLogger(__name__)
MAX_ATTEMPTS = 10

Limits = Callable[[Effect], Sequence[TargetLimit]]


def backoff_s(attempt: int, *, base_s: float = 0.5, cap_s: float = 120.0) -> float:
    """Exponential backoff with full jitter."""
    return random.uniform(0.5, 1.0) * min(cap_s, base_s * 2 ** min(attempt, 20))


class Dispatcher:
    """Claims effects of `system` and hands each to its handler, within the limits of its target."""

    def __init__(
        self,
        db: Database,
        doorbell: Doorbell,
        *,
        name: str,
        system: str,
        handlers: Mapping[str, EffectHandler],
        limits: Limits,
        concurrency: int = 8,
    ) -> None:
        self._log = EffectLog(db)
        self._limiter = Limiter(db)
        self._bell = doorbell
        self._name = name
        self._system = system
        self._handlers = handlers
        self._limits = limits
        self._slots = asyncio.Semaphore(concurrency)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until cancelled; what is in flight then is given back by its lease."""
        try:
            while True:
                try:
                    busy = await self._round()
                except DATABASE_AWAY as error:
                    _log.warning("the database is away: %s", type(error).__name__)
                    await asyncio.sleep(0.5)
                    continue
                if not busy:
                    await self._bell.wait(bell(self._system), self._name, 1.0)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _round(self) -> bool:
        await self._slots.acquire()
        self._slots.release()
        effects = await self._log.claim(self._name, [self._system], limit=4)
        for effect in effects:
            await self._slots.acquire()
            task = asyncio.create_task(self._carry(effect))
            self._tasks.add(task)
            task.add_done_callback(self._finished)
        return bool(effects)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("an effect could not be recorded: %s", error)

    async def _carry(self, effect: Effect) -> None:
        for rule in self._limits(effect):
            if effect.lane < rule.from_lane:
                continue
            wait = await self._limiter.take(f"{effect.target}:{rule.suffix}", rule.limit)
            if wait > 0:
                await self._log.later(effect, wait)
                return
        if not await self._log.attempt(effect):
            return
        with logfire.span("effects.carry", kind=effect.kind, trace=effect.trace_id):
            await self._try(effect)

    async def _try(self, effect: Effect) -> None:
        try:
            handler = self._handlers.get(effect.kind)
            if handler is None:
                await self._log.dead(effect, f"nobody here carries {effect.kind}")
                return
            receipt = await handler(effect)
        except Unavailable as error:
            if effect.attempt >= MAX_ATTEMPTS:
                await self._log.dead(effect, error.reason)
            else:
                await self._log.later(effect, error.retry_after_s or backoff_s(effect.attempt), error.reason)
        except (ExpectedError, IntegrationError) as error:
            await self._log.dead(effect, str(error))
        except LeaseLost:
            return
        except Exception as error:  # a boundary: a bug in one effect must not stop the others
            logfire.exception("effects.failed", kind=effect.kind)
            _log.exception("effect %s failed", effect.kind)
            await self._log.dead(effect, f"internal error: {type(error).__name__}: {error}")
        else:
            await self._log.done(effect, receipt)


async def sweep_forever(db: Database, *, every_s: float = 5.0) -> None:
    """Give back what dead dispatchers held."""
    log = EffectLog(db)
    while True:
        try:
            await log.sweep()
        except DATABASE_AWAY as error:
            _log.warning("sweep postponed: %s", type(error).__name__)
        await asyncio.sleep(every_s)
