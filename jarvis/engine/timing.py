"""Slots (one run of a periodic check), timers (a subject falls due) and the scheduler that
publishes both as events.

Any number of schedulers may run: unique rows make exactly one event of each.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from jarvis.engine.db import DATABASE_AWAY, Database, Tx
from jarvis.engine.journal import Journal
from jarvis.engine.loop import not_cancelled
from jarvis.kit.clock import Clock
from jarvis.kit.faults import fault

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """A check that runs every `seconds`, aligned to the epoch plus `offset_s`."""

    check: str
    seconds: int
    offset_s: int = 0

    def due(self, now: datetime) -> datetime:
        """The latest moment at or before `now` at which the check is due."""
        passed = int(now.timestamp()) - self.offset_s
        return datetime.fromtimestamp(passed - passed % self.seconds + self.offset_s, UTC)


class Timers:
    """Arms and cancels timers in the caller's transaction."""

    async def arm(
        self,
        tx: Tx,
        *,
        kind: str,
        subject: str,
        due_at: datetime,
        payload: Mapping[str, Any] | None = None,
    ) -> None:
        """Arm the timer of (kind, subject), or move it if it is armed; the fence distinguishes old
        firings."""
        await tx.execute(
            """INSERT INTO timer (kind, subject, due_at, payload) VALUES ($1, $2, $3, $4)
               ON CONFLICT (kind, subject) WHERE state = 'armed'
               DO UPDATE SET due_at = $3, payload = $4, fence = timer.fence + 1""",
            kind,
            subject,
            due_at,
            dict(payload or {}),
        )

    async def armed(self, tx: Tx, *, kind: str, subject: str) -> bool:
        """Whether it is armed."""
        return bool(
            await tx.fetchval(
                "SELECT true FROM timer WHERE kind = $1 AND subject = $2 AND state = 'armed'",
                kind,
                subject,
            )
        )

    async def cancel(self, tx: Tx, *, kind: str, subject: str) -> bool:
        """Cancel it if it has not fired."""
        sql = (
            "UPDATE timer SET state = 'cancelled' WHERE kind = $1 AND subject = $2 AND state = "
            "'armed'"
        )
        return bool(await tx.execute(sql, kind, subject))


class Scheduler:
    """Turns due slots and timers into events."""

    def __init__(self, db: Database, clock: Clock, checks: Sequence[Every]) -> None:
        self._db = db
        self._clock = clock
        self._checks = checks
        self._journal = Journal(db)

    async def run(self, *, every_s: float = 0.5) -> None:
        """Fire until cancelled."""
        while not_cancelled():
            try:
                await self.tick()
            except DATABASE_AWAY as error:
                _log.warning("scheduler waits for the database: %s", type(error).__name__)
            await asyncio.sleep(every_s)

    async def skip(self) -> None:
        """Mark the present slots as taken without firing them: after a full load the checks start
        with the next ones."""
        now = self._clock.now()
        for check in self._checks:
            await self._db.execute(
                "INSERT INTO slot (check_name, due_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                check.check,
                check.due(now),
            )

    async def tick(self) -> int:
        """Fire everything that is due now; returns how many events this call made."""
        now = self._clock.now()
        fired = 0
        for check in self._checks:
            fired += await self._fire_slot(check, check.due(now))
        while batch := await self._fire_timers(now):
            fired += batch
        return fired

    async def _fire_slot(self, check: Every, due: datetime) -> int:
        async with self._db.transaction() as tx:
            slot: UUID | None = await tx.fetchval(
                "INSERT INTO slot (check_name, due_at) VALUES ($1, $2) ON CONFLICT DO NOTHING "
                "RETURNING id",
                check.check,
                due,
            )
            if slot is None:
                return 0
            accepted = await self._journal.publish(
                tx,
                kind=check.check,
                dedup_key=f"slot:{check.check}:{due.isoformat()}",
                payload={"due_at": due.isoformat()},
                ordering_key=f"slot:{check.check}",
                sender=check.check,
            )
            await tx.execute("UPDATE slot SET event_id = $2 WHERE id = $1", slot, accepted.event_id)
        return 1

    async def _fire_timers(self, now: datetime) -> int:
        async with self._db.transaction() as tx:
            rows = await tx.fetch(
                """SELECT * FROM timer WHERE state = 'armed' AND due_at <= $1
                    ORDER BY due_at LIMIT 100 FOR UPDATE SKIP LOCKED""",
                now,
            )
            for row in rows:
                fault("timer.fired")
                accepted = await self._journal.publish(
                    tx,
                    kind=row["kind"],
                    dedup_key=f"timer:{row['id']}:{row['fence']}",
                    payload={
                        **row["payload"],
                        "subject": row["subject"],
                        "due_at": row["due_at"].isoformat(),
                    },
                    ordering_key=f"timer:{row['subject']}",
                    sender=row["kind"],
                )
                await tx.execute(
                    "UPDATE timer SET state = 'fired', event_id = $2 WHERE id = $1",
                    row["id"],
                    accepted.event_id,
                )
        return len(rows)
