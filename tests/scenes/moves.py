"""Six cars that may move at once."""

from __future__ import annotations

from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.rentprog.sandbox import RentProgWorld
from jarvis.integrations.telegram.sandbox import WorldForum
from jarvis.kit.world import World
from tests.scenes.people import DATO, LASHA
from tests.scenes.topics import BATUMI, TBILISI

CARS = 6


def world() -> World:
    whole = load_world().part(RentProgWorld)
    cars = [c for c in whole.cars if c.branch == "tbilisi"][:CARS]
    kept = {c.id for c in cars}
    forums = [
        WorldForum(title=TBILISI, branch="tbilisi", members=[LASHA]),
        WorldForum(title=BATUMI, branch="batumi", members=[DATO]),
    ]
    return whole.model_copy(
        update={
            "cars": cars,
            "bookings": [b for b in whole.bookings if b.car in kept],
            "forums": forums,
        }
    )
