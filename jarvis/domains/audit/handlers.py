"""A checkpoint of the audit (its heads, signed, outside the database) is asked for every ten
minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from jarvis.engine import effects
from jarvis.engine.audit_checkpoints import EVERY_S
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.timing import Every
from jarvis.engine.worker import Handling
from jarvis.integrations.storage.kinds import CHECKPOINT

CHECK = "check.audit.seal"
CHECKS: Sequence[Every] = (Every(check=CHECK, seconds=EVERY_S, offset_s=30),)


class AuditCheckpoints:
    """Asks for checkpoints of the audit."""

    feature: ClassVar[str] = "audit"

    @subscriber(CHECK, lane=DeliveryLane.BULK)
    async def checkpoint(self, handling: Handling) -> None:
        """Ask for one checkpoint."""
        async with handling.transaction() as tx:
            await effects.request(
                tx,
                handling.origin,
                kind=CHECKPOINT,
                target="storage:audit",
                args={},
                ordering_key="storage:audit",
                key=handling.key("checkpoint"),
            )
