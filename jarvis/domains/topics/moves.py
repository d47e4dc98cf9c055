"""Progress reports for moves of many cars to one branch, whose topics Telegram's limits delay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

from jarvis.domains.chats.models import Forum
from jarvis.domains.chats.service import ChatService
from jarvis.domains.staff.service import StaffService
from jarvis.domains.topics.settings import TopicsSettings
from jarvis.engine.db import Tx
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.timing import Timers
from jarvis.engine.worker import Handling
from jarvis.kit.clock import Clock
from jarvis.kit.roles import HEADS
from jarvis.messaging import outbox
from jarvis.messaging.catalogue import say
from jarvis.messaging.markup import Markup

PROGRESS = "moves.progress"
MANY = 5  # cars at once; the topics of fewer are ready before anybody asks
# moves are handled in parallel: the first one handled is not the first one received
BURST = timedelta(minutes=1)


class MoveProgress:
    """Sends one message to each head for a burst of moves, and edits it every `look_s` seconds
    until all topics are ready."""

    feature: ClassVar[str] = "moves"

    def __init__(
        self, clock: Clock, staff: StaffService, chats: ChatService, settings: TopicsSettings
    ) -> None:
        self._clock = clock
        self._staff = staff
        self._chats = chats
        self._timers = Timers()
        self._look_s = settings.moves_look_s

    @subscriber("car.moved")
    async def begun(self, handling: Handling) -> None:
        """Start progress checks at the first move of a burst."""
        async with handling.transaction() as tx:
            forum = await self._chats.forum_of(tx, handling.event.payload["to"])
            if (
                forum is not None
                and not forum.lost
                and not await self._timers.armed(tx, kind=PROGRESS, subject=str(forum.marked_id))
            ):
                await self._again(
                    tx,
                    forum,
                    {"since": (handling.event.received_at - BURST).isoformat(), "shown": {}},
                )

    @subscriber(PROGRESS, lane=DeliveryLane.BULK)
    async def look(self, handling: Handling) -> None:
        """Count the topics that are ready, report it, and check again while some are missing."""
        p = handling.event.payload
        async with handling.transaction() as tx:
            forum = await self._chats.forum(tx, int(p["subject"]))
            if forum is None or forum.lost or forum.branch is None:
                return
            moved, ready = await self._counted(tx, forum, datetime.fromisoformat(p["since"]))
            shown = dict(p["shown"])
            if moved >= MANY and (shown or ready < moved):
                heads = await self._staff.approvers(HEADS, frozenset({forum.branch}))
                word = "moves.progress" if ready < moved else "moves.done"
                # the nearest heads only
                for actor, chat_id in (h for h in heads if h[0].role is heads[0][0].role):
                    text = say(word, actor.language, chat=forum.title, k=ready, n=moved)
                    shown[str(chat_id)] = await self._update_message(
                        tx, handling, chat_id, text, shown.get(str(chat_id))
                    )
            if ready < moved:
                await self._again(tx, forum, {"since": p["since"], "shown": shown})

    async def _update_message(
        self,
        tx: Tx,
        handling: Handling,
        chat_id: int,
        text: Markup,
        before: Mapping[str, str] | None,
    ) -> Mapping[str, str]:
        """Send or edit the message; return its effect and its text."""
        key = handling.key(f"progress:{chat_id}")
        if before is None:
            return {
                "of": str(await outbox.send(tx, handling.origin, chat_id, text, key=key)),
                "text": text,
            }
        if before["text"] != text:
            await outbox.edit(tx, handling.origin, chat_id, text, of=UUID(before["of"]), key=key)
        return {"of": before["of"], "text": text}

    async def _again(self, tx: Tx, forum: Forum, payload: Mapping[str, Any]) -> None:
        due = self._clock.now() + timedelta(seconds=self._look_s)
        await self._timers.arm(
            tx, kind=PROGRESS, subject=str(forum.marked_id), due_at=due, payload=payload
        )

    async def _counted(self, tx: Tx, forum: Forum, since: datetime) -> tuple[int, int]:
        """Return how many cars moved to the branch since then and are still there, and how many
        of them have an open topic with its opening post."""
        row = await tx.fetchrow(
            """WITH came AS (SELECT DISTINCT c.id FROM event e JOIN car c
                ON c.id = (e.payload->>'car_id')::uuid
                               JOIN branch b ON b.id = c.branch_id
                              WHERE e.kind = 'car.moved' AND e.received_at >= $1
                                AND e.payload->>'to' = $2
                                AND b.code = $2 AND c.active)
               SELECT count(*) AS moved, count(t.id) AS ready FROM came
                 LEFT JOIN topic t ON t.car_id = came.id AND t.chat_id = $3 AND t.state = 'open'
                  AND EXISTS (SELECT FROM effect f WHERE f.id = t.opening_effect_id
                    AND f.state = 'done')""",
            since,
            forum.branch,
            forum.id,
        )
        assert row is not None
        return row["moved"], row["ready"]
