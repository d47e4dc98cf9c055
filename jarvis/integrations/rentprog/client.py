"""Surface A, the public API: cars, bookings and clients, one company token a branch."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from pydantic import BaseModel, SecretStr, ValidationError
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from jarvis.integrations.rentprog import assumptions
from jarvis.integrations.rentprog.models import (
    SYSTEM,
    Booking,
    Car,
    Client,
    parse_moment,
    parse_record,
    unwrap,
)
from jarvis.integrations.rentprog.quota import CallClass, Quota
from jarvis.integrations.rentprog.settings import RentProgSettings
from jarvis.kit.errors import AuthExpired, ContractBroken, LimitReached, NotFound, Unavailable
from jarvis.kit.http_client import breaker, send
from jarvis.kit.wire import read_json


class _Token(BaseModel):
    token: str
    exp: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of raw records, so that one bad record does not spoil the rest."""

    number: int
    rows: list[dict[str, Any]]


class PublicApi:
    """The public API. Every call is taken from its branch's quota first (`quota.py`)."""

    def __init__(self, http: httpx.AsyncClient, settings: RentProgSettings, quota: Quota) -> None:
        self._http = http
        self._settings = settings
        self._quota = quota
        self._guard = breaker(SYSTEM, settings.pause_s)
        self._tokens: dict[str, tuple[str, float]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    @property
    def branches(self) -> tuple[str, ...]:
        """Branch codes that have a company token."""
        return tuple(self._settings.company_tokens)

    async def ping(self, branch: str) -> None:
        """Prove that the branch's company token works; raises an IntegrationError otherwise."""
        await self._token(branch, fresh=True)

    async def car(self, branch: str, car_id: int) -> Car:
        """One car by its id, with the token of the branch that it belongs to."""
        return parse_record(Car, await self._get(branch, "get", f"/cars/{car_id}"))

    async def car_with_bookings(self, branch: str, car_id: int) -> tuple[Car, list[dict[str, Any]]]:
        """A car and its active bookings in one call; the bookings are raw records."""
        body = await self._get(branch, "get", "/car_data_with_bookings", {"car_id": car_id})
        if not isinstance(body, dict):
            raise ContractBroken(SYSTEM, "car_data_with_bookings is no object")
        record: dict[str, Any] = body  # pyright: ignore[reportUnknownVariableType]  # JSON object
        rows = unwrap(record.pop("active_bookings", []), "bookings")
        for extra in ("prices", "seasons", "price_periods"):
            record.pop(extra, None)
        return parse_record(Car, record), rows

    async def booking(self, branch: str, booking_id: int) -> Booking:
        """One booking by its id (not its number)."""
        return parse_record(Booking, await self._get(branch, "get", f"/bookings/{booking_id}"))

    async def client(self, branch: str, client_id: int) -> Client:
        """One client; clients are the same in every branch."""
        return parse_record(Client, await self._get(branch, "get", f"/clients/{client_id}"))

    async def search_bookings(self, branch: str, query: str) -> list[Booking]:
        """Bookings by text of at least three characters."""
        body = await self._get(branch, "search", "/search_bookings", {"query": query})
        return [parse_record(Booking, row) for row in unwrap(body, "bookings")]

    async def update_booking(
        self, branch: str, booking_id: int, fields: Mapping[str, str | int]
    ) -> None:
        """Change a booking. Never retried here: a caller that retries reads it back first."""
        await self._write(branch, "/update_booking", params={"booking_id": booking_id, **fields})

    async def create_booking(self, branch: str, fields: Mapping[str, str | int]) -> Booking:
        """Create a booking; RentProg checks no availability. Never retried here."""
        return parse_record(Booking, await self._write(branch, "/create_booking", json_body=fields))

    async def _write(
        self,
        branch: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        json_body: object | None = None,
    ) -> object:
        for fresh in (False, True):
            token = await self._token(branch, fresh=fresh)
            await self._quota.take(branch, "write")
            try:
                answer = await send(
                    self._http,
                    SYSTEM,
                    "POST",
                    path,
                    params=params,
                    json=json_body,
                    guard=self._guard,
                    headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
                )
            except AuthExpired:  # refused before anything was done
                self._tokens.pop(branch, None)
                if fresh:
                    raise
                continue
            return _json(answer)
        raise AssertionError("the second round returns or raises")

    def cars(self, branch: str, *, first_page: int = 1) -> AsyncGenerator[Page]:
        """All cars of a branch, page by page."""
        return self._pages(branch, "/all_cars_full", "cars", first_page)

    def bookings(self, branch: str, *, first_page: int = 1) -> AsyncGenerator[Page]:
        """Active and past bookings without the archive, always ten a page."""
        return self._pages(branch, "/all_bookings", "bookings", first_page)

    def active_bookings(self, branch: str, *, first_page: int = 1) -> AsyncGenerator[Page]:
        """Active bookings only."""
        return self._pages(branch, "/active_bookings", "bookings", first_page)

    def clients(self, branch: str, *, first_page: int = 1) -> AsyncGenerator[Page]:
        """All clients of the group."""
        return self._pages(branch, "/all_clients", "clients", first_page)

    async def _pages(
        self, branch: str, path: str, name: str, first_page: int
    ) -> AsyncGenerator[Page]:
        """Walk a list until an empty page or one that repeats the previous page's first id."""
        previous: object = None
        for number in range(first_page, first_page + assumptions.PAGE_CAP):
            rows = unwrap(
                await self._get(branch, "get", path, {"page": number}), name, strict=False
            )
            if not rows or (first := rows[0].get("id") or rows[0]) == previous:
                return
            previous = first
            yield Page(number=number, rows=rows)
        raise ContractBroken(SYSTEM, f"{path} does not end after {assumptions.PAGE_CAP} pages")

    async def _get(
        self, branch: str, call: CallClass, path: str, params: Mapping[str, str | int] | None = None
    ) -> object:
        retrying = AsyncRetrying(
            retry=retry_if_exception(_transient),
            stop=stop_after_attempt(assumptions.RETRY_ATTEMPTS),
            wait=wait_exponential_jitter(initial=0.25, max=5, jitter=0.25),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                return await self._get_once(branch, call, path, params)
        raise AssertionError("tenacity returns or raises")

    async def _get_once(
        self, branch: str, call: CallClass, path: str, params: Mapping[str, str | int] | None
    ) -> object:
        for fresh in (False, True):
            token = await self._token(branch, fresh=fresh)
            await self._quota.take(branch, call)
            try:
                answer = await send(
                    self._http,
                    SYSTEM,
                    "GET",
                    path,
                    params=params,
                    guard=self._guard,
                    headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
                )
            except AuthExpired:
                self._tokens.pop(branch, None)
                if fresh:
                    raise
                continue
            return _json(answer)
        raise AssertionError("the second round returns or raises")

    async def _token(self, branch: str, *, fresh: bool) -> str:
        company = self._settings.company_tokens.get(branch)
        if company is None:
            raise AuthExpired(SYSTEM, f"no company token for branch {branch}")
        stale = self._tokens.get(branch)
        async with self._locks.setdefault(branch, asyncio.Lock()):
            known = self._tokens.get(branch)
            usable = known is not None and known[1] > time.monotonic()
            if known is not None and usable and not (fresh and known is stale):
                return known[0]
            return await self._fetch_token(branch, company)

    async def _fetch_token(self, branch: str, company: SecretStr) -> str:
        await self._quota.take(branch, "auth")
        try:
            answer = await send(
                self._http,
                SYSTEM,
                "GET",
                "/get_token",
                params={"company_token": company.get_secret_value()},
                guard=self._guard,
            )
        except NotFound:  # a wrong company token of one branch was seen to answer 404
            raise AuthExpired(SYSTEM, f"the company token of {branch} was refused") from None
        try:
            token = _Token.model_validate(_json(answer))
        except ValidationError:
            raise ContractBroken(SYSTEM, "get_token gave no token") from None
        self._tokens[branch] = (token.token, time.monotonic() + _life_s(token.exp))
        return token.token


def _life_s(exp: str | None) -> float:
    """Seconds for which a token is valid, in real time, as the server counts."""
    if exp:
        try:
            left = parse_moment(exp).timestamp() - datetime.now().astimezone().timestamp()
        except ContractBroken:
            left = 0.0
        if left > 0:
            return max(1.0, left - assumptions.TOKEN_SKEW_S)
    return assumptions.TOKEN_LIFE_S - assumptions.TOKEN_SKEW_S


def _json(answer: httpx.Response) -> object:
    try:
        return read_json(answer.content)
    except ValueError:
        text = f"no JSON: {answer.text[:60]!a}"
        if answer.request.method == "GET":  # truncated or garbled in transit: a read may be retried
            raise Unavailable(SYSTEM, text) from None
        raise ContractBroken(SYSTEM, text) from None


def _transient(error: BaseException) -> bool:
    # Do not wait for a rate limit inside a call: the caller is rescheduled.
    if isinstance(error, LimitReached):
        return False
    return isinstance(error, Unavailable) and (
        error.retry_after_s is None or error.retry_after_s <= 2
    )
