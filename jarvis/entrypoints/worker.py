"""The worker: events and effects here, jobs in a supervised child."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from jarvis.app.build import App, Part, checks, open_app
from jarvis.app.carriage import dispatchers
from jarvis.app.process import observe, process_name, until_signal
from jarvis.engine.carrier import enqueue_forever, supervise
from jarvis.engine.dispatcher import AMBIGUOUS_FOR
from jarvis.engine.effect_log import EffectLog
from jarvis.engine.loop import sweep_forever
from jarvis.engine.settings import EngineSettings
from jarvis.engine.subscriptions import UNROUTED, Subscriber
from jarvis.engine.timing import Scheduler
from jarvis.engine.worker import Slots, Worker
from jarvis.orchestrator.unrouted import Unrouted

PARTS: tuple[Part, ...] = ("services", "handlers", "views")


def all_subscribers(app: App) -> Mapping[str, Subscriber]:
    """Every subscriber, and the fallback for kinds without one."""
    return {UNROUTED: app.get(Unrouted).subscriber, **app.subscribers}


def event_worker(app: App, name: str, *, concurrency: int = 8) -> Worker:
    """A worker over every subscriber."""
    return Worker(
        app.db,
        app.notifier,
        name=name,
        subscribers=all_subscribers(app),
        alert=app.get(Unrouted).alert,
        slots=Slots.of(concurrency),
        lease_s=app.get(EngineSettings).lease_s,
    )


async def run_worker(
    app: App, *, concurrency: int = 8, ambiguous_for: timedelta = AMBIGUOUS_FOR
) -> None:
    """Handle events and execute effects until cancelled."""
    name = process_name("worker")
    events = event_worker(app, name, concurrency=concurrency)
    carried = dispatchers(app, name, ambiguous_for=ambiguous_for)
    every_s = app.get(EngineSettings).lease_s / 4
    await asyncio.gather(
        events.run(),
        *(dispatcher.run() for dispatcher in carried.values()),
        sweep_forever(events.sweep, app.get(EffectLog).sweep, every_s=every_s),
    )


async def run_scheduler(app: App, *, every_s: float = 0.5) -> None:
    """Fire slots and timers until cancelled."""
    await Scheduler(app.db, app.clock, checks()).run(every_s=every_s)


async def _worker(concurrency: int, with_scheduler: bool, with_jobs: bool) -> None:
    async with open_app(PARTS, process="worker", pool=concurrency + 6) as app:
        tasks = [run_worker(app, concurrency=concurrency)]
        tasks.append(enqueue_forever(app.db, app.notifier, app.settings.redis))
        if with_jobs:
            tasks.append(supervise(["-m", "jarvis.entrypoints.jobs"]))
        if with_scheduler:
            tasks.append(run_scheduler(app))
        await asyncio.gather(*tasks)


def run(concurrency: int, *, with_scheduler: bool, with_jobs: bool) -> None:
    """Work until a signal comes."""
    observe(agents=True)
    asyncio.run(until_signal(_worker(concurrency, with_scheduler, with_jobs)))
