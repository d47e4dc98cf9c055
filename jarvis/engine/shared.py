"""Coalesced reads: a caller that asks for something being read waits for that read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


class SharedReads:
    """Shares concurrent reads by key, within one process.

    A read stores its result where all callers look, with its age, so only its success is shared. A
    failure belongs to its caller: the others then read for themselves, on their own quota.

    Args:
        max_age_s: A read that began longer ago is repeated; 0: nothing is shared.
    """

    def __init__(self, max_age_s: float) -> None:
        self._max_age_s = max_age_s
        self._began: dict[str, float] = {}
        self._running: dict[str, tuple[float, asyncio.Future[bool]]] = {}

    async def read(
        self, key: str, read: Callable[[], Awaitable[bool]], *, anew: bool = False
    ) -> None:
        """Read, unless another caller's read of the key is recent enough.

        Args:
            key: What is read.
            read: Reads it; returns whether that succeeded.
            anew: Require a read that begins now.
        """
        if not anew and await self._await_other(key):
            return
        began, done = time.monotonic(), asyncio.get_running_loop().create_future()
        self._running[key] = (began, done)
        try:
            if await read():
                done.set_result(True)
                self._began[key] = began
        finally:
            if not done.done():
                done.set_result(False)
            if self._running.get(key) == (began, done):
                del self._running[key]
            self._forget()

    async def _await_other(self, key: str) -> bool:
        running = self._running.get(key)
        if running is not None and self._recent(running[0]):
            return await asyncio.shield(running[1])
        return self._recent(self._began.get(key, float("-inf")))

    def _recent(self, began: float) -> bool:
        return time.monotonic() - began < self._max_age_s

    def _forget(self) -> None:
        for key in [key for key, began in self._began.items() if not self._recent(began)]:
            del self._began[key]
