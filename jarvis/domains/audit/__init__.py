"""Audit checkpoints: the signed heads of the audit chain, stored outside the database."""

from __future__ import annotations

from jarvis.app.feature import Feature
from jarvis.domains.audit.checks import CHECKS

FEATURE = Feature(
    name="audit",
    handlers=("handlers:AuditCheckpoints",),
    checks=CHECKS,
)
