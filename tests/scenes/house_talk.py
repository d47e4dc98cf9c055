"""A chat of leaders beside the forums."""

from __future__ import annotations

from jarvis.integrations.telegram.sandbox import TelegramWorld, WorldForum
from jarvis.kit.world import World
from tests.scenes.people import DATO, LEADERS, NINO
from tests.scenes.topics import small_world


def world() -> World:
    known = small_world()
    leaders = WorldForum(title=LEADERS, purpose="leaders", members=[NINO, DATO])
    return known.model_copy(update={"forums": [*known.part(TelegramWorld).forums, leaders]})
