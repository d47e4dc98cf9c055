"""The audit's heads are signed and kept outside the database, every ten minutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from jarvis.engine import effects
from jarvis.engine.subscriptions import DeliveryLane, subscriber
from jarvis.engine.timing import Every
from jarvis.engine.worker import Handling
from jarvis.integrations.storage.kinds import SEAL

CHECK = "check.audit.seal"
CHECKS: Sequence[Every] = (Every(check=CHECK, seconds=600, offset_s=30),)


class Sealing:
    """Asks for seals."""

    feature: ClassVar[str] = "audit"

    @subscriber(CHECK, lane=DeliveryLane.BULK)
    async def seal(self, handling: Handling) -> None:
        """Ask for one seal."""
        async with handling.transaction() as tx:
            await effects.request(
                tx, handling.origin, kind=SEAL, target="storage:audit", args={}, ordering_key="storage:audit", key=handling.key("seal")
            )
