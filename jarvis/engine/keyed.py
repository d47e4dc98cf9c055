"""Tasks run in order per key, concurrently between keys."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable

_log = logging.getLogger(__name__)


class KeyedTasks:
    """Runs tasks of one key one after another, and tasks of different keys concurrently.

    Args:
        at_once: How many keys run concurrently at most.
    """

    def __init__(self, at_once: int) -> None:
        self._slots = asyncio.Semaphore(at_once)
        self._last: dict[Hashable, asyncio.Task[None]] = {}

    def add(self, key: Hashable, work: Callable[[], Awaitable[None]]) -> None:
        """Run it after everything added under the same key before."""
        task = asyncio.create_task(self._run(self._last.get(key), work))
        self._last[key] = task
        task.add_done_callback(lambda done: self._forget(key, done))

    async def join(self) -> None:
        """Wait until everything added until now has ended."""
        if self._last:
            await asyncio.wait(list(self._last.values()))

    async def stop(self) -> None:
        """Cancel the remaining tasks."""
        tasks = list(self._last.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(
        self, before: asyncio.Task[None] | None, work: Callable[[], Awaitable[None]]
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        async with self._slots:
            await work()

    def _forget(self, key: Hashable, task: asyncio.Task[None]) -> None:
        if self._last.get(key) is task:
            del self._last[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("work of %s failed", key, exc_info=error)
