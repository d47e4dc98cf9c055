"""Copies of template databases, made in advance and deleted in the background, so that tests wait
for neither."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import threading
from collections.abc import Coroutine, Generator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

import asyncpg

T = TypeVar("T")
_numbers = itertools.count(1)
_log = logging.getLogger(__name__)


class Copies:
    """Provides fresh copies of databases to any event loop. A thread with one connection does the
    work, so that the next copy is made while a test runs. `copies` ends the thread.
    """

    def __init__(self, dsn: str, owner: str, *, ahead: bool) -> None:
        self._dsn = dsn
        self._owner = owner
        self._ahead = ahead
        self._spare: dict[str, Future[str]] = {}
        self._guard = threading.Lock()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._loop = asyncio.new_event_loop()
        self._turn = asyncio.Lock()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    async def take(self, template: str) -> str:
        """The name of a new copy of a database that has no connections."""
        with self._guard:
            ready = self._spare.pop(template, None) or self._do(self._make(template))
            if self._ahead:
                self._spare[template] = self._do(self._make(template))
        return await asyncio.wrap_future(ready)

    async def drop(self, name: str) -> None:
        """Delete a database, closing its connections."""
        gone = self._do(self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        if self._ahead:
            gone.add_done_callback(_log_failure)
        else:
            await asyncio.wrap_future(gone)

    async def forget(self, template: str) -> None:
        """Discard the copies made in advance of a template, so that it can be deleted."""
        with self._guard:
            spare = self._spare.pop(template, None)
        if spare is not None:
            await self.drop(await asyncio.wrap_future(spare))

    def close(self) -> None:
        """End the thread; pending deletions are not done."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _make(self, template: str) -> str:
        name = f"t{os.getpid()}_{next(_numbers)}"
        await self._execute(
            f'CREATE DATABASE {name} TEMPLATE "{template}" OWNER {self._owner} STRATEGY FILE_COPY'
        )
        return name

    async def _execute(self, sql: str) -> None:
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._dsn)
            await self._connection.execute(sql)

    async def _end(self) -> None:
        own = asyncio.current_task()
        left = [task for task in asyncio.all_tasks() if task is not own]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._connection is not None:
            self._connection.terminate()


def _log_failure(done: Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        _log.warning("a database could not be deleted: %s", error)


@contextmanager
def copies(dsn: str, owner: str, *, ahead: bool) -> Generator[Copies]:
    """A source of copies that ends with the block.

    Args:
        dsn: Of the superuser.
        owner: Whose the copies are.
        ahead: Whether one is made before it is asked for and deleting is not waited for: not where
            that would disturb a measurement.
    """
    source = Copies(dsn, owner, ahead=ahead)
    try:
        yield source
    finally:
        source.close()
