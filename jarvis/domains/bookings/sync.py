"""Loads all of RentProg, and reconciles it; every run records read = saved + rejected, and is never
"ok" when partial."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, get_args
from uuid import UUID

from jarvis.domains.bookings.mirror import BookingMirror
from jarvis.domains.clients.service import ClientService
from jarvis.domains.fleet.service import FleetService
from jarvis.engine import sources
from jarvis.engine.db import TRANSIENT, Database, Row, Tx
from jarvis.engine.jobs import JobHandler, JobRun, enqueue
from jarvis.engine.journal import Journal
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.rentprog.client import Page
from jarvis.integrations.rentprog.mirror import LOADED, Incoming, end_first_load, first_load
from jarvis.integrations.rentprog.models import SYSTEM
from jarvis.integrations.rentprog.port import RentProg
from jarvis.kit.clock import Clock
from jarvis.kit.errors import IntegrationError, InvalidRequest, LimitReached, Unavailable
from jarvis.kit.text import line, storable

Part = Literal["clients", "cars", "bookings", "active_bookings"]
PARTS: tuple[Part, ...] = get_args(Part)
DEADLINE = timedelta(minutes=10)
LOAD_DEADLINE_S = 1800
LOAD, CARS, BOOKINGS = "rentprog.load", "rentprog.reconcile_cars", "rentprog.reconcile_bookings"


_LOADS = f"SELECT true FROM job WHERE kind = '{LOAD}' AND state IN ('queued', 'running') LIMIT 1"
_COUNTS = """SELECT (SELECT count(*) FROM car WHERE deleted_at IS NULL) AS cars,
                    (SELECT count(*) FROM client WHERE deleted_at IS NULL) AS clients,
                    (SELECT count(*) FROM booking WHERE deleted_at IS NULL) AS bookings"""


class RentProgSync:
    """Reads RentProg's lists and saves every record in the mirror."""

    feature: ClassVar[str] = "rentprog_sync"

    def __init__(
        self,
        db: Database,
        clock: Clock,
        rentprog: RentProg,
        fleet: FleetService,
        clients: ClientService,
        bookings: BookingMirror,
        journal: Journal,
    ) -> None:
        self._db = db
        self._clock = clock
        self._rentprog = rentprog
        self._fleet = fleet
        self._clients = clients
        self._bookings = bookings
        self._journal = journal

    @property
    def jobs(self) -> Mapping[str, JobHandler]:
        return {LOAD: self.load, CARS: self.reconcile_cars, BOOKINGS: self.reconcile_bookings}

    @subscriber("check.rentprog.cars", lane=DeliveryLane.BULK)
    async def cars_due(self, handling: Handling) -> None:
        """Queue the reconciliation of cars."""
        await self._queue(handling, CARS)

    @subscriber("check.rentprog.bookings", lane=DeliveryLane.BULK)
    async def bookings_due(self, handling: Handling) -> None:
        """Queue the reconciliation of bookings."""
        await self._queue(handling, BOOKINGS)

    async def _queue(self, handling: Handling, kind: str) -> None:
        """Queue the job, and the first load unless it is done or in progress; many events are not
        published before it."""
        async with handling.transaction() as tx:
            if await first_load(tx) and not await tx.fetchval(_LOADS):
                await enqueue(
                    tx,
                    kind=LOAD,
                    dedup_key=f"{LOAD}:{handling.event.id}",
                    queue="long",
                    deadline_s=LOAD_DEADLINE_S,
                    event_id=handling.event.id,
                    trace_id=handling.event.trace_id,
                )
            await enqueue(
                tx,
                kind=kind,
                dedup_key=f"{kind}:{handling.event.id}",
                queue="long",
                deadline_s=600,
                event_id=handling.event.id,
                trace_id=handling.event.trace_id,
            )

    async def load(self, run: JobRun) -> Mapping[str, Any]:
        """Load everything: clients once, then cars and bookings of each branch."""
        report: dict[str, Any] = {}
        report["clients"] = await self.part(run, "clients", self._rentprog.branches[0])
        for part in ("cars", "bookings"):
            for branch in self._rentprog.branches:
                report[f"{part} {branch}"] = await self.part(
                    run, "cars" if part == "cars" else "bookings", branch
                )
        return await self._close(run, report, whole=all(p["to_end"] for p in report.values()))

    async def reconcile_cars(self, run: JobRun) -> Mapping[str, Any]:
        """Reconcile the cars of every branch."""
        return await self._close(
            run, {b: await self.part(run, "cars", b) for b in self._rentprog.branches}
        )

    async def reconcile_bookings(self, run: JobRun) -> Mapping[str, Any]:
        """Reconcile the active bookings of every branch, and the receivables."""
        report: dict[str, Any] = {
            b: await self.part(run, "active_bookings", b) for b in self._rentprog.branches
        }
        for branch in self._rentprog.branches:
            try:
                report[f"debts {branch}"] = {
                    "state": "ok",
                    "read": await self._bookings.refresh_receivables(branch),
                }
            except IntegrationError as error:
                report[f"debts {branch}"] = {"state": "failed", "cause": error.reason}
        return await self._close(run, report)

    async def _close(
        self, run: JobRun, report: dict[str, Any], *, whole: bool = False
    ) -> Mapping[str, Any]:
        """Link bookings, record what is reconciled, publish the end of the first load; `whole`:
        every list was read to its end."""
        lists = [v for k, v in report.items() if not k.startswith("debts")]
        async with self._db.transaction() as tx:
            first = whole and await end_first_load(tx, self._clock.now())
            await self._bookings.link(tx, f"{run.id}:{run.attempt}", silent=first)
            if all(part["state"] == "ok" for part in lists):
                await sources.report_ok(
                    tx, f"{SYSTEM} reconciled", min(part["began_at"] for part in lists)
                )
                await sources.report_ok(tx, SYSTEM, self._clock.now())
            if first:
                counts = await tx.fetchrow(_COUNTS)
                assert counts is not None
                await self._journal.publish(
                    tx, kind=LOADED, dedup_key=LOADED, payload=dict(counts), ordering_key=LOADED
                )
        for part in lists:
            part["began_at"] = part["began_at"].isoformat()
        return {
            "state": "ok" if all(p["state"] == "ok" for p in report.values()) else "partial",
            "parts": report,
        }

    async def part(self, run: JobRun, part: Part, branch: str) -> dict[str, Any]:
        """Read one list of one branch; a run that was interrupted continues from its last page.

        Returns state (ok, partial, failed), read, saved, rejected, to_end (whether the list was
        read to its end, whatever was rejected), began_at and the cause of a failure.
        """
        if part not in PARTS:
            raise InvalidRequest(f"parts: {', '.join(PARTS)}")
        row = await self._begin(run, part, branch)
        began = self._clock.now()
        first = row["page_cursor"] + 1
        counts = {
            "read": row["read_count"],
            "saved": row["saved_count"],
            "rejected": row["rejected_count"],
        }
        state, cause = "ok", None
        try:
            async with aclosing(self._pages(part, branch, first)) as pages:
                async for page in pages:
                    await self._page(row["id"], part, branch, page, counts)
                    await run.progress(**{f"{part} {branch}": counts["read"]})
        except Unavailable as error:
            if not isinstance(error, LimitReached):
                await sources.report_failure(self._db, SYSTEM, self._clock.now(), error.reason)
            state, cause = ("partial" if counts["read"] else "failed"), error.reason
        except IntegrationError as error:
            state, cause = ("partial" if counts["read"] else "failed"), error.reason
        to_end = state == "ok"
        if to_end and counts["rejected"]:
            state, cause = "partial", f"{counts['rejected']} records were rejected"
        await self._db.execute(
            "UPDATE sync_run SET state = $2, finished_at = now(), cause = $3 WHERE id = $1",
            row["id"],
            state,
            cause,
        )
        return {
            "state": state,
            **counts,
            "to_end": to_end,
            "began_at": began,
            **({"cause": cause} if cause else {}),
        }

    async def _begin(self, run: JobRun, part: Part, branch: str) -> Row:
        """The unfinished run of this job, or a new one."""
        row = await self._db.fetchrow(
            """SELECT r.* FROM sync_run r JOIN branch b ON b.id = r.branch_id
                WHERE r.job_id = $1 AND r.kind = $2 AND b.code = $3 AND r.state = 'running'""",
            run.id,
            part,
            branch,
        )
        if row is None:
            row = await self._db.fetchrow(
                """INSERT INTO sync_run (kind, branch_id, job_id, deadline_at)
                   SELECT $1, b.id, $2, now() + $4 FROM branch b WHERE b.code = $3 RETURNING *""",
                part,
                run.id,
                branch,
                DEADLINE,
            )
        if row is None:
            raise InvalidRequest(f"no branch {branch}")
        return row

    def _pages(self, part: Part, branch: str, first: int) -> AsyncGenerator[Page]:
        api = self._rentprog.api
        walk: Callable[..., AsyncGenerator[Page]] = {
            "clients": api.clients,
            "cars": api.cars,
            "bookings": api.bookings,
            "active_bookings": api.active_bookings,
        }[part]
        return walk(branch, first_page=first)

    async def _page(
        self, run_id: UUID, part: Part, branch: str, page: Page, counts: dict[str, int]
    ) -> None:
        read_at = self._clock.now()
        for raw in page.rows:
            counts["read"] += 1
            try:
                await self._save(part, branch, raw, read_at)
                counts["saved"] += 1
            except TRANSIENT:
                raise
            # a boundary: an error in one record does not stop the others
            except Exception as error:
                counts["rejected"] += 1
                await self._db.execute(
                    "INSERT INTO sync_rejection (sync_run_id, external_key, reason, raw) VALUES "
                    "($1, $2, $3, $4)",
                    run_id,
                    line(str(storable(raw.get("id"))), 100),
                    line(f"{type(error).__name__}: {error}"),
                    raw,
                )
        await self._db.execute(
            """UPDATE sync_run SET page_cursor = $2, read_count = $3, saved_count = $4,
                rejected_count = $5,
                      heartbeat_at = now() WHERE id = $1""",
            run_id,
            page.number,
            counts["read"],
            counts["saved"],
            counts["rejected"],
        )

    async def _save(self, part: Part, branch: str, raw: dict[str, Any], read_at: datetime) -> None:
        incoming = Incoming(raw=raw, read_at=read_at, listed=True)
        save: Callable[[Tx], Awaitable[object]]
        if part == "clients":
            save = lambda tx: self._clients.save(tx, incoming)  # noqa: E731  # three one-line choices read best side by side
        elif part == "cars":
            save = lambda tx: self._fleet.save(tx, incoming, branch=branch)  # noqa: E731
        else:
            save = lambda tx: self._bookings.save(tx, incoming, branch=branch)  # noqa: E731
        async with self._db.transaction() as tx:
            await save(tx)
