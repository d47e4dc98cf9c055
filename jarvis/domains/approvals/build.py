"""The engine's approvals, over the writes that the manifests name."""

from __future__ import annotations

from jarvis.app.write import Writes
from jarvis.engine.approvals import Approvals
from jarvis.engine.settings import EngineSettings
from jarvis.engine.switches import Switches
from jarvis.kit.clock import Clock


def approvals(
    clock: Clock, writes: Writes, switches: Switches, settings: EngineSettings
) -> Approvals:
    return Approvals(clock, writes, switches, life=settings.approval_life)
