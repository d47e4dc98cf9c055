"""The supervised child of a worker: carries jobs with arq, and ends with its parent."""

from __future__ import annotations

import asyncio

from jarvis.entrypoints.process import observe, until_signal
from jarvis.entrypoints.run import carry_jobs

if __name__ == "__main__":
    observe()
    asyncio.run(until_signal(carry_jobs()))
