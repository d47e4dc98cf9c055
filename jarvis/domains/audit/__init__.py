"""The audit of what was done, kept whole: checkpoints of it outside the database."""

from __future__ import annotations

from jarvis.app.feature import Feature
from jarvis.domains.audit.checks import CHECKS

FEATURE = Feature(
    name="audit",
    handlers=("handlers:AuditCheckpoints",),
    checks=CHECKS,
)
