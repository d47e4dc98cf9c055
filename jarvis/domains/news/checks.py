"""Schedules of digests: of service chats in the evening, of people at the hour they chose."""

from __future__ import annotations

from collections.abc import Sequence

from jarvis.engine.timing import Every

PERSONAL_DIGEST, SERVICE_DIGEST = "check.digest", "check.service.digest"
CHECKS: Sequence[Every] = (
    Every(check=PERSONAL_DIGEST, seconds=3600),
    Every(check=SERVICE_DIGEST, seconds=86_400, offset_s=15 * 3600),
)
