"""Equal readings at the same time are one: who asks for what is just being read waits for that."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


class SharedReads:
    """Shares readings by key, within one process.

    A reading leaves what it read where everybody looks, with its age; so only whether it succeeded
    is shared. A failure is its caller's own: the others then read for themselves, on their own
    account.

    Args:
        max_age_s: A reading that began so long ago is asked for anew; 0: nothing is shared.
    """

    def __init__(self, max_age_s: float) -> None:
        self._max_age_s = max_age_s
        self._began: dict[str, float] = {}
        self._running: dict[str, tuple[float, asyncio.Future[bool]]] = {}

    async def read(
        self, key: str, read: Callable[[], Awaitable[bool]], *, anew: bool = False
    ) -> None:
        """Read, unless somebody else's equal reading is young enough.

        Args:
            key: What is read.
            read: Reads it; returns whether that succeeded.
            anew: Whether only a reading that begins now will do.
        """
        if not anew and await self._others(key):
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

    async def _others(self, key: str) -> bool:
        running = self._running.get(key)
        if running is not None and self._young(running[0]):
            return await asyncio.shield(running[1])
        return self._young(self._began.get(key, float("-inf")))

    def _young(self, began: float) -> bool:
        return time.monotonic() - began < self._max_age_s

    def _forget(self) -> None:
        for key in [key for key, began in self._began.items() if not self._young(began)]:
            del self._began[key]
