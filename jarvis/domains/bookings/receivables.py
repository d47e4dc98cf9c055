"""Money that clients owe for bookings, as RentProg last reported it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from jarvis.domains.bookings.mirror import BookingMirror
from jarvis.domains.bookings.models import Owed
from jarvis.domains.bookings.service import BookingService
from jarvis.engine import sources
from jarvis.engine.db import Database, Row
from jarvis.engine.freshness import Freshness, Limited
from jarvis.integrations.rentprog.models import SYSTEM
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.clock import Clock
from jarvis.kit.errors import Impossible, IntegrationError, LimitReached
from jarvis.kit.money import Money


class Receivables:
    """Reads debts and amounts due from the mirror, and refreshes them from RentProg."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rentprog: RentProg,
        bookings: BookingService,
        mirror: BookingMirror,
    ) -> None:
        self._db = db
        self._clock = clock
        self._rentprog = rentprog
        self._bookings = bookings
        self._mirror = mirror

    async def of_branch(self, branch: str, *, kind: Literal["debt", "due"]) -> list[Owed]:
        """Debts of a branch, or amounts due at pick-up, the largest first."""
        rows = await self._db.fetch(
            """SELECT r.* FROM receivable r JOIN branch b ON b.id = r.branch_id
                WHERE b.code = $1 AND r.kind = $2 ORDER BY r.amount_minor DESC""",
            branch,
            kind,
        )
        return [await self._owed(row) for row in rows]

    async def of_booking(self, booking_id: UUID) -> list[Owed]:
        """Debt and due amounts of one booking."""
        rows = await self._db.fetch("SELECT * FROM receivable WHERE booking_id = $1", booking_id)
        return [await self._owed(row) for row in rows]

    async def of_client(self, client_id: UUID) -> list[Owed]:
        """Debt and due amounts of one client, in all branches."""
        rows = await self._db.fetch(
            "SELECT * FROM receivable WHERE client_id = $1 ORDER BY kind, amount_minor DESC",
            client_id,
        )
        return [await self._owed(row) for row in rows]

    async def _owed(self, row: Row) -> Owed:
        booking = None if row["booking_id"] is None else await self._bookings.get(row["booking_id"])
        amount = Money(row["amount_minor"], row["currency"])
        return Owed(kind=row["kind"], amount=amount, since=row["since_at"], booking=booking)

    async def refresh(self, branches: Sequence[str], *, anew: bool = False) -> dict[str, Freshness]:
        """Read receivables from RentProg; return their age for each branch that has a company
        there, and whether it answered or why it was not asked.

        Raises:
            Impossible: none of the branches has a company in RentProg.
        """
        known = [branch for branch in branches if self._rentprog.knows(branch)]
        if branches and not known:
            raise Impossible("no_company")
        return {branch: await self._refresh_branch(branch, anew=anew) for branch in known}

    async def _refresh_branch(self, branch: str, *, anew: bool) -> Freshness:
        name = f"{SYSTEM} debts {branch}"
        limited: Limited | None = None

        async def read() -> bool:
            nonlocal limited
            try:
                await self._mirror.refresh_receivables(branch)
            except LimitReached as error:
                limited = Limited.by(error, self._clock.now())
                return False
            except IntegrationError as error:
                await sources.report_failure(self._db, name, self._clock.now(), error.reason)
                return False
            return True

        await self._rentprog.shared.read(name, read, anew=anew)
        (state,) = await sources.read(self._db, name)  # a success clears the failure's time
        return Freshness(
            source=SYSTEM,
            as_of=state.last_ok_at,
            failing_since=state.failing_since,
            limited=limited,
        )
