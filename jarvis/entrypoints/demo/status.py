"""Whether Jarvis is ready, and its work in progress."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jarvis.domains.bookings.sync import LOAD
from jarvis.engine import idle
from jarvis.engine.jobs import JobLog
from jarvis.engine.leases import Leases

if TYPE_CHECKING:
    from jarvis.entrypoints.demo.app import DemoState


async def ready(stage: DemoState) -> bool:
    """Whether the bot holds the session, the first load is done and the web process answers."""
    bot = await Leases(stage.db).held("telegram:")
    return bot and await JobLog(stage.db).done(LOAD) and bool(stage.telegram.state.commands)


async def in_flight(stage: DemoState) -> dict[str, int]:
    """Work in progress, from people's messages to the last effect; empty when idle."""
    # before the events are counted: a webhook that has arrived is one of them
    busy = _busy(stage)
    sent = stage.telegram.unjournaled()
    # Posts of forums wait minutes for the limits of their group; callers wait for answers, not for
    # these.
    counts = await idle.in_flight(
        stage.db,
        inputs={"telegram": sent},
        now=stage.clock.now(),
        soon=timedelta(seconds=1),
        bulk_soon=timedelta(0),
    )
    if not counts.get("inputs"):
        stage.telegram.mark_journaled(sent)
    # and after it: an effect that ended may have sent one
    busy |= _busy(stage)
    return counts | ({"webhooks": len(busy)} if busy else {})


def _busy(stage: DemoState) -> set[str]:
    return {name for name, vendor in stage.vendors.items() if vendor.busy()}
