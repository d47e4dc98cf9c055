"""Jobs: long or scheduled work as rows; arq only transports their ids (docs/adr/0004).

Each attempt gets a fresh arq id, so that arq's own locks, results and retries never matter. A job
whose heartbeat stops is queued again by the sweeper within `STALE_S` + its period.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import logfire

from jarvis.engine.behalf import Behalf, on_behalf
from jarvis.engine.db import DATABASE_AWAY, Database, Row, Tx
from jarvis.engine.loop import not_cancelled
from jarvis.engine.tracing import traced
from jarvis.kit.errors import ExpectedError, LeaseLost, Unavailable
from jarvis.kit.ids import new_id
from jarvis.kit.text import line

_log = logging.getLogger(__name__)
HEARTBEAT_S = 3.0
STALE_S = 15.0
CHANNEL = "jobs"


@dataclass(slots=True, kw_only=True)
class JobRun:
    """One attempt at a job, with its heartbeat and progress."""

    id: UUID
    kind: str
    args: Mapping[str, Any]
    attempt: int
    trace_id: str
    db: Database

    async def progress(self, **facts: int | str) -> None:
        """Report progress; proves at the same time that this attempt still owns the job.

        Raises:
            LeaseLost: a later attempt has taken the job over.
        """
        count = await self.db.execute(
            """UPDATE job SET heartbeat_at = now(), progress = coalesce(progress, '{}'::jsonb) || $3
                WHERE id = $1 AND attempt = $2 AND state = 'running'""",
            self.id,
            self.attempt,
            facts,
        )
        if not count:
            raise LeaseLost(f"job {self.id}")


JobHandler = Callable[[JobRun], Awaitable[Mapping[str, Any]]]


async def enqueue(
    tx: Tx,
    *,
    kind: str,
    dedup_key: str,
    args: Mapping[str, Any] | None = None,
    queue: str = "short",
    deadline_s: int = 300,
    event_id: UUID | None = None,
    trace_id: str | None = None,
) -> UUID | None:
    """Write one job; None when a job with this key exists already."""
    job_id: UUID | None = await tx.fetchval(
        """INSERT INTO job (kind, dedup_key, args, queue, deadline_s, event_id, trace_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (dedup_key) DO NOTHING RETURNING id""",
        kind,
        dedup_key,
        dict(args or {}),
        queue,
        deadline_s,
        event_id,
        trace_id or new_id().hex,
    )
    if job_id is not None:
        tx.notify(CHANNEL)
    return job_id


class JobLog:
    """The rows behind jobs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def find(self, job_id: UUID) -> Row | None:
        """A job by its id; None when there is none."""
        return await self._db.fetchrow("SELECT * FROM job WHERE id = $1", job_id)

    async def done(self, kind: str) -> bool:
        """Whether a job of this kind was ever done."""
        return await self._db.fetchval(
            "SELECT EXISTS (SELECT FROM job WHERE kind = $1 AND state = 'done')", kind
        )

    async def due(self, *, again_after_s: float = 10.0) -> list[Row]:
        """Jobs to enqueue in arq (now, or again because no worker took them); marks them as
        enqueued."""
        return await self._db.fetch(
            """UPDATE job SET rung_at = now() WHERE id IN (
                 SELECT id FROM job WHERE state = 'queued' AND available_at <= now()
                    AND (rung_at IS NULL OR rung_at < now() - make_interval(secs => $1))
                  ORDER BY created_at LIMIT 100 FOR UPDATE SKIP LOCKED)
               RETURNING id, queue, attempt""",
            again_after_s,
        )

    async def sweep(self) -> int:
        """Queue jobs again whose worker died or whose deadline passed; give up after the last
        attempt."""
        return await self._db.execute(
            """UPDATE job SET state = CASE WHEN attempt >= max_attempts THEN 'dead'
                ELSE 'queued' END,
                      rung_at = NULL, cause = 'its worker stopped or ran past the deadline',
                      finished_at = CASE WHEN attempt >= max_attempts THEN now() END
                WHERE state = 'running' AND (heartbeat_at < now() - make_interval(secs => $1)
                       OR started_at < now() - make_interval(secs => deadline_s + 10))""",
            STALE_S,
        )

    async def start(self, job_id: UUID) -> Row | None:
        """Begin the next attempt; None when another worker runs it or it has ended."""
        return await self._db.fetchrow(
            """UPDATE job SET state = 'running', attempt = attempt + 1, started_at = now(),
                heartbeat_at = now()
                WHERE id = $1 AND state = 'queued' RETURNING *""",
            job_id,
        )

    async def finish(self, run: JobRun, result: Mapping[str, Any]) -> None:
        await self._db.execute(
            """UPDATE job SET state = 'done', result = $3, finished_at = now(), cause = NULL
                WHERE id = $1 AND attempt = $2 AND state = 'running'""",
            run.id,
            run.attempt,
            dict(result),
        )

    async def fail(self, run: JobRun, cause: str, *, again_in_s: float | None) -> None:
        """Queue another attempt after a pause, or give up when `again_in_s` is None or attempts are
        used up."""
        await self._db.execute(
            """UPDATE job SET cause = $3, rung_at = NULL,
                      state = CASE WHEN $4::float IS NULL OR attempt >= max_attempts THEN 'dead'
                        ELSE 'queued' END,
                      available_at = now() + make_interval(secs => coalesce($4, 0)),
                      finished_at = CASE WHEN $4::float IS NULL OR attempt >= max_attempts
                        THEN now() END
                WHERE id = $1 AND attempt = $2 AND state = 'running'""",
            run.id,
            run.attempt,
            line(cause, 1000),
            again_in_s,
        )


async def run_job(db: Database, handlers: Mapping[str, JobHandler], job_id: UUID) -> bool:
    """Run one attempt of a job here; false when there was nothing to start."""
    log = JobLog(db)
    row = await log.start(job_id)
    if row is None:
        return False
    run = JobRun(
        id=row["id"],
        kind=row["kind"],
        args=row["args"],
        attempt=row["attempt"],
        trace_id=row["trace_id"],
        db=db,
    )
    beat = asyncio.create_task(_beat(run))
    try:
        # a job is no delivery: it may sleep until there is quota
        whose = Behalf(kind="background", who=run.kind, waits=True)
        with traced("jobs.run", run.trace_id, kind=run.kind, attempt=run.attempt), on_behalf(whose):
            async with asyncio.timeout(row["deadline_s"]):
                result = await handlers[run.kind](run)
        await log.finish(run, result)
    except LeaseLost:
        _log.warning("job %s went to another worker", run.id)
    except Unavailable as error:
        await log.fail(
            run, error.reason, again_in_s=error.retry_after_s or min(60.0, 2.0**run.attempt)
        )
    except TimeoutError:
        await log.fail(run, "ran past its deadline", again_in_s=5.0)
    except ExpectedError as error:
        await log.fail(run, str(error), again_in_s=None)
    except Exception as error:  # a boundary: the row keeps the cause, the worker continues
        logfire.exception("jobs.failed", kind=run.kind)
        _log.exception("job %s failed", run.kind)
        await log.fail(
            run, f"{type(error).__name__}: {error}", again_in_s=min(60.0, 2.0**run.attempt)
        )
    finally:
        beat.cancel()
    return True


async def _beat(run: JobRun) -> None:
    while not_cancelled():
        await asyncio.sleep(HEARTBEAT_S)
        try:
            await run.progress()
        except LeaseLost:
            return
        except DATABASE_AWAY:
            continue
