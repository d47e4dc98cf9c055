"""A chat of leaders beside the forums."""

from __future__ import annotations

from jarvis.kit.world import World, WorldForum
from tests.scenes.people import DATO, LEADERS, NINO
from tests.scenes.topics import small_world


def world() -> World:
    known = small_world()
    leaders = WorldForum(title=LEADERS, purpose="leaders", members=[NINO, DATO])
    return known.model_copy(update={"forums": [*known.forums, leaders]})
