"""Schedule of the check of forums."""

from __future__ import annotations

from collections.abc import Sequence

from jarvis.engine.timing import Every

FORUMS = "check.forums"
PERIOD_S = 300
CHECKS: Sequence[Every] = (Every(check=FORUMS, seconds=PERIOD_S),)
