"""What is filled in of forms and check-lists, item by item, by whom; what is missing is as much on
record as what is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, cast
from uuid import UUID

from jarvis.domains.forms import templates
from jarvis.domains.forms.templates import Item, Template
from jarvis.engine.db import Reader, Row, Tx
from jarvis.kit.actor import Actor
from jarvis.kit.clock import Clock

ItemState = Literal["missing", "received", "rejected", "waived"]
Expects = Literal["answer", "waive"]
# what is written later than this after the last touch is no answer to a form
LIVE_FOR = timedelta(minutes=30)
FORM_PHOTOS = frozenset({"photo", "image", "video"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A file of an item. `view` is the picture that it shows, from 1; None: one more. `arrived`: it
    is stored."""

    media_item_id: UUID
    view: int | None
    arrived: bool
    clean_key: str | None
    storage_key: str | None
    mime: str | None
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """An item as it stands. `reason`: why it was rejected or waived, or why that is asked; `.code`
    for one of our own."""

    item: Item
    state: ItemState
    choice: str | None
    number: Decimal | None
    day: date | None
    words: str | None
    reason: str | None
    by: str | None
    asked_by: UUID | None
    photos: tuple[Photo, ...]

    @property
    def settled(self) -> bool:
        return self.state in ("received", "waived")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form with the points that count now, in their order. `shown` is the effect that wrote its
    message."""

    id: UUID
    template: Template
    state: Literal["open", "done", "cancelled"]
    car_id: UUID | None
    booking_id: UUID | None
    branch: str | None
    responsible_id: UUID
    holder_id: UUID
    holder: str
    finished_by: str | None
    focus: str | None
    expects: Expects
    deadline: datetime | None
    started_at: datetime
    finished_at: datetime | None
    shown: UUID | None
    points: tuple[Point, ...]

    def point(self, key: str | None) -> Point | None:
        """A point that counts now."""
        return next((p for p in self.points if p.item.key == key), None)

    @property
    def next(self) -> Point | None:
        """What is to be filled in now: what was chosen, else the first open point; None when
        nothing is open."""
        chosen = self.point(self.focus)
        if chosen is not None:
            return chosen
        open_ = [p for p in self.points if not p.settled]
        unasked = [p for p in open_ if p.asked_by is None]
        return next(iter(unasked or open_), None)

    @property
    def gaps(self) -> list[Point]:
        """Mandatory points that are not settled."""
        return [p for p in self.points if p.item.mandatory and not p.settled]

    @property
    def arriving(self) -> int:
        """Files that are on their way into the storage."""
        return sum(not photo.arrived for p in self.points for photo in p.photos)


class FormService:
    """Reads and writes forms, always in the caller's transaction."""

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
        """Begin a form, or return the open one of this booking or car; who begins it does not yet
        hold another's."""
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
        await self._lay_down(tx, by)
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
        """A form; `lock` keeps others from it until the transaction ends."""
        if lock:
            await reader.fetchrow("SELECT 1 FROM form WHERE id = $1 FOR UPDATE", form_id)
        row = await reader.fetchrow(f"{_FORMS} WHERE f.id = $1", form_id)
        return None if row is None else await self._form(reader, row)

    async def open_of(self, reader: Reader, actor: Actor, limit: int) -> list[Form]:
        """Open check-lists of the person's branches and their own forms, those that are due
        first."""
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
        """Check-lists that are open or were closed since then: of a booking, of a car, or of these
        branches (empty: of all); open ones first."""
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
        """What is being filled in about a car, in the order in which it was begun."""
        rows = await reader.fetch(
            f"{_FORMS} WHERE f.car_id = $1 AND f.state = 'open' ORDER BY f.started_at", car_id
        )
        return [await self._form(reader, row) for row in rows]

    async def live_of(self, reader: Reader, employee_id: UUID) -> Form | None:
        """The form that the person is filling in at the moment."""
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
            shown=row["shown_effect_id"],
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

    async def hold(self, tx: Tx, form_id: UUID, employee_id: UUID) -> None:
        """The person fills it in from now on; what they filled in before is laid down."""
        await self._lay_down(tx, employee_id, but=form_id)
        await tx.execute(
            """UPDATE form SET holder_employee_id = $2, live = true, touched_at = $3, focus = NULL,
                expects = 'answer'
                WHERE id = $1 AND state = 'open'""",
            form_id,
            employee_id,
            self._clock.now(),
        )

    async def _lay_down(self, tx: Tx, employee_id: UUID, *, but: UUID | None = None) -> None:
        await tx.execute(
            "UPDATE form SET live = false WHERE holder_employee_id = $1 AND live AND id IS "
            "DISTINCT FROM $2",
            employee_id,
            but,
        )

    async def focus(
        self, tx: Tx, form_id: UUID, key: str | None, expects: Expects = "answer"
    ) -> None:
        """What is to be filled in next, and what the next words mean; it is the form that the
        person works on."""
        holder = await tx.fetchval("SELECT holder_employee_id FROM form WHERE id = $1", form_id)
        await self._lay_down(tx, holder, but=form_id)
        await tx.execute(
            "UPDATE form SET focus = $2, expects = $3, live = true, touched_at = $4 WHERE id = $1",
            form_id,
            key,
            expects,
            self._clock.now(),
        )

    async def answer(
        self,
        tx: Tx,
        form_id: UUID,
        key: str,
        by: UUID,
        *,
        choice: str | None = None,
        number: Decimal | None = None,
        day: date | None = None,
        words: str | None = None,
    ) -> bool:
        """The point has this value; false when it had it before."""
        changed = await tx.fetchval(
            """UPDATE form_item SET state = 'received', choice = $4, hundredths = $5, day = $6,
                words = $7, reason = NULL,
                      by_employee_id = $3, asked_by_employee_id = NULL, at = $8
                WHERE form_id = $1 AND key = $2 AND (state, choice, hundredths, day, words)
                      IS DISTINCT FROM ('received', $4::text, $5::bigint, $6::date, $7::text)
                        RETURNING true""",
            form_id,
            key,
            by,
            choice,
            None if number is None else round(number * 100),
            day,
            words,
            self._clock.now(),
        )
        await self.focus(tx, form_id, None)
        return bool(changed)

    async def set_state(
        self,
        tx: Tx,
        form_id: UUID,
        key: str,
        state: Literal["rejected", "waived"],
        reason: str,
        by: UUID | None,
    ) -> bool:
        """The point is rejected, or does not apply, for this reason; false when that stood
        before."""
        changed = await tx.fetchval(
            """UPDATE form_item SET state = $3, reason = $4, by_employee_id = coalesce($5,
                by_employee_id),
                      asked_by_employee_id = NULL, at = $6
                WHERE form_id = $1 AND key = $2 AND (state, reason) IS DISTINCT FROM ($3, $4)
                  RETURNING true""",
            form_id,
            key,
            state,
            reason,
            by,
            self._clock.now(),
        )
        await self.focus(tx, form_id, None)
        return bool(changed)

    async def asked(
        self, tx: Tx, form_id: UUID, key: str, reason: str | None, by: UUID | None
    ) -> None:
        """Somebody asks that the point be waived (None: was refused that)."""
        await tx.execute(
            """UPDATE form_item SET reason = $3, asked_by_employee_id = $4, state = 'missing'
                WHERE form_id = $1 AND key = $2 AND state IN ('missing', 'rejected')""",
            form_id,
            key,
            reason,
            by,
        )
        await self.focus(tx, form_id, None)

    async def again(self, tx: Tx, form_id: UUID, key: str) -> None:
        """The point is open again, whatever it had; its pictures are to be taken anew."""
        await tx.execute(
            """UPDATE form_item SET state = 'missing', choice = NULL, hundredths = NULL, day = NULL,
                words = NULL, reason = NULL,
                      asked_by_employee_id = NULL WHERE form_id = $1 AND key = $2""",
            form_id,
            key,
        )
        await tx.execute(
            """UPDATE form_photo SET dropped_at = $3 FROM form_item i
                WHERE i.id = item_id AND i.form_id = $1 AND i.key = $2 AND dropped_at IS NULL""",
            form_id,
            key,
            self._clock.now(),
        )
        await self.focus(tx, form_id, key)

    # photos

    async def wants_photo(self, reader: Reader, form: Form, album: str | None) -> Point | None:
        """The point for which a picture that comes now is meant: that of its album, what is asked,
        else the first that lacks one."""
        points = [p for p in form.points if p.item.kind == "photo"]
        if album is not None:
            key = await reader.fetchval(
                "SELECT i.key FROM form_photo p JOIN form_item i ON i.id = p.item_id WHERE "
                "i.form_id = $1 AND p.album = $2 LIMIT 1",
                form.id,
                album,
            )
            if key is not None:
                return form.point(key)
        asked = form.next
        if asked is not None and asked.item.kind == "photo":
            return asked
        return next((p for p in points if not p.settled), points[-1] if points else None)

    async def add_photo(
        self,
        tx: Tx,
        form: Form,
        key: str,
        media_item_id: UUID,
        *,
        album: str | None,
        caption: str,
        by: UUID,
    ) -> None:
        """A picture for a point: of the view that its caption names, else of the first that is
        missing."""
        point = form.point(key)
        assert point is not None
        taken = {p.view for p in point.photos if p.view is not None}
        free = [n for n in range(1, point.item.wanted + 1) if n not in taken]
        named = _named(point.item, caption)
        view = named if named in free else next(iter(free), None)
        await tx.execute(
            """INSERT INTO form_photo (item_id, media_item_id, ordinal, album, added_at)
               SELECT id, $3, $4, $5, $6 FROM form_item WHERE form_id = $1 AND key = $2
                 ON CONFLICT (media_item_id) DO NOTHING""",
            form.id,
            key,
            media_item_id,
            view,
            album,
            self._clock.now(),
        )
        await self._count(tx, form.id, key, point.item.wanted, by)

    async def _count(self, tx: Tx, form_id: UUID, key: str, wanted: int, by: UUID) -> None:
        """A photo point is received when each of its views is there."""
        there = await tx.fetchval(
            """SELECT count(*) FROM form_photo p JOIN form_item i ON i.id = p.item_id
                WHERE i.form_id = $1 AND i.key = $2 AND p.dropped_at IS NULL
                  AND p.ordinal IS NOT NULL""",
            form_id,
            key,
        )
        if there >= wanted:
            await self.answer(tx, form_id, key, by)
        else:
            await tx.execute(
                "UPDATE form_item SET state = 'missing', reason = NULL WHERE form_id = $1 AND key "
                "= $2 AND state = 'rejected'",
                form_id,
                key,
            )
            await self.focus(tx, form_id, None)

    async def photo_refused(self, tx: Tx, media_item_id: UUID, reason: str) -> UUID | None:
        """A file turned out to be none that we take: its view is open again, with the reason;
        returns the form."""
        row = await tx.fetchrow(
            """UPDATE form_photo p SET dropped_at = $2 FROM form_item i WHERE p.media_item_id = $1
                AND i.id = p.item_id
                  AND p.dropped_at IS NULL RETURNING i.form_id, i.key""",
            media_item_id,
            self._clock.now(),
        )
        form = await self.get(tx, row["form_id"]) if row is not None else None
        if row is None or form is None:
            return None
        point = form.point(row["key"])
        if (
            point is not None
            and len({p.view for p in point.photos if p.view is not None}) < point.item.wanted
        ):
            await tx.execute(
                "UPDATE form_item SET state = 'rejected', reason = $3 WHERE form_id = $1 AND key = "
                "$2",
                form.id,
                row["key"],
                f".{reason}",
            )
        return form.id

    async def shown(self, tx: Tx, form_id: UUID, effect_id: UUID) -> None:
        """The effect that wrote the form's message."""
        await tx.execute("UPDATE form SET shown_effect_id = $2 WHERE id = $1", form_id, effect_id)

    async def close(
        self, tx: Tx, form_id: UUID, state: Literal["done", "cancelled"], by: UUID
    ) -> bool:
        """Nothing more is filled in; false when that was so before."""
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
        """A closed form is open again, unless its booking or car has another one by now."""
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

    async def sets(self, reader: Reader, form_id: UUID) -> Sequence[UUID]:
        """Sets of files that were sent for it and are not filed yet."""
        rows = await reader.fetch(
            "SELECT id FROM media_set WHERE form_id = $1 AND state = 'open' ORDER BY started_at",
            form_id,
        )
        return [row["id"] for row in rows]


def _named(item: Item, caption: str) -> int | None:
    """The view that a caption names, in any language."""
    said = caption.strip().casefold()
    return next(
        (
            n
            for n, view in enumerate(item.views, 1)
            if said in (w.casefold() for w in view.values())
        ),
        None,
    )


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
