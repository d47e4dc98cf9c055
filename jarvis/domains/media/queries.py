"""The query of sets that several services share."""

from __future__ import annotations

from typing import cast

from jarvis.domains.media.models import MediaSet, Operation
from jarvis.engine.db import Row

SETS = """SELECT s.*, c.marked_id, t.title AS topic_title, e.name AS author,
                  (SELECT count(*) FROM media_item i WHERE i.set_id = s.id
                    AND i.filed_key IS NOT NULL) AS files
             FROM media_set s JOIN chat c ON c.id = s.chat_id
            LEFT JOIN topic t ON t.id = s.topic_id LEFT JOIN employee e ON e.id = s.employee_id"""


def media_set(row: Row | None) -> MediaSet | None:
    """Return the set in a row of `SETS`, or None."""
    if row is None:
        return None
    return MediaSet(
        id=row["id"],
        sender_id=row["sender"],
        employee_id=row["employee_id"],
        author=row["author"],
        chat_id=row["marked_id"],
        topic_title=row["topic_title"],
        car_id=row["car_id"],
        booking_id=row["booking_id"],
        operation=cast("Operation | None", row["operation"]),
        state=row["state"],
        asked=row["asked_effect_id"],
        form_id=row["form_id"],
        private=row["private"],
        started_at=row["started_at"],
        filed_at=row["filed_at"],
        files=row["files"],
    )
