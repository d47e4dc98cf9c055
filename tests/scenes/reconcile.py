"""Four forums, and the look that Jarvis takes at them every five minutes."""

from __future__ import annotations

from datetime import timedelta

from jarvis.domains.topics.checks import CHECKS
from jarvis.engine.timing import Scheduler
from jarvis.kit.world import World, WorldForum, load_world
from jarvis.testing.app import RunningApp
from jarvis.testing.core import move_clock
from tests.scenes.people import DATO, LASHA
from tests.scenes.topics import BATUMI, TBILISI

KUTAISI, SERVICE = "Branch_Kutaisi (forum)", "Branch_Service-center (forum)"


def world() -> World:
    """Eight cars in Tbilisi, six in Batumi, one in each of the other two forums."""
    whole = load_world()
    cars = [
        c
        for b, n in (("tbilisi", 8), ("batumi", 6), ("kutaisi", 1))
        for c in [c for c in whole.cars if c.branch == b][:n]
    ]
    kept = {c.id for c in cars}
    forums = [
        WorldForum(title=TBILISI, branch="tbilisi", members=[LASHA]),
        WorldForum(title=BATUMI, branch="batumi", members=[DATO]),
        WorldForum(title=KUTAISI, branch="kutaisi", members=[]),
        WorldForum(title=SERVICE, branch="service-center", members=[]),
    ]
    return whole.model_copy(
        update={
            "cars": cars,
            "bookings": [b for b in whole.bookings if b.car in kept],
            "forums": forums,
        }
    )


async def cycle(app: RunningApp) -> None:
    """The next look at everything."""
    await move_clock(app.core, timedelta(minutes=5))
    await Scheduler(app.core.db, app.core.clock, CHECKS).tick()
    await app.quiet(60)


def topics_of(app: RunningApp, forum: str) -> list[str]:
    chat = next(c for c in app.telegram.state.chats.values() if c.title == forum)
    return [t.title for t in chat.topics.values() if not t.deleted]
