"""Leases by name: one holder at a time among all processes, with a fencing token; real time
only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from jarvis.engine.db import Database
from jarvis.kit.errors import LeaseLost


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A held lease; `fence` grows with each new holder."""

    name: str
    holder: str
    fence: int


class Leases:
    """Acquires, extends and releases leases."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def take(self, name: str, holder: str, seconds: float) -> Lease | None:
        """Acquire the lease if it is free or expired; None while somebody else holds it."""
        fence = await self._db.fetchval(
            """INSERT INTO lease (name, holder, held_until) VALUES ($1, $2, now() + $3)
               ON CONFLICT (name) DO UPDATE SET holder = $2, held_until = now() + $3,
                 fence = lease.fence + 1
                WHERE lease.held_until < now() RETURNING fence""",
            name,
            holder,
            timedelta(seconds=seconds),
        )
        return None if fence is None else Lease(name=name, holder=holder, fence=fence)

    async def held(self, prefix: str) -> bool:
        """Whether somebody holds a lease whose name begins so."""
        return await self._db.fetchval(
            "SELECT EXISTS (SELECT FROM lease WHERE starts_with(name, $1) AND held_until > now())",
            prefix,
        )

    async def keep(self, lease: Lease, seconds: float) -> None:
        """Extend the lease.

        Raises:
            LeaseLost: it expired and another process holds it.
        """
        count = await self._db.execute(
            "UPDATE lease SET held_until = now() + $3 WHERE name = $1 AND fence = $2",
            lease.name,
            lease.fence,
            timedelta(seconds=seconds),
        )
        if not count:
            raise LeaseLost(lease.name)

    async def give_back(self, lease: Lease) -> None:
        """Release the lease now, so that a standby need not wait for its expiry."""
        await self._db.execute(
            "UPDATE lease SET held_until = now() - interval '1 second' WHERE name = $1 AND fence = "
            "$2",
            lease.name,
            lease.fence,
        )
