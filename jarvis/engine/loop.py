"""The loop that workers and dispatchers share: claim rows while there is capacity and process them
concurrently."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from jarvis.engine.db import DATABASE_AWAY
from jarvis.engine.notifier import RedisNotifier

_log = logging.getLogger(__name__)
T = TypeVar("T")
BATCH = 4
AWAY_S = 0.5
# the polling interval: a notification can be lost with Redis
POLL_S = 1.0
MARGIN_S = 0.002  # a row is due by PostgreSQL's clock, which is read a little after ours


def not_cancelled() -> bool:
    """Whether the running task may go on. A library below may answer a cancellation with an error
    of its own (a driver whose connection broke on the way), which a loop would take for a failure
    of the far side; a loop that checks here still ends."""
    task = asyncio.current_task()
    return task is None or not task.cancelling()


class ClaimLoop(Generic[T]):
    """Runs until cancelled. Never claims more than it can start at once, so that other processes
    get the rest.

    It polls the table when notified, when it has finished a row (the next row of the same ordering
    key is ready), when a row that it rescheduled falls due, and once a second in any case.

    Args:
        notifier: Wakes the loop when another process has written or freed a row.
        channel: What it listens to.
        name: This consumer's name.
        claim: Claims at most this many rows.
        work: Processes one row; returns the seconds until its retry when it was rescheduled, else
            None. An exception is logged, and the row is released when its lease expires.
        concurrency: Rows processed at once.
    """

    def __init__(
        self,
        notifier: RedisNotifier,
        *,
        channel: str,
        name: str,
        claim: Callable[[int], Awaitable[Sequence[T]]],
        work: Callable[[T], Awaitable[float | None]],
        concurrency: int,
    ) -> None:
        self._notifier = notifier
        self._channel = channel
        self._name = name
        self._claim = claim
        self._work = work
        self._concurrency = concurrency
        self._tasks: set[asyncio.Task[None]] = set()
        self._look = asyncio.Event()

    async def run(self) -> None:
        """Run until cancelled; rows in progress are then released when their leases expire."""
        listener = asyncio.create_task(self._listen())
        try:
            while not_cancelled():
                free = self._concurrency - len(self._tasks)
                if not free:
                    await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                    continue
                self._look.clear()  # before the claim: rows that arrive during it trigger the next
                try:
                    rows = await self._claim(min(free, BATCH))
                except DATABASE_AWAY as error:
                    _log.warning("the database is away: %s", type(error).__name__)
                    await asyncio.sleep(AWAY_S)
                    continue
                for row in rows:
                    task = asyncio.create_task(self._one(row))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                if not rows:
                    await self._look.wait()
        finally:
            left = [listener, *self._tasks]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _listen(self) -> None:
        while not_cancelled():
            # a notification reaches one consumer only: one that has capacity
            if len(self._tasks) >= self._concurrency:
                await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            await self._notifier.wait(self._channel, self._name, POLL_S)
            self._look.set()

    async def _one(self, row: T) -> None:
        again_s: float | None = None
        try:
            again_s = await self._work(row)
        except Exception:  # a boundary: one row that cannot be recorded must not stop the others
            _log.exception("%s could not finish a row; its lease gives it back", self._name)
        self._look.set()
        if again_s is not None:
            asyncio.get_running_loop().call_later(again_s + MARGIN_S, self._look.set)


async def sweep_forever(*sweeps: Callable[[], Awaitable[int]], every_s: float = 5.0) -> None:
    """Release rows held by dead processes, until cancelled."""
    while not_cancelled():
        try:
            for sweep in sweeps:
                await sweep()
        except DATABASE_AWAY as error:
            _log.warning("sweep postponed: %s", type(error).__name__)
        await asyncio.sleep(every_s)
