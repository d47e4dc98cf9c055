"""Assigns photos to the points of a form and to the views that a point requires."""

from __future__ import annotations

from uuid import UUID

from jarvis.domains.forms.models import Form, Point
from jarvis.domains.forms.points import FormPoints
from jarvis.domains.forms.service import FormService
from jarvis.domains.forms.templates import Item
from jarvis.engine.db import Reader, Tx
from jarvis.kit.clock import Clock


class FormPhotos:
    """Adds photos to points, in the caller's transaction."""

    def __init__(self, clock: Clock, forms: FormService, points: FormPoints) -> None:
        self._clock = clock
        self._forms = forms
        self._points = points

    async def point_for(self, reader: Reader, form: Form, album: str | None) -> Point | None:
        """Return the point that a new photo belongs to: that of its album, else the asked one,
        else the first that needs photos; None if the form takes none."""
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
        return next((p for p in points if not p.complete), points[-1] if points else None)

    async def add(
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
        """Add a photo as the view that its caption names, else as the first missing one."""
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
        """Complete the point when every required view is there."""
        there = await tx.fetchval(
            """SELECT count(*) FROM form_photo p JOIN form_item i ON i.id = p.item_id
                WHERE i.form_id = $1 AND i.key = $2 AND p.dropped_at IS NULL
                  AND p.ordinal IS NOT NULL""",
            form_id,
            key,
        )
        if there >= wanted:
            await self._points.answer(tx, form_id, key, by)
        else:
            await tx.execute(
                "UPDATE form_item SET state = 'missing', reason = NULL WHERE form_id = $1 AND key "
                "= $2 AND state = 'rejected'",
                form_id,
                key,
            )
            await self._forms.focus(tx, form_id, None)

    async def refuse(self, tx: Tx, media_item_id: UUID, reason: str) -> UUID | None:
        """Remove a file that was not accepted and reject its point with the reason; return the
        form, or None if the file belongs to none."""
        row = await tx.fetchrow(
            """UPDATE form_photo p SET dropped_at = $2 FROM form_item i WHERE p.media_item_id = $1
                AND i.id = p.item_id
                  AND p.dropped_at IS NULL RETURNING i.form_id, i.key""",
            media_item_id,
            self._clock.now(),
        )
        form = await self._forms.get(tx, row["form_id"]) if row is not None else None
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


def _named(item: Item, caption: str) -> int | None:
    """Return the number of the view that a caption names in any language, or None."""
    said = caption.strip().casefold()
    return next(
        (
            n
            for n, view in enumerate(item.views, 1)
            if said in (w.casefold() for w in view.values())
        ),
        None,
    )
