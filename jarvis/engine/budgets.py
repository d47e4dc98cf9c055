"""Budgets of paid calls, kept in PostgreSQL: reserved in every account before a call, corrected to
the actual use after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jarvis.engine.db import Database
from jarvis.kit.clock import Clock, local_date


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What one account may use a day: calls, millionths of a US dollar, milliseconds of waiting for
    answers."""

    account: str
    calls: int
    cost_micro_usd: int
    busy_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """One reserved call."""

    day: date
    accounts: Sequence[str]
    cost_micro_usd: int
    busy_ms: int


class Budgets:
    """Reserves calls and records their use. Days are Tbilisi's."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def reserve(
        self, allowances: Sequence[Allowance], *, cost_micro_usd: int, busy_ms: int
    ) -> Reservation | str:
        """Reserve one call in all accounts or in none; a text names the account and what of it is
        used up (`house:cost`).

        `allowances` go from the narrowest account to the widest.
        """
        day, accounts = local_date(self._clock.now()), [a.account for a in allowances]
        spent = await self._db.fetchval(
            "SELECT budget_reserve($1, $2, $3, $4, $5, $6, $7)",
            day,
            accounts,
            [a.calls for a in allowances],
            [a.cost_micro_usd for a in allowances],
            [a.busy_ms for a in allowances],
            cost_micro_usd,
            busy_ms,
        )
        return spent or Reservation(
            day=day, accounts=accounts, cost_micro_usd=cost_micro_usd, busy_ms=busy_ms
        )

    async def complete(self, held: Reservation, *, cost_micro_usd: int, busy_ms: int) -> None:
        """Replace a reservation by the actual use."""
        await self._db.execute(
            "SELECT budget_settle($1, $2, $3, $4)",
            held.day,
            list(held.accounts),
            cost_micro_usd - held.cost_micro_usd,
            busy_ms - held.busy_ms,
        )
