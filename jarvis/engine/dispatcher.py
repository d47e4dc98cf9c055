"""Executes effects. Each process runs a dispatcher for every system that it can reach."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import logfire

from jarvis.engine.backoff import backoff_s
from jarvis.engine.behalf import Behalf, on_behalf
from jarvis.engine.db import DATABASE_AWAY, Database
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.effects import LEASE_S, Effect, EffectHandler, Lane, TargetLimit, channel
from jarvis.engine.limits import Limit, Limiter, Window
from jarvis.engine.loop import ClaimLoop, not_cancelled
from jarvis.engine.notifier import RedisNotifier
from jarvis.engine.switches import Switches
from jarvis.engine.tracing import traced
from jarvis.kit.errors import (
    ExpectedError,
    IntegrationError,
    LeaseLost,
    LimitReached,
    OutcomeUnknown,
    Unavailable,
)
from jarvis.kit.faults import fault

_log = logging.getLogger(__name__)
MAX_ATTEMPTS = 10
SWITCHED_OFF_S = 5.0  # how often effects held by a switch are checked again
GIVE_UP_AFTER = timedelta(hours=24)
# after this time a person is asked, within a minute of the request
AMBIGUOUS_FOR = timedelta(seconds=45)

Limits = Callable[[Effect], Sequence[TargetLimit]]


def _out_of_time(effect: Effect, patience: timedelta) -> bool:
    return datetime.now(UTC) - effect.requested_at > patience


class Dispatcher:
    """Claims effects of `system` and hands each to its handler, within the limits of its target."""

    def __init__(
        self,
        db: Database,
        notifier: RedisNotifier,
        *,
        name: str,
        system: str,
        handlers: Mapping[str, EffectHandler],
        limits: Limits,
        concurrency: int = 8,
        ambiguous_for: timedelta = AMBIGUOUS_FOR,
        switches: Switches | None = None,
        lease_s: float = LEASE_S,
        switched_off_s: float = SWITCHED_OFF_S,
    ) -> None:
        self._switches = switches
        self._switched_off_s = switched_off_s
        self._ambiguous_for = ambiguous_for
        self._log, self._lease_s = EffectLog(db, lease_s=lease_s), lease_s
        self._limiter = Limiter(db)
        self._handlers = handlers
        self._limits = limits

        async def claim(limit: int) -> Sequence[Effect]:
            return await self._log.claim(name, [system], limit=limit)

        self._loop = ClaimLoop(
            notifier,
            channel=channel(system),
            name=name,
            claim=claim,
            work=self._execute,
            concurrency=concurrency,
        )

    async def run(self) -> None:
        """Work until cancelled."""
        await self._loop.run()

    async def _execute(self, effect: Effect) -> float | None:
        """Execute an effect, or reschedule it and return the seconds until then."""
        fault("effect.claimed")
        if self._switches is not None and await self._switches.holds(effect.kind, effect.branch):
            return await self._reschedule(effect, self._switched_off_s, "switched off")
        wait = await self._take_limits(effect)
        if wait > 0:
            await self._log.reschedule(effect, wait)
            return wait
        if not await self._log.attempt(effect):
            return None
        keeper = asyncio.create_task(self._extend_lease(effect))
        try:
            with traced("effects.carry", effect.trace_id, kind=effect.kind, effect=str(effect.id)):
                return await self._try(effect)
        finally:
            keeper.cancel()

    async def _take_limits(self, effect: Effect) -> float:
        """Count the effect against its target's rate limits; returns 0, or the seconds to wait."""
        rules = {
            f"{effect.target}:{r.suffix}": r
            for r in self._limits(effect)
            if effect.lane >= r.from_lane
        }
        windows = {name: r.limit for name, r in rules.items() if isinstance(r.limit, Window)}
        if windows and effect.lane is Lane.BULK and (wait := await self._log.ahead(effect)) > 0:
            # an album needs many calls at once: slower lanes would take each free one before it
            return wait
        if (
            wait := await self._limiter.take_windows(
                windows, max((r.count for r in rules.values()), default=1)
            )
        ) > 0:
            return wait
        for name, rule in rules.items():
            if (
                isinstance(rule.limit, Limit)
                and (wait := await self._limiter.take(name, rule.limit)) > 0
            ):
                return wait
        return 0.0

    async def _extend_lease(self, effect: Effect) -> None:
        while not_cancelled():
            await asyncio.sleep(self._lease_s / 3)
            try:
                await self._log.extend(effect)
            except LeaseLost:
                return
            except DATABASE_AWAY:
                continue

    async def _retry(
        self, effect: Effect, reason: str, retry_after_s: float | None, *, limited: bool = False
    ) -> float | None:
        """An outage of hours does not kill an effect, and a rate limit never does; an effect
        retried by hand gets all its attempts."""
        if not limited and _out_of_time(effect, GIVE_UP_AFTER) and effect.attempt >= MAX_ATTEMPTS:
            await self._log.dead(effect, reason)
            return None
        return await self._reschedule(effect, retry_after_s or backoff_s(effect.attempt), reason)

    async def _outcome_unknown(self, effect: Effect, error: OutcomeUnknown) -> float | None:
        if effect.effect_class == "C" or _out_of_time(effect, self._ambiguous_for):
            await self._log.unknown(effect, error.reason)
            return None
        return await self._reschedule(
            effect, error.retry_after_s or backoff_s(effect.attempt, cap_s=10), error.reason
        )

    async def _reschedule(self, effect: Effect, delay_s: float, reason: str) -> float:
        await self._log.reschedule(effect, delay_s, reason)
        return delay_s

    async def _try(self, effect: Effect) -> float | None:
        try:
            handler = self._handlers.get(effect.kind)
            if handler is None:
                await self._log.dead(effect, f"nobody here carries {effect.kind}")
                return None
            fault("effect.attempted")
            with on_behalf(Behalf(kind="order", who=effect.target)):
                receipt = await handler(effect)
            fault("effect.answered")
        except OutcomeUnknown as error:
            return await self._outcome_unknown(effect, error)
        except Unavailable as error:
            return await self._retry(
                effect, error.reason, error.retry_after_s, limited=isinstance(error, LimitReached)
            )
        except (ExpectedError, IntegrationError) as error:
            await self._log.dead(effect, str(error))
        except LeaseLost:
            return None
        # our own database failed during a handler: this does not count against the effect
        except DATABASE_AWAY as error:
            reason = f"no connection ({type(error).__name__})"
            if effect.effect_class != "C":
                return await self._retry(effect, reason, None)
            await self._log.unknown(effect, reason)
        except Exception as error:  # a boundary: a bug in one effect must not stop the others
            logfire.exception("effects.failed", kind=effect.kind)
            _log.exception("effect %s failed", effect.kind)
            text = f"internal error: {type(error).__name__}: {error}"
            # A call in progress when our own code failed may have arrived.
            await (self._log.unknown if effect.effect_class == "C" else self._log.dead)(
                effect, text
            )
        else:
            await self._log.done(effect, receipt)
        return None
