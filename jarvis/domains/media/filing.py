"""Puts a set of files to an operation: copies under the operation's keys, read back before they
count."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from jarvis.domains.media.service import MediaService, Operation
from jarvis.engine import effects
from jarvis.engine.db import Tx
from jarvis.engine.effects import Origin
from jarvis.integrations.storage.kinds import FILE

FILED = "media.filed"


async def file_set(
    tx: Tx,
    origin: Origin,
    media: MediaService,
    set_id: UUID,
    operation: str,
    car_id: UUID,
    booking_id: UUID | None,
    by: UUID,
    *,
    key: str,
) -> int:
    """Ask for the copies; returns how many files they are."""
    items = await media.filing(tx, set_id, cast(Operation, operation), car_id, booking_id, by)
    await effects.request(
        tx,
        origin,
        kind=FILE,
        target=f"storage:set:{set_id}",
        settled_kind=FILED,
        key=key,
        args={"set": str(set_id), "items": [{"from": i.key, "to": i.filed_key} for i in items]},
    )
    return len(items)
