"""The interval of audit checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

from jarvis.engine.audit_checkpoints import EVERY_S
from jarvis.engine.timing import Every

CHECKPOINT_DUE = "check.audit.seal"
CHECKS: Sequence[Every] = (Every(check=CHECKPOINT_DUE, seconds=EVERY_S, offset_s=30),)
