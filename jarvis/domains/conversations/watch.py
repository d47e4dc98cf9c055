"""Tells people who wait for an answer that it takes longer, or that their request failed.

Runs in the bot process, so that it works when the workers do not. Several processes may run it:
idempotency keys make their messages one. While the database is unreachable it retries every second,
and then sends all that is due.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from datetime import timedelta
from uuid import UUID

from jarvis.app.role import language_said
from jarvis.domains.conversations.settings import RequestSettings
from jarvis.domains.conversations.trail import STATUS
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import DATABASE_AWAY, Database, Row, Tx
from jarvis.engine.effects import Lane, Origin
from jarvis.engine.journal import trace_code
from jarvis.engine.loop import not_cancelled
from jarvis.engine.subscriptions import DeliveryLane
from jarvis.kit.actor import Language
from jarvis.messaging import outbox
from jarvis.messaging.catalogue import say

_log = logging.getLogger(__name__)
LOOK_S = 1.0
# older failures are not reported, such as those before a long outage
ENDS_WITHIN = timedelta(days=1)
PORTION = 100

# Messages, callbacks and requests of people that are unfinished and got no response yet: the oldest
# of each ordering key only, since one notice is enough for those behind it. A request is covered by
# the notice about its message, which the answer replaces; nothing would replace a second one.
_SLOW = """
SELECT e.*, d.subscriber FROM (
  SELECT DISTINCT ON (subscriber, ordering_key) subscriber, event_id FROM delivery WHERE lane = $1
    AND state IN ('pending', 'claimed')
   ORDER BY subscriber, ordering_key, event_seq) d
  JOIN event e ON e.id = d.event_id
 WHERE e.received_at < now() - make_interval(secs => $2) AND NOT e.dry
   AND (e.kind IN ('callback.button', 'request.asked')
        OR (e.kind = 'message.employee' AND ((e.payload->>'private')::boolean
          OR (e.payload->>'mentioned')::boolean)))
   AND NOT EXISTS (SELECT FROM effect f WHERE f.event_id = e.id AND f.system = 'telegram')
   AND NOT EXISTS (SELECT FROM effect f WHERE f.idempotency_key = e.payload->>'notice')
 LIMIT $3
"""

# Failed deliveries in the lane of people that nobody was told of.
_DEAD = """
SELECT d.id FROM delivery d JOIN event e ON e.id = d.event_id
 WHERE d.state IN ('dead', 'parked') AND d.finished_at > now() - $2::interval AND d.lane = $1
   AND NOT e.dry
   AND e.sender LIKE 'telegram:%'
   AND EXISTS (SELECT FROM employee_identity i WHERE i.system = 'telegram'
     AND i.external_key = substr(e.sender, 10))
   AND NOT EXISTS (SELECT FROM effect f
     WHERE f.idempotency_key = d.event_id || ':' || d.subscriber || ':end')
 ORDER BY d.finished_at LIMIT $3
"""

# The message or callback of a person that the delivery follows from.
_ROOT = """
WITH RECURSIVE up AS (
  SELECT e.id, e.parent_event_id AS parent, 0 AS depth FROM event e JOIN delivery d
    ON d.event_id = e.id WHERE d.id = $1
  UNION ALL
  SELECT p.id, p.parent_event_id, u.depth + 1 FROM up u JOIN event p ON p.id = u.parent
    WHERE u.depth < 20)
SELECT d.subscriber, d.event_id, r.payload, r.kind, e.trace_id, e.dry
  FROM delivery d JOIN event e ON e.id = d.event_id, up u JOIN event r ON r.id = u.id
 WHERE d.id = $1 AND r.kind IN ('message.employee', 'callback.button') ORDER BY u.depth DESC LIMIT 1
"""


async def notify_failure(tx: Tx, staff: StaffService, delivery_id: UUID) -> bool:
    """Tell the person who waits for a failed delivery that it failed; return False when nobody
    waits."""
    row = await tx.fetchrow(_ROOT, delivery_id)
    if row is None:
        return False
    p = row["payload"]
    actor = await staff.actor_of_telegram(int(p["sender_id"]))
    if actor is None:
        return False
    origin = _origin(row, row["event_id"])
    addressed = row["kind"] == "callback.button" or p["private"] or p["mentioned"]
    chat_id = int(p["chat_id"] if addressed else p["sender_id"])
    text = say("failed.you", actor.language, code=trace_code(row["trace_id"]))
    status = await tx.fetchval(
        "SELECT id FROM effect WHERE idempotency_key = $1", origin.key(STATUS)
    )
    if status is not None:
        await outbox.edit(
            tx, origin, chat_id, text, of=status, key=origin.key("end"), lane=Lane.URGENT
        )
    else:
        reply_to = int(p["message_id"]) if chat_id < 0 else None
        await outbox.send(
            tx, origin, chat_id, text, key=origin.key("end"), lane=Lane.URGENT, reply_to=reply_to
        )
    return True


class Watch:
    """Finds deliveries that people wait for and notifies them."""

    def __init__(self, db: Database, staff: StaffService, settings: RequestSettings) -> None:
        self._db = db
        self._staff = staff
        self._notify_after_s = settings.word_after_s

    async def run(self) -> None:
        """Check every second until cancelled."""
        while not_cancelled():
            try:
                await self.look()
            except DATABASE_AWAY as error:
                _log.warning("notices wait for the database: %s", type(error).__name__)
            await asyncio.sleep(LOOK_S)

    async def look(self) -> int:
        """Send the notices that are due; return for how many deliveries."""
        people = int(DeliveryLane.PEOPLE)
        slow = await self._db.fetch(_SLOW, people, self._notify_after_s, PORTION)
        for row in slow:
            await self._isolated(self._notify_slow(row))
        dead = await self._db.fetch(_DEAD, people, ENDS_WITHIN, PORTION)
        for row in dead:
            await self._isolated(self._notify_failure(row["id"]))
        return len(slow) + len(dead)

    async def _isolated(self, notice: Awaitable[None]) -> None:
        """Await one notice; an error in it stops neither the others nor the bot process."""
        try:
            await notice
        except DATABASE_AWAY:
            raise
        # a boundary: a conflict of transactions, or an event without what a notice needs
        except Exception:
            _log.exception("a notice could not be sent; it is tried again")

    async def _notify_failure(self, delivery_id: UUID) -> None:
        async with self._db.transaction() as tx:
            await notify_failure(tx, self._staff, delivery_id)

    async def _notify_slow(self, row: Row) -> None:
        """Send the notice as the status message, which the answer replaces."""
        p = row["payload"]
        origin = _origin(row, row["id"])
        language = language_said(str(p.get("text", "")), await self._language(p))
        async with self._db.transaction() as tx:
            if not await _waits(tx, row["id"], row["subscriber"]):
                return
            await outbox.send(
                tx,
                origin,
                int(p["chat_id"]),
                say("status.slow", language),
                key=origin.key(STATUS),
                lane=Lane.URGENT,
                reply_to=None if p["chat_id"] > 0 else int(p["message_id"]),
            )

    async def _language(self, payload: dict[str, object]) -> Language:
        """Return the language of the person who waits."""
        if payload.get("employee_id"):
            actor = await self._staff.actor(UUID(str(payload["employee_id"])))
        else:
            actor = await self._staff.actor_of_telegram(int(str(payload["sender_id"])))
        return actor.language if actor is not None else "ru"


async def _waits(tx: Tx, event_id: UUID, subscriber: str) -> bool:
    """Return whether the event has had no result yet, with its delivery locked.

    The lock makes whatever the handler sends come after the notice. A delivery that a handler holds
    is skipped until the next check.
    """
    held = await tx.fetchval(
        """SELECT true FROM delivery WHERE event_id = $1 AND subscriber = $2
            AND state IN ('pending', 'claimed')
              FOR UPDATE SKIP LOCKED""",
        event_id,
        subscriber,
    )
    return bool(held) and not await tx.fetchval(
        """SELECT EXISTS (SELECT FROM effect WHERE event_id = $1 AND system = 'telegram')
               OR EXISTS (SELECT FROM event WHERE parent_event_id = $1)""",
        event_id,
    )


def _origin(row: Row, event_id: UUID) -> Origin:
    return Origin(
        event_id=event_id, trace_id=row["trace_id"], dry=row["dry"], subscriber=row["subscriber"]
    )
