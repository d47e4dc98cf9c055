"""Forms and check-lists in the database: started, read, handed over, closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, cast
from uuid import UUID

from jarvis.domains.forms import templates
from jarvis.domains.forms.models import Expects, Form, ItemState, Photo, Point
from jarvis.domains.forms.templates import Template
from jarvis.engine.db import Reader, Row, Tx
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock

# a message that comes later than this after the last activity is no answer to the form
LIVE_FOR = timedelta(minutes=30)


class FormService:
    """Reads forms with their points, and writes who fills them in and whether they are open, in
    the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def start(
        self,
        tx: Tx,
        template: Template,
        by: UUID,
        *,
        responsible: UUID | None = None,
        car_id: UUID | None = None,
        booking_id: UUID | None = None,
        branch: str | None = None,
        deadline: datetime | None = None,
    ) -> UUID:
        """Start a form, or return the open one of this booking or car, whoever holds it."""
        now = self._clock.now()
        await tx.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 3))",
            f"{template.key}:{booking_id or car_id or by}",
        )
        known = await tx.fetchval(
            """SELECT id FROM form WHERE template = $1 AND state = 'open'
                AND CASE WHEN $3::uuid IS NOT NULL THEN booking_id = $3
                         WHEN $2::uuid IS NOT NULL THEN car_id = $2 AND booking_id IS NULL
                           ELSE false END""",
            template.key,
            car_id,
            booking_id,
        )
        if known is not None:
            return known
        await self._deactivate_others(tx, by)
        form_id: UUID = await tx.fetchval(
            """INSERT INTO form (template, version, car_id, booking_id, branch_id,
                responsible_employee_id, holder_employee_id,
                                 deadline_at, started_at, touched_at)
               VALUES ($1, $2, $3, $4, (SELECT id FROM branch WHERE code = $5), $6, $7, $8, $9, $9)
                 RETURNING id""",
            template.key,
            template.version,
            car_id,
            booking_id,
            branch,
            responsible or by,
            by,
            deadline,
            now,
        )
        for number, item in enumerate(template.items):
            await tx.execute(
                "INSERT INTO form_item (form_id, key, ordinal) VALUES ($1, $2, $3)",
                form_id,
                item.key,
                number,
            )
        return form_id

    async def get(self, reader: Reader, form_id: UUID, *, lock: bool = False) -> Form | None:
        """Return a form or None; `lock` locks it until the transaction ends."""
        if lock:
            await reader.fetchrow("SELECT 1 FROM form WHERE id = $1 FOR UPDATE", form_id)
        row = await reader.fetchrow(f"{_FORMS} WHERE f.id = $1", form_id)
        return None if row is None else await self._form(reader, row)

    async def open_of(self, reader: Reader, actor: Actor, limit: int) -> list[Form]:
        """Return the open check-lists of the employee's branches and their own forms; their own
        first, then by deadline."""
        rows = await reader.fetch(
            f"""{_FORMS} WHERE f.state = 'open' AND (f.holder_employee_id = $1
                   OR (f.car_id IS NOT NULL AND (cardinality($2::text[]) = 0 OR b.code = ANY($2))))
                ORDER BY f.holder_employee_id = $1 DESC, f.deadline_at NULLS LAST, f.started_at
                LIMIT $3""",
            actor.employee_id,
            sorted(actor.branches),
            limit,
        )
        return [await self._form(reader, row) for row in rows]

    async def recent(
        self,
        reader: Reader,
        *,
        since: datetime,
        branches: frozenset[str],
        limit: int,
        booking_id: UUID | None = None,
        car_id: UUID | None = None,
    ) -> list[Form]:
        """Return check-lists that are open or were finished since then, open ones first: of a
        booking, of a car, or of these branches (of all if empty)."""
        rows = await reader.fetch(
            f"""{_FORMS} WHERE f.car_id IS NOT NULL
                   AND (f.state = 'open' OR (f.state = 'done' AND f.finished_at >= $1))
                   AND ($2::uuid IS NULL OR f.booking_id = $2)
                   AND ($3::uuid IS NULL OR f.car_id = $3)
                   AND (cardinality($4::text[]) = 0 OR b.code = ANY($4))
                ORDER BY f.state = 'done', f.deadline_at NULLS LAST, f.started_at LIMIT $5""",
            since,
            booking_id,
            car_id,
            sorted(branches),
            limit,
        )
        return [await self._form(reader, row) for row in rows]

    async def open_on(self, reader: Reader, car_id: UUID) -> list[Form]:
        """Return the open forms about a car, oldest first."""
        rows = await reader.fetch(
            f"{_FORMS} WHERE f.car_id = $1 AND f.state = 'open' ORDER BY f.started_at", car_id
        )
        return [await self._form(reader, row) for row in rows]

    async def live_of(self, reader: Reader, employee_id: UUID) -> Form | None:
        """Return the form that the employee is filling in now: the one touched last, within
        `LIVE_FOR`."""
        row = await reader.fetchrow(
            f"{_FORMS} WHERE f.holder_employee_id = $1 AND f.live AND f.state = 'open' AND "
            f"f.touched_at > $2",
            employee_id,
            self._clock.now() - LIVE_FOR,
        )
        return None if row is None else await self._form(reader, row)

    async def _form(self, reader: Reader, row: Row) -> Form:
        template = templates.template(row["template"], row["version"])
        points = await self._points(reader, row["id"], template)
        return Form(
            id=row["id"],
            template=template,
            state=row["state"],
            car_id=row["car_id"],
            booking_id=row["booking_id"],
            branch=row["branch"],
            responsible_id=row["responsible_employee_id"],
            holder_id=row["holder_employee_id"],
            holder=row["holder"],
            finished_by=row["finished_by"],
            focus=row["focus"],
            expects=row["expects"],
            deadline=row["deadline_at"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            message_effect_id=row["shown_effect_id"],
            points=points,
        )

    async def _points(self, reader: Reader, form_id: UUID, template: Template) -> tuple[Point, ...]:
        photos: dict[UUID, list[Photo]] = {}
        for row in await reader.fetch(
            f"{_PHOTOS} WHERE i.form_id = $1 AND p.dropped_at IS NULL ORDER BY p.ordinal NULLS "
            f"LAST, p.added_at",
            form_id,
        ):
            photos.setdefault(row["item_id"], []).append(_photo(row))
        rows = await reader.fetch(
            """SELECT i.*, e.name AS by FROM form_item i LEFT JOIN employee e
                ON e.id = i.by_employee_id
                WHERE form_id = $1 ORDER BY ordinal""",
            form_id,
        )
        points: dict[str, Point] = {}
        for row in rows:
            item = template.item(row["key"])
            asked = points.get(item.when.item) if item.when is not None else None
            if item.when is not None and (
                asked is None or asked.state != "received" or asked.choice not in item.when.among
            ):
                continue
            points[item.key] = Point(
                item=item,
                state=cast("ItemState", row["state"]),
                choice=row["choice"],
                number=_number(row["hundredths"]),
                day=row["day"],
                words=row["words"],
                reason=row["reason"],
                by=row["by"],
                asked_by=row["asked_by_employee_id"],
                photos=tuple(photos.get(row["id"], ())),
            )
        return tuple(points.values())

    async def assign(self, tx: Tx, form_id: UUID, employee_id: UUID) -> None:
        """Assign the form to the employee and make it their active one."""
        await self._deactivate_others(tx, employee_id, but=form_id)
        await tx.execute(
            """UPDATE form SET holder_employee_id = $2, live = true, touched_at = $3, focus = NULL,
                expects = 'answer'
                WHERE id = $1 AND state = 'open'""",
            form_id,
            employee_id,
            self._clock.now(),
        )

    async def _deactivate_others(
        self, tx: Tx, employee_id: UUID, *, but: UUID | None = None
    ) -> None:
        await tx.execute(
            "UPDATE form SET live = false WHERE holder_employee_id = $1 AND live AND id IS "
            "DISTINCT FROM $2",
            employee_id,
            but,
        )

    async def focus(
        self, tx: Tx, form_id: UUID, key: str | None, expects: Expects = "answer"
    ) -> None:
        """Set the point that is asked next and how the next message is understood; this makes
        the form its holder's active one."""
        holder = await tx.fetchval("SELECT holder_employee_id FROM form WHERE id = $1", form_id)
        await self._deactivate_others(tx, holder, but=form_id)
        await tx.execute(
            "UPDATE form SET focus = $2, expects = $3, live = true, touched_at = $4 WHERE id = $1",
            form_id,
            key,
            expects,
            self._clock.now(),
        )

    async def set_message(self, tx: Tx, form_id: UUID, effect_id: UUID) -> None:
        """Record the effect that sent the form's message."""
        await tx.execute("UPDATE form SET shown_effect_id = $2 WHERE id = $1", form_id, effect_id)

    async def close(
        self, tx: Tx, form_id: UUID, state: Literal["done", "cancelled"], by: UUID
    ) -> bool:
        """Finish or cancel a form; return False if it was not open."""
        return bool(
            await tx.fetchval(
                """UPDATE form SET state = $2, finished_at = $3, finished_by_employee_id = $4,
                    focus = NULL, expects = 'answer',
                          live = false
                    WHERE id = $1 AND state = 'open' RETURNING true""",
                form_id,
                state,
                self._clock.now(),
                by,
            )
        )

    async def reopen(self, tx: Tx, form_id: UUID) -> bool:
        """Reopen a finished form; return False if its booking or car has another open one."""
        return bool(
            await tx.fetchval(
                """UPDATE form f SET state = 'open', finished_at = NULL,
                    finished_by_employee_id = NULL, touched_at = $2
                    WHERE id = $1 AND state = 'done' AND NOT EXISTS (
                      SELECT 1 FROM form o WHERE o.template = f.template AND o.state = 'open'
                        AND f.car_id IS NOT NULL
                         AND o.booking_id IS NOT DISTINCT FROM f.booking_id
                           AND o.car_id IS NOT DISTINCT FROM f.car_id)
                   RETURNING true""",
                form_id,
                self._clock.now(),
            )
        )

    async def unfiled_sets(self, reader: Reader, form_id: UUID) -> Sequence[UUID]:
        """Return the sets of files that were sent for the form and are not filed yet."""
        rows = await reader.fetch(
            "SELECT id FROM media_set WHERE form_id = $1 AND state = 'open' ORDER BY started_at",
            form_id,
        )
        return [row["id"] for row in rows]


def _number(hundredths: int | None) -> Decimal | None:
    return None if hundredths is None else Decimal(hundredths) / 100


def _photo(row: Row) -> Photo:
    return Photo(
        media_item_id=row["media_item_id"],
        view=row["ordinal"],
        arrived=row["state"] in ("stored", "removed"),
        clean_key=row["clean_key"],
        storage_key=row["storage_key"],
        mime=row["content_type"],
        digest=row["sha256"],
    )


_FORMS = """SELECT f.*, b.code AS branch, h.name AS holder, d.name AS finished_by FROM form f LEFT
             JOIN branch b ON b.id = f.branch_id
             JOIN employee h ON h.id = f.holder_employee_id LEFT JOIN employee d
               ON d.id = f.finished_by_employee_id"""
_PHOTOS = """SELECT p.*, m.state, d.clean_key, d.storage_key, d.content_type, d.sha256
               FROM form_photo p JOIN form_item i ON i.id = p.item_id
               JOIN media_item m ON m.id = p.media_item_id LEFT JOIN media d ON d.id = m.media_id"""
