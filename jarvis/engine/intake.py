"""Group commit of inputs: those that arrive while one group commits form the next group
(docs/adr/0027).

No input waits for a group to fill. Each caller continues after the commit of its input, or gets an
error of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from jarvis.engine.failures import transient
from jarvis.engine.journal import Accepted, Input, Journal
from jarvis.kit.errors import Unavailable
from jarvis.kit.faults import fault

GROUP, GROUP_BYTES = 128, 4 * 2**20
QUEUE, QUEUE_BYTES = 1000, 64 * 2**20
# concurrent groups at most; this many inputs must wait before another group starts beside a running
# one
WRITERS, EACH = 2, 8
TRIES = 3  # of a group that met a conflict with another transaction
FULL_S, AWAY_S = 1.0, 5.0
_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class _Waiting:
    input: Input
    answer: asyncio.Future[Accepted]

    def stored(self, accepted: Accepted) -> None:
        if not self.answer.done():  # the caller may have been cancelled
            self.answer.set_result(accepted)

    def refused(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Intake:
    """The queue in front of the journal, one a process.

    Args:
        journal: Where inputs are stored.
        queue: How many inputs may wait at most.
    """

    def __init__(self, journal: Journal, *, queue: int = QUEUE) -> None:
        self._journal = journal
        self._queue = queue
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._writers: set[asyncio.Task[None]] = set()
        # of the groups in progress: later inputs of these keys wait for their commit
        self._keys: set[str | None] = set()
        self._refused: Counter[tuple[str, str]] = Counter()
        self._closed = False

    async def submit(self, one: Input) -> Accepted:
        """Store one input and return after its commit. Inputs of one ordering key are stored in the
        order of the calls.

        The input of a cancelled caller stays in the queue and is stored; other inputs are not
        affected.

        Raises:
            Unavailable: too many wait (counted), the process is shutting down, or the database is
                down (counted): then it may have been stored, and a repetition becomes a duplicate.
            asyncpg.PostgresError, ValueError: the database or its driver refuses this input; the
                others of its group are stored.
        """
        if self._closed:
            raise Unavailable("Jarvis", "is shutting down", retry_after_s=FULL_S)
        if len(self._waiting) >= self._queue or self._bytes + len(one.body) > QUEUE_BYTES:
            self._refused[one.source, "queue full"] += 1
            raise Unavailable("Jarvis", "too many deliveries wait", retry_after_s=FULL_S)
        waiting = _Waiting(one, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._bytes += len(one.body)
        if len(self._writers) < WRITERS and len(self._waiting) > EACH * len(self._writers):
            self._writers.add(asyncio.create_task(self._write()))
        return await waiting.answer

    async def close(self) -> None:
        """Accept no more inputs, and return when all that wait were stored or refused."""
        self._closed = True
        while self._writers:
            await asyncio.wait(self._writers)

    async def _write(self) -> None:
        while group := self._next_group():
            keys = {waiting.input.ordering_key for waiting in group} - {None}
            self._keys |= keys
            await self._store(group)
            self._keys -= keys
            if self._refused:
                await self._count_refused()
        writer = asyncio.current_task()
        assert writer is not None
        # now and not when the task is done: an input that arrives in between would never be written
        self._writers.discard(writer)

    def _next_group(self) -> list[_Waiting]:
        """The oldest waiting inputs, without keys that another group holds, so that each key keeps
        its order."""
        group, later, size = list[_Waiting](), list[_Waiting](), 0
        while self._waiting and len(group) < GROUP and size < GROUP_BYTES:
            waiting = self._waiting.popleft()
            if waiting.input.ordering_key in self._keys:
                later.append(waiting)
            else:
                group.append(waiting)
                size += len(waiting.input.body)
        self._waiting.extendleft(reversed(later))
        self._bytes -= size
        return group

    async def _store(self, group: Sequence[_Waiting]) -> None:
        """One commit; if an input makes it fail, its halves one after the other, until only the bad
        input fails."""
        try:
            accepted = await self._accept([waiting.input for waiting in group])
            fault("intake.committed")
        except Exception as error:  # a boundary: each caller gets an answer, whatever broke
            if transient(error) or isinstance(error, asyncpg.InsufficientResourcesError):
                self._unavailable(group, error)
            elif len(group) > 1:
                middle = len(group) // 2
                await self._store(group[:middle])
                await self._store(group[middle:])
            else:
                _log.error(
                    "an input of %s cannot be stored: %s",
                    group[0].input.source,
                    type(error).__name__,
                )
                group[0].refused(error)
            return
        for waiting, one in zip(group, accepted, strict=True):
            waiting.stored(one)

    async def _accept(self, inputs: Sequence[Input]) -> list[Accepted]:
        for _ in range(TRIES - 1):
            try:
                return await self._journal.accept_many(inputs)
            except (asyncpg.TransactionRollbackError, asyncpg.LockNotAvailableError):
                continue
        return await self._journal.accept_many(inputs)

    def _unavailable(self, group: Sequence[_Waiting], error: Exception) -> None:
        _log.warning(
            "%d inputs were not stored, the database is away: %s", len(group), type(error).__name__
        )
        for waiting in group:
            self._refused[waiting.input.source, "database away"] += 1
            waiting.refused(Unavailable("PostgreSQL", type(error).__name__, retry_after_s=AWAY_S))

    async def _count_refused(self) -> None:
        """One row for all refused meanwhile: under a flood one row each would add to the load."""
        counts, self._refused = self._refused, Counter()
        while counts:
            (source, reason), number = counts.popitem()
            try:
                await self._journal.refuse(source=source, reason=reason, deliveries=number)
            except Exception as error:  # a boundary: counting must not end the writer
                _log.warning("refused deliveries are counted later: %s", type(error).__name__)
                counts[source, reason] = number
                self._refused.update(counts)
                return
