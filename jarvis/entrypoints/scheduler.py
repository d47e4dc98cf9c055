"""The scheduler: fires slots and timers; any number may run."""

from __future__ import annotations

import asyncio

from jarvis.app.build import checks, open_app
from jarvis.app.process import observe, until_signal
from jarvis.engine.timing import Scheduler


async def _scheduler() -> None:
    async with open_app((), pool=3) as app:
        await Scheduler(app.db, app.clock, checks()).run()


def run() -> None:
    """Fire until a signal comes."""
    observe()
    asyncio.run(until_signal(_scheduler()))
