"""Subscriptions of service chats: which events, of which branch, at once or in a digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from jarvis.domains.chats.models import SERVICE, Purpose
from jarvis.engine.db import Reader, Tx
from jarvis.kit.clock import Clock
from jarvis.kit.errors import InvalidRequest
from jarvis.messaging.markup import Markup, written_before

EventClass = Literal[
    "booking_created",
    "booking_cancelled",
    "booking_issued",
    "booking_returned",
    "car_moved",
    "car_problem",
    "checklist_gaps",
]
Mode = Literal["instant", "digest", "off"]
CLASSES: tuple[EventClass, ...] = (
    "booking_created",
    "booking_cancelled",
    "booking_issued",
    "booking_returned",
    "car_moved",
    "car_problem",
    "checklist_gaps",
)
MODES: tuple[Mode, ...] = ("instant", "digest", "off")
# Subscriptions of a new service chat by its purpose, for every branch.
DEFAULTS: Mapping[Purpose, Mapping[EventClass, Mode]] = {
    "leaders": {
        "car_problem": "instant",
        "booking_cancelled": "instant",
        "checklist_gaps": "digest",
        "car_moved": "digest",
        "booking_created": "digest",
    },
    "sales": {
        "booking_created": "instant",
        "booking_cancelled": "instant",
        "booking_returned": "digest",
    },
    "marketing": {"booking_created": "digest", "booking_cancelled": "digest"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`branch` None: every branch that has no row of its own in this chat."""

    chat_id: UUID
    marked_id: int
    purpose: Purpose
    event_class: EventClass
    branch: str | None
    mode: Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that waits for a chat's digest."""

    id: UUID
    event_class: EventClass
    text: Markup


def route(
    rows: Sequence[Subscription], event_class: EventClass, branch: str | None
) -> list[Subscription]:
    """The chats that get an event, with their modes: a chat's row of the branch takes precedence
    over its row of every branch; an event without a branch matches only the latter."""
    fitting = [r for r in rows if r.event_class == event_class and r.branch in (branch, None)]
    own = {r.chat_id for r in fitting if r.branch is not None}
    return [
        r for r in fitting if r.mode != "off" and (r.branch is not None or r.chat_id not in own)
    ]


class Subscriptions:
    """Reads and writes subscriptions, always in the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def all(self, reader: Reader) -> list[Subscription]:
        """Every row of a service chat in use."""
        rows = await reader.fetch(
            """SELECT s.*, c.marked_id, c.purpose, b.code FROM subscription s JOIN chat c
                ON c.id = s.chat_id
                 LEFT JOIN branch b ON b.id = s.branch_id WHERE c.purpose = ANY($1)
                   AND c.lost_at IS NULL ORDER BY c.title""",
            list(SERVICE),
        )
        return [
            Subscription(
                chat_id=r["chat_id"],
                marked_id=r["marked_id"],
                purpose=r["purpose"],
                event_class=r["event_class"],
                branch=r["code"],
                mode=r["mode"],
            )
            for r in rows
        ]

    async def add_defaults(self, tx: Tx, chat_id: UUID, purpose: Purpose) -> None:
        """Add the default subscriptions of a purpose; rows that exist stay."""
        if await tx.fetchval("SELECT true FROM subscription WHERE chat_id = $1 LIMIT 1", chat_id):
            return
        for event_class, mode in DEFAULTS.get(purpose, {}).items():
            await self.set(tx, chat_id, event_class, None, mode, None)

    async def set(
        self,
        tx: Tx,
        chat_id: UUID,
        event_class: str,
        branch: str | None,
        mode: str,
        by: UUID | None,
    ) -> None:
        """Set the mode of a class of events in a chat, of one branch or of every one.

        Raises:
            InvalidRequest: no such class, mode or branch; the message lists those that are there.
        """
        if event_class not in CLASSES or mode not in MODES:
            raise InvalidRequest(f"classes: {', '.join(CLASSES)}; modes: {', '.join(MODES)}")
        branch_id = (
            None
            if branch is None
            else await tx.fetchval("SELECT id FROM branch WHERE code = $1", branch)
        )
        if branch is not None and branch_id is None:
            raise InvalidRequest(f"no branch {branch}")
        await tx.execute(
            """INSERT INTO subscription (chat_id, event_class, branch_id, mode, set_by_employee_id,
                set_at)
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (chat_id, event_class, branch_id)
               DO UPDATE SET mode = $4, set_by_employee_id = $5, set_at = $6""",
            chat_id,
            event_class,
            branch_id,
            mode,
            by,
            self._clock.now(),
        )

    async def note(
        self, tx: Tx, chat_id: UUID, event_class: EventClass, event_id: UUID, line: Markup
    ) -> None:
        """Add a line to the chat's digest, once per event."""
        await tx.execute(
            """INSERT INTO digest_line (chat_id, event_class, event_id, line, noted_at) VALUES ($1,
                $2, $3, $4, $5)
               ON CONFLICT DO NOTHING""",
            chat_id,
            event_class,
            event_id,
            line,
            self._clock.now(),
        )

    async def waiting(self, tx: Tx, chat_id: UUID) -> list[Line]:
        """The lines that wait for the chat's digest, in order; they stay locked until the
        transaction ends."""
        rows = await tx.fetch(
            "SELECT * FROM digest_line WHERE chat_id = $1 AND sent_effect_id IS NULL ORDER BY "
            "noted_at, line FOR UPDATE",
            chat_id,
        )
        return [
            Line(id=r["id"], event_class=r["event_class"], text=written_before(r["line"]))
            for r in rows
        ]

    async def sent(self, tx: Tx, lines: Sequence[Line], effect_id: UUID) -> None:
        """Mark these lines as sent by an effect."""
        await tx.execute(
            "UPDATE digest_line SET sent_effect_id = $2 WHERE id = ANY($1)",
            [line.id for line in lines],
            effect_id,
        )
