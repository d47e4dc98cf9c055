"""Small arithmetic over measured times."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Sequence


def share(values: Sequence[float], q: float) -> float:
    """The value below which a share `q` of them lies."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * q))]


async def median_ms(call: Callable[[], Awaitable[object]], count: int) -> float:
    """How long one call takes in the median of `count`, one after another."""
    took: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        await call()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)
