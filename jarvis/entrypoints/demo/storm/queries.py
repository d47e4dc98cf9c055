"""Queries for the checks after a storm: the only part of the storms that knows Jarvis's tables."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from jarvis.engine.audit_proof import Proof, verify
from jarvis.engine.db import Database, Row, open_database

T = TypeVar("T")


class Records:
    """Jarvis's records by their DSN; each question opens a connection of its own."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def unfinished_work(self) -> dict[str, str]:
        """Events and effects that are not finished, scheduled and dead ones included: by kind and
        state, details of one."""
        return self._ask(_unfinished)

    def sent_for(self, text: str) -> set[int]:
        """Numbers of the messages that the handling of a person's message with this text sent."""
        return self._ask(_sent_for, text)

    def way(self, text: str) -> list[str]:
        """The progress of a message with this text: its events and the effects that they
        requested."""
        return self._ask(_way, text)

    def topics(self, title: str) -> list[str]:
        """The rows of topics of this title: state, progress of archiving and what last ended, their
        group's rights."""
        return self._ask(_topics, title)

    def taken(self, digests: Sequence[str]) -> dict[str, int]:
        """How many events that are no duplicate each webhook became, by the digest of its source,
        kind and body."""
        return self._ask(_taken, list(digests))

    def mileage(self) -> dict[str, int]:
        """What Jarvis holds of each car, by its number in RentProg, in km."""
        return self._ask(_mileage)

    def audit(self) -> Proof:
        return self._ask(verify)

    def _ask(self, question: Any, *args: object) -> Any:
        async def ask() -> Any:
            async with open_database(self._dsn, max_size=2) as db:
                return await question(db, *args)

        return _run(ask())


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


async def _unfinished(db: Database) -> dict[str, str]:
    rows = await db.fetch(
        """SELECT e.kind || ' for ' || d.subscriber AS kind, d.state, d.attempts, d.cause
             FROM delivery d JOIN event e ON e.id = d.event_id WHERE d.state IN ('pending',
               'claimed', 'dead')
           UNION ALL SELECT kind, state, attempts, cause FROM effect WHERE state IN ('pending',
             'claimed', 'unknown', 'dead')"""
    )
    return {f"{r['kind']} {r['state']}": f"attempt {r['attempts']}: {r['cause']}" for r in rows}


async def _sent_for(db: Database, text: str) -> set[int]:
    rows = await db.fetch(
        """SELECT DISTINCT (e.receipt->>'message_id')::bigint AS n FROM effect e JOIN event v
            ON v.id = e.event_id
            WHERE v.kind IN ('message.employee', 'request.asked') AND strpos(v.payload::text,
              $1) > 0 AND e.receipt ? 'message_id'""",
        text,
    )
    return {row["n"] for row in rows}


async def _way(db: Database, text: str) -> list[str]:
    rows = await db.fetch(
        """SELECT v.kind AS event, v.state, v.attempts, v.cause, e.kind, e.state AS effect_state,
            e.receipt
             FROM event_status v JOIN event w ON w.id = v.id LEFT JOIN effect e ON e.event_id = v.id
            WHERE strpos(w.payload::text, $1) > 0 ORDER BY v.seq, e.seq""",
        text,
    )
    return [_line(r) for r in rows] or ["never came into the journal"]


def _line(row: Row) -> str:
    return ", ".join(f"{k}={v}" for k, v in row.items() if v is not None)


async def _topics(db: Database, title: str) -> list[str]:
    rows = await db.fetch(
        """SELECT c.title AS forum, c.lacks, c.lost_at, t.number, t.state,
                  num_nonnulls(t.car_id, t.client_id, t.task_id) = 0 AS nobodys, t.told_seq,
                  e.state AS told_effect, e.cause AS told_cause, d.state AS timer, d.due_at,
                  (SELECT max(v.seq) FROM event v WHERE v.kind = 'message.employee'
                      AND v.payload->>'chat_id' = c.marked_id::text
                      AND v.payload->>'topic' = t.number::text) AS last_message,
                  (SELECT string_agg(x.kind || ' ' || x.state || coalesce(': ' || x.cause, ''),
                                     '; ' ORDER BY x.seq)
                     FROM (SELECT * FROM effect WHERE args->>'topic_row' = t.id::text
                            ORDER BY seq DESC LIMIT 5) x) AS last_effects
             FROM topic t JOIN chat c ON c.id = t.chat_id
             LEFT JOIN effect e ON e.id = t.told_effect_id
             LEFT JOIN LATERAL (SELECT state, due_at FROM timer
                                 WHERE kind = 'topic.due' AND subject = t.id::text
                                 ORDER BY due_at DESC LIMIT 1) d ON true
            WHERE t.title = $1 ORDER BY t.created_at""",
        title,
    )
    return [_line(r) for r in rows] or ["no topic of this title is registered"]


async def _taken(db: Database, digests: list[str]) -> dict[str, int]:
    rows = await db.fetch(
        """SELECT body_digest, count(*) AS n FROM event WHERE body_digest = ANY($1)
            AND duplicate_of_event_id IS NULL
            GROUP BY body_digest""",
        digests,
    )
    return {row["body_digest"]: row["n"] for row in rows}


async def _mileage(db: Database) -> dict[str, int]:
    rows = await db.fetch(
        """SELECT r.external_key, c.mileage_km FROM car c JOIN external_ref r ON r.subject_id = c.id
            WHERE r.system = 'rentprog' AND r.kind = 'car'"""
    )
    return {row["external_key"]: row["mileage_km"] for row in rows}
