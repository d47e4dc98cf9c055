"""RentProg's rate limits divided into shares: one person's loop does not use up the others' share,
and approved changes always have quota.

All shares are our own policy; only approved changes (`order`) may use the last `orders_kept` calls.
Every call counts in an account of its branch and class (for MCP: of the key) for a minute, and for
MCP in one for an hour as well; it is taken from all of them or from none. By initiator:

- an approved change: may use everything; without quota it is rescheduled with the time
- a person: `person_share`, all people together `people_share`; waits `person_patience_s`
- a delivery in the background: `reread_share`, with jobs `background_share`; rescheduled, each with
  a retry time of its own
- a job, a command: `background_share`; waits `patience_s`
"""

from __future__ import annotations

import asyncio
import time
from typing import Literal

from jarvis.engine.behalf import Behalf, behalf
from jarvis.engine.limits import Account, Limiter, LimitExceeded, Queue
from jarvis.integrations.rentprog.models import SYSTEM
from jarvis.integrations.rentprog.settings import RentProgSettings
from jarvis.kit.errors import LimitReached

MINUTE_S, HOUR_S = 60.0, 3600.0
HORIZON_S = 600.0  # the latest retry time: what it waits for may have been read meanwhile
CallClass = Literal["get", "search", "auth", "write", "mcp"]


class Quota:
    """Counts RentProg's calls against the quota of the task's initiator."""

    def __init__(self, limiter: Limiter, settings: RentProgSettings) -> None:
        self._limiter = limiter
        self._settings = settings

    async def take(self, surface: str, call: CallClass) -> None:
        """Count one call, waiting for quota as long as its initiator may wait.

        Args:
            surface: Whose limit it is: a branch, or `key` for MCP.
            call: The class of calls that RentProg counts together.

        Raises:
            LimitReached: no quota for this caller until then.
        """
        whose = behalf()
        until = time.monotonic() + self._patience_s(whose, call)
        accounts, queue = self._accounts(surface, call, whose), self._queue(surface, call, whose)
        while (
            none := await self._limiter.take_all(accounts, queue=queue, has_turn=whose.put_off)
        ) is not None:
            if time.monotonic() + none.wait_s > until:
                raise _reached(none, whose)
            await asyncio.sleep(none.wait_s)

    def _patience_s(self, whose: Behalf, call: CallClass) -> float:
        if call == "auth":
            return 0.0  # all calls of a branch wait for one token: its fetch never sleeps
        if whose.kind == "person":
            return self._settings.person_patience_s
        return self._settings.patience_s if whose.waits else 0.0

    def _accounts(self, surface: str, call: CallClass, whose: Behalf) -> list[Account]:
        of = self._settings
        limits = [(self._per_minute(call), MINUTE_S)]
        if call == "mcp":
            limits.append((of.mcp_per_hour, HOUR_S))
        shares: list[tuple[str, float]]
        if call == "auth" or whose.kind == "order":
            shares = [("all", 1.0)]
        elif whose.kind == "person":
            shares = [
                ("all", 1 - of.orders_kept),
                ("people", of.people_share),
                (f"person:{whose.who}", of.person_share),
            ]
        else:
            shares = [("all", 1 - of.orders_kept), ("background", of.background_share)]
            if not whose.waits:
                shares.append(("rereads", of.reread_share))
        return [
            Account(
                name=f"{_name(surface, call)}:{period_s:g}:{name}",
                calls=max(1, int(calls * share)),
                period_s=period_s,
            )
            for calls, period_s in limits
            for name, share in shares
        ]

    def _queue(self, surface: str, call: CallClass, whose: Behalf) -> Queue | None:
        """Rescheduled work of a flood gets retry times one after another."""
        if call == "auth" or whose.kind != "background" or whose.waits:
            return None
        every_s = MINUTE_S / max(1, int(self._per_minute(call) * self._settings.reread_share))
        return Queue(name=f"{_name(surface, call)}:rereads", every_s=every_s, horizon_s=HORIZON_S)

    def _per_minute(self, call: CallClass) -> int:
        of = self._settings
        return {
            "get": of.get_per_minute,
            "search": of.search_per_minute,
            "auth": of.auth_per_minute,
            "write": of.write_per_minute,
            "mcp": of.mcp_per_minute,
        }[call]


def _name(surface: str, call: CallClass) -> str:
    return f"rentprog:{surface}:{call}"


def _reached(none: LimitExceeded, whose: Behalf) -> LimitReached:
    own = f":person:{whose.who}" in none.account
    which = "this person's share of it" if own else "our own share of it"
    return LimitReached(SYSTEM, f"its limit: {which} is used up", wait_s=none.wait_s, own=own)
