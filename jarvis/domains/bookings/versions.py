"""Current values of the fields of bookings and cars that cards show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from jarvis.engine.db import Reader


def json_of(value: Any) -> JsonValue:
    """Convert a column's value to JSON."""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


async def versions(
    reader: Reader, kind: str, subject_id: UUID, fields: Sequence[str]
) -> Mapping[str, JsonValue]:
    """Current values of fields of a booking or a car, as JSON."""
    if kind == "booking":
        row = await reader.fetchrow(
            """SELECT b.start_at, b.end_at, b.car_id, b.place_start, b.place_end,
                b.total_minor AS total, b.status,
                      b.description, b.deleted_at FROM booking b WHERE b.id = $1""",
            subject_id,
        )
    else:
        row = await reader.fetchrow(
            """SELECT br.code AS branch, c.state, c.deleted_at, (
                 SELECT count(*) FROM booking k WHERE k.car_id = c.id
                   AND k.status IN ('planned', 'in_rent')
                    AND k.deleted_at IS NULL) AS bookings
                 FROM car c LEFT JOIN branch br ON br.id = c.branch_id WHERE c.id = $1""",
            subject_id,
        )
    if row is None or row["deleted_at"] is not None:
        return {}
    return {name: json_of(row[name]) for name in fields}
