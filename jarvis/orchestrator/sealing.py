"""The audit's heads are signed and kept outside the database, every ten minutes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jarvis.engine import effects
from jarvis.engine.timing import Every
from jarvis.engine.worker import Handler, Handling
from jarvis.integrations.storage.kinds import SEAL

CHECK = "check.audit.seal"
CHECKS: Sequence[Every] = (Every(check=CHECK, seconds=600, offset_s=30),)


async def seal(handling: Handling) -> None:
    """Ask for one seal."""
    async with handling.transaction() as tx:
        await effects.request(tx, handling.origin, kind=SEAL, target="storage:audit", args={}, ordering_key="storage:audit")


ROUTES: Mapping[str, Sequence[Handler]] = {CHECK: (seal,)}
