"""Notifications over Redis Streams: each says "poll the table" and carries no work itself.

Flushing Redis loses nothing: consumers poll PostgreSQL at least once a second while Redis is
silent, and a missing consumer group is created again.
"""

from __future__ import annotations

# Redis 5 leaves **kwargs open.
# pyright: reportUnknownMemberType=false
import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

_log = logging.getLogger(__name__)
_PREFIX = "jarvis:notify:"
_GROUP = "consumers"


class RedisNotifier:
    """Notifies and waits. Never raises when Redis fails: consumers fall back to polling."""

    def __init__(self, redis: Redis | None, *, poll_s: float = 0.5) -> None:
        self._redis = redis
        self._poll_s = poll_s
        self._silent_until = 0.0
        self._due: set[str] = set()
        self._sending: asyncio.Task[None] | None = None

    async def notify(self, names: Sequence[str]) -> None:
        """Wake one consumer of each name, without waiting for Redis; a failure is ignored, since
        polling finds the row.

        Notifications made while one is being sent are sent together: a consumer that wakes reads
        the table until it is empty.
        """
        if self._redis is None or time.monotonic() < self._silent_until:
            return
        self._due.update(names)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(self._redis))

    async def _send(self, redis: Redis) -> None:
        while self._due:
            names, self._due = self._due, set()
            try:
                async with asyncio.timeout(0.5):
                    for name in names:
                        await redis.xadd(
                            _PREFIX + name,
                            {"at": str(time.time())},
                            maxlen=10_000,
                            approximate=True,
                        )
            except (RedisError, OSError, TimeoutError) as error:
                self._pause(error)

    async def flush(self) -> None:
        """Wait until pending notifications were sent."""
        if self._sending is not None:
            await self._sending

    async def wait(self, name: str, consumer: str, timeout_s: float) -> None:
        """Return when `name` is notified or after `timeout_s` (at most the poll interval while
        Redis is silent)."""
        if self._redis is None or time.monotonic() < self._silent_until:
            await asyncio.sleep(min(timeout_s, self._poll_s))
            return
        stream = _PREFIX + name
        try:
            answer: Any = await self._redis.xreadgroup(
                _GROUP,
                consumer,
                {stream: ">"},
                count=100,
                block=max(1, int(timeout_s * 1000)),
                noack=True,
            )
            del answer
        except ResponseError as error:
            if "NOGROUP" not in str(error):
                self._pause(error)
                return
            await self._make_group(stream)
        except (RedisError, OSError) as error:
            self._pause(error)
            await asyncio.sleep(min(timeout_s, self._poll_s))

    async def _make_group(self, stream: str) -> None:
        assert self._redis is not None
        try:
            await self._redis.xgroup_create(stream, _GROUP, id="$", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                self._pause(error)
        except (RedisError, OSError) as error:
            self._pause(error)

    def _pause(self, error: Exception) -> None:
        self._silent_until = time.monotonic() + 1.0
        _log.warning("Redis is silent, polling instead: %s", type(error).__name__)

    async def ping(self) -> bool:
        """Whether Redis answers now."""
        if self._redis is None:
            return False
        try:
            async with asyncio.timeout(1):
                return bool(await self._redis.ping())
        except (RedisError, OSError, TimeoutError):
            return False


@asynccontextmanager
async def open_notifier(url: str | None, *, poll_s: float = 0.5) -> AsyncGenerator[RedisNotifier]:
    """Connect to Redis (or to nothing, with `url=None`) and close at the end."""
    if url is None:
        yield RedisNotifier(None, poll_s=poll_s)
        return
    redis: Redis = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=15)
    notifier = RedisNotifier(redis, poll_s=poll_s)
    try:
        yield notifier
    finally:
        await notifier.flush()
        await redis.aclose()
