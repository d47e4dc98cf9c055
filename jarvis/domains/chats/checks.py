"""Schedule of the daily check of group members."""

from __future__ import annotations

from collections.abc import Sequence

from jarvis.engine.timing import Every

MEMBERS_DUE = "check.members"
CHECKS: Sequence[Every] = (Every(check=MEMBERS_DUE, seconds=86_400, offset_s=5 * 3600),)
