"""How long to wait before the next attempt."""

from __future__ import annotations

import random


def backoff_s(attempt: int, *, base_s: float = 0.5, cap_s: float = 120.0) -> float:
    """Exponential backoff with full jitter, in seconds."""
    return random.uniform(0.5, 1.0) * min(cap_s, base_s * 2 ** min(attempt, 20))
