"""The interface of RentProg for the domains: both surfaces, branch codes instead of company ids."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypeVar

import httpx

from jarvis.engine.db import Database
from jarvis.engine.limits import Limiter
from jarvis.engine.shared import SharedReads
from jarvis.integrations.rentprog import assumptions
from jarvis.integrations.rentprog.client import PublicApi
from jarvis.integrations.rentprog.mcp import McpApi
from jarvis.integrations.rentprog.models import (
    Booking,
    Car,
    Client,
    HistoryEntry,
    Payment,
    Quote,
    Receivable,
)
from jarvis.integrations.rentprog.quota import Quota
from jarvis.integrations.rentprog.settings import RentProgSettings
from jarvis.kit.errors import InvalidRequest, LimitReached, NotFound
from jarvis.kit.http_client import Network, tls

T = TypeVar("T")
LEVELS_KEPT_S = 60.0
SEARCH_KEPT_S = 600.0


class RentProg:
    """RentProg. `api` reads lists; the methods here find the branch of a record. `shared`:
    coalesces concurrent reads."""

    def __init__(self, api: PublicApi, mcp: McpApi, settings: RentProgSettings) -> None:
        self.api = api
        self.mcp = mcp
        self.shared = SharedReads(settings.shared_s)
        self._settings = settings
        self._absent: dict[str, tuple[float, frozenset[str]]] = {}
        self._levels: dict[str, str] = {}
        self._levels_until = 0.0

    @property
    def branches(self) -> tuple[str, ...]:
        return self.api.branches

    def branch_of_company(self, company_id: int | None) -> str | None:
        """The branch code of a company id, None when it is not ours."""
        return self._settings.branch_of_company(company_id)

    async def car(self, car_id: int, *, hint: str | None) -> Car:
        """A car by id; ids of another branch answer 404, so the likely branch is asked first."""
        return (await self._found("car", car_id, hint, self.api.car))[0]

    async def car_with_bookings(
        self, car_id: int, *, hint: str | None
    ) -> tuple[Car, list[dict[str, object]]]:
        """A car and its active bookings."""
        return (await self._found("car", car_id, hint, self.api.car_with_bookings))[0]

    async def booking(self, booking_id: int, *, hint: str | None) -> tuple[Booking, str]:
        """A booking by id, and its branch."""
        return await self._found("booking", booking_id, hint, self.api.booking)

    async def _found(
        self, noun: str, key: int, hint: str | None, read: Callable[[str, int], Awaitable[T]]
    ) -> tuple[T, str]:
        """A record and its branch. A search stopped by a rate limit resumes where it stopped when
        retried: otherwise a flood of unknown ids would query the first branches again and again.

        Raises:
            NotFound: no branch has it.
            LimitReached: a branch may be asked only later.
        """
        name = f"{noun}:{key}"
        began, absent = self._absent.pop(name, (time.monotonic(), frozenset[str]()))
        for branch in self._order(hint):
            if branch in absent:
                continue
            try:
                return await read(branch, key), branch
            except NotFound:
                absent |= {branch}
            except LimitReached:
                self._absent = {
                    n: kept
                    for n, kept in self._absent.items()
                    if time.monotonic() - kept[0] < SEARCH_KEPT_S
                }
                self._absent[name] = (began, absent)
                raise
        raise NotFound(f"RentProg has no {noun} {key}")

    async def client(self, client_id: int) -> Client:
        """A client by id; every branch sees the same ones."""
        return await self.api.client(self.branches[0], client_id)

    async def receivables(self, branch: str) -> list[Receivable]:
        return await self.mcp.receivables(self.company(branch))

    async def payments(self, branch: str, booking_id: int) -> list[Payment]:
        return await self.mcp.payments(self.company(branch), booking_id)

    async def booking_history(self, branch: str, booking_id: int) -> list[HistoryEntry]:
        return await self.mcp.booking_history(self.company(branch), booking_id)

    async def level(self, tool: str) -> str:
        """What the agent key may do with a write tool; `none` when there is no key. Kept for a
        minute."""
        if not self._settings.mcp_key:
            return "none"
        if time.monotonic() > self._levels_until:
            self._levels = await self.mcp.levels()
            self._levels_until = time.monotonic() + LEVELS_KEPT_S
        return self._levels.get(assumptions.AREA_OF_TOOL.get(tool, "crm"), "none")

    @property
    def has_agent_key(self) -> bool:
        """Whether MCP may be used at all; without it writes go over the public API."""
        return self._settings.mcp_key is not None

    def knows(self, branch: str) -> bool:
        """Whether the branch has a company there; one that was added only here has none."""
        return branch in self._settings.company_ids

    def company(self, branch: str) -> int:
        """The company id of a branch.

        Raises:
            InvalidRequest: none is set for it.
        """
        company = self._settings.company_ids.get(branch)
        if company is None:
            raise InvalidRequest(
                f"no company id for branch {branch}; set JARVIS_RENTPROG_COMPANY_IDS"
            )
        return company

    async def availability_quote(
        self, branch: str, start_at: datetime, end_at: datetime
    ) -> list[Quote]:
        return await self.mcp.availability_quote(self.company(branch), start_at, end_at)

    def _order(self, hint: str | None) -> tuple[str, ...]:
        if hint in self.branches:
            return (hint, *(b for b in self.branches if b != hint))
        return self.branches


async def opened(
    settings: RentProgSettings, db: Database, network: Network
) -> AsyncGenerator[RentProg]:
    """RentProg for the lifetime of the App."""
    async with connect(settings, db, transport=network.transport) as port:
        yield port


@asynccontextmanager
async def connect(
    settings: RentProgSettings, db: Database, *, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncGenerator[RentProg]:
    """Open the HTTP client shared by both surfaces and close it at the end; `transport` stands in
    for the network."""
    quota = Quota(Limiter(db), settings)
    async with httpx.AsyncClient(
        verify=tls(),
        base_url=settings.base_url,
        timeout=settings.timeout_s,
        follow_redirects=False,
        trust_env=False,
        transport=transport,
    ) as http:
        yield RentProg(PublicApi(http, settings, quota), McpApi(http, settings, quota), settings)
