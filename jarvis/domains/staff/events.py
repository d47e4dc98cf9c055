"""Events of the staff list."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from jarvis.engine import journal
from jarvis.engine.db import Tx
from jarvis.kit.ids import new_id

CHANGED = "staff.changed"


async def publish_change(tx: Tx, employee_id: UUID, withdrawn: Sequence[UUID] = ()) -> None:
    """Publish that an employee's role, branch or binding changed, in the transaction of the change.

    Args:
        tx: The transaction of the change.
        employee_id: Who changed.
        withdrawn: Their approval requests that became void by the change.
    """
    await journal.publish(
        tx,
        kind=CHANGED,
        dedup_key=f"{CHANGED}:{new_id()}",
        trace_id=new_id().hex,
        parent_id=None,
        ordering_key=f"employee:{employee_id}",
        payload={"employee_id": str(employee_id), "withdrawn": [str(n) for n in withdrawn]},
    )
