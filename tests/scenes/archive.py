"""A world with an archive, and material on its way there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jarvis.domains.topics.checks import CHECKS
from jarvis.engine.timing import Scheduler
from jarvis.kit.world import World, WorldForum
from jarvis.testing.app import RunningApp
from jarvis.testing.core import move_clock
from tests.scenes.material import picture
from tests.scenes.people import LASHA, TAMAR
from tests.scenes.topics import MALIBU, TBILISI, posts, small_world, topics

ARCHIVE = "Архив Geodrive"


def world() -> World:
    known = small_world()
    return known.model_copy(
        update={
            "forums": [*known.forums, WorldForum(title=ARCHIVE, purpose="archive", members=[TAMAR])]
        }
    )


async def file(app: RunningApp, number: int, operation: str) -> None:
    """Two photos of Lasha in the topic of the Malibu, put to an operation."""
    app.telegram.send(
        LASHA, TBILISI, "", photos=[picture(number), picture(number + 1)], topic=MALIBU
    )
    await app.quiet(30)
    await app.press(LASHA, app.seen(LASHA)[-1], operation)
    await app.quiet(30)


def archived(app: RunningApp) -> list[dict[str, Any]]:
    return (
        [m for m in posts(app, TAMAR, ARCHIVE, MALIBU) if m["service"] is None]
        if MALIBU in topics(app, TAMAR, ARCHIVE)
        else []
    )


async def day(app: RunningApp) -> None:
    """A day passes, and what falls due is done."""
    await move_clock(app.core, timedelta(hours=24, minutes=1))
    await Scheduler(app.core.db, app.core.clock, CHECKS).tick()
    await app.quiet(60)
