"""A circuit breaker: after consecutive failures no calls are made for a while, then one probe
decides."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState

from jarvis.kit.errors import Unavailable

_log = logging.getLogger(__name__)
FAILURES = 5
PAUSE_S = 10.0


class Breaker:
    """One per remote system and process. `counts` says whether an error means that the system is
    down."""

    def __init__(
        self,
        system: str,
        counts: Callable[[BaseException], bool],
        *,
        failures: int = FAILURES,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._system = system
        self._counts = counts
        self._pause_s = pause_s
        self._factory = AsyncCircuitBreakerFactory(
            default_threshold=failures,
            default_ttl=pause_s,
            exclude=[(BaseException, self._forgiven)],
        )
        self._factory.add_listener(
            lambda name, kind, event: _note(name, kind, getattr(event, "state", ""))
        )
        self._probing = False

    def _forgiven(self, error: BaseException) -> bool:
        """A cancelled probe has proved nothing, so the pause continues."""
        return not self._counts(error) and not (
            self._probing and isinstance(error, asyncio.CancelledError)
        )

    @asynccontextmanager
    async def call(self) -> AsyncGenerator[None]:
        """Guard one call.

        Raises:
            Unavailable: no call was made; with the seconds until the next probe.
        """
        circuit = await self._factory.get_breaker(self._system)
        closed = circuit.context.state == "closed"
        if self._probing and not closed:
            raise Unavailable(
                self._system,
                "not asked: it failed repeatedly and is being probed",
                retry_after_s=1.0,
            )
        try:
            self._probing = self._probing or not closed
            async with circuit:
                yield
        except OpenedState as error:
            left = max(0.1, error.opened_at + self._pause_s - time.time())
            raise Unavailable(
                self._system, "not asked: it failed repeatedly", retry_after_s=left
            ) from None
        finally:
            if not closed:
                self._probing = False


def _note(system: str, kind: str, state: str) -> None:
    if kind == "state_changed":
        _log.warning("the breaker of %s is %s", system, state)
