"""Requests an audit checkpoint (the signed heads of the chain, stored outside the database) every
ten minutes."""

from __future__ import annotations

from typing import ClassVar

from jarvis.domains.audit.checks import CHECKPOINT_DUE
from jarvis.engine import effects
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.worker import Handling
from jarvis.integrations.storage.kinds import CHECKPOINT


class AuditCheckpoints:
    """Requests audit checkpoints."""

    feature: ClassVar[str] = "audit"

    @subscriber(CHECKPOINT_DUE, lane=DeliveryLane.BULK)
    async def checkpoint(self, handling: Handling) -> None:
        """Request one checkpoint."""
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
