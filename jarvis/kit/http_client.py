"""One place where transport failures of HTTP vendors become our errors."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache

import httpx

from jarvis.kit.breaker import Breaker
from jarvis.kit.errors import AuthExpired, LimitReached, NotFound, Rejected, Unavailable
from jarvis.kit.faults import fault
from jarvis.kit.text import whole

QUOTA = "quota used up"
QUOTA_S = 60.0  # the wait after a 429 that names none
RETRY_AFTER_MAX_S = 3600.0  # longer waits are cut to an hour


@dataclass(frozen=True, slots=True)
class Network:
    """How HTTP clients reach the network; `transport` replaces it."""

    transport: httpx.AsyncBaseTransport | None = None


@cache
def tls() -> ssl.SSLContext:
    """The TLS context of every client; loading the certificates takes longer than most calls, so it
    is done once."""
    return httpx.create_ssl_context()


def breaker(system: str, pause_s: float) -> Breaker:
    """Opens when the system does not answer or answers 5xx; a quota that is used up is no
    failure."""
    return Breaker(
        system,
        lambda error: isinstance(error, Unavailable) and not isinstance(error, LimitReached),
        pause_s=pause_s,
    )


async def send(
    http: httpx.AsyncClient,
    system: str,
    method: str,
    path: str,
    *,
    params: Mapping[str, str | int] | None = None,
    headers: Mapping[str, str] | None = None,
    json: object | None = None,
    guard: Breaker | None = None,
) -> httpx.Response:
    """Send one request and return a 2xx answer.

    `guard` is the circuit breaker of the call.

    Raises:
        Unavailable: network failure, time-out, 5xx, or an open breaker.
        LimitReached: 429, with its wait.
        AuthExpired: 401 or 403.
        NotFound: 404.
        Rejected: any other 4xx, with the first 200 characters of the vendor's words.
    """
    async with guard.call() if guard is not None else nullcontext():
        return await _send(http, system, method, path, params, headers, json)


async def _send(
    http: httpx.AsyncClient,
    system: str,
    method: str,
    path: str,
    params: Mapping[str, str | int] | None,
    headers: Mapping[str, str] | None,
    json: object | None,
) -> httpx.Response:
    try:
        fault("http.before_send")
        answer = await http.request(method, path, params=params, headers=headers, json=json)
        fault("http.answered")
    except (httpx.TransportError, httpx.InvalidURL, ConnectionError) as error:
        # The exception's text can hold the URL and with it a token, so only its kind is kept.
        raise Unavailable(system, f"no answer ({type(error).__name__})") from None
    status = answer.status_code
    if status < 300:
        return answer
    if status == 429:
        wait_s = _retry_after(answer)
        raise LimitReached(system, QUOTA, wait_s=QUOTA_S if wait_s is None else wait_s)
    if status >= 500 or status < 400:
        raise Unavailable(system, f"answered {status}", retry_after_s=_retry_after(answer))
    if status in (401, 403):
        raise AuthExpired(system, f"refused the credential ({status})")
    if status == 404:
        raise NotFound(f"{system} has no such record")
    raise Rejected(system, answer.text[:200])


def _retry_after(answer: httpx.Response) -> float | None:
    seconds = whole(answer.headers.get("retry-after", ""))
    return None if seconds is None else min(float(seconds), RETRY_AFTER_MAX_S)
