"""HTTP to an application of this process, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx


class LocalTransport(httpx.AsyncBaseTransport):
    """Hands requests to an ASGI application, which `make` builds for the first of them: many a test
    needs none.

    An answer slower than the client's time-out is a read time-out, as over a network.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._inner: httpx.ASGITransport | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._inner = self._inner or httpx.ASGITransport(self._make(), raise_app_exceptions=False)
        try:
            async with asyncio.timeout(request.extensions.get("timeout", {}).get("read")):
                return await self._inner.handle_async_request(request)
        except TimeoutError:
            raise httpx.ReadTimeout("no answer in time", request=request) from None
