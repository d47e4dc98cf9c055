"""The worlds of storms, as YAML."""

from __future__ import annotations

from datetime import datetime

import yaml

from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.rentprog.sandbox import RentProgWorld
from jarvis.integrations.telegram.sandbox import TelegramWorld
from jarvis.kit.clock import TBILISI
from jarvis.kit.world import World

NOW = datetime(2026, 3, 12, 14, 30, tzinfo=TBILISI)
HOME, AWAY, ARCHIVE = "Branch_Kutaisi (forum)", "Branch_Service-center (forum)", "Архив Geodrive"
HOME_BRANCH, AWAY_BRANCH = "kutaisi", "service-center"
ROOMY = 1200  # messages a minute into a group: a storm is about crashes, not about Telegram's limit
_OPEN = ("Новая", "Подтверждена", "Ожидает оплаты")


def without_forums() -> str:
    """The built-in world without its forums: their posts go out for minutes at a group's twenty a
    minute."""
    return _yaml(load_world().model_copy(update={"forums": []}))


def storm_world(open_bookings: int) -> str:
    """The built-in world with the forums of two branches and the archive, and at least so many open
    bookings."""
    world = load_world()
    bookings = world.part(RentProgWorld).bookings
    known = [b for b in bookings if b.state in _OPEN]
    ids, numbers = max(b.id for b in bookings), max(b.number for b in bookings)
    more = [
        known[n % len(known)].model_copy(
            update={
                "id": ids + 1 + n,
                "number": numbers + 1 + n,
                "start": f"+{20 + n}d 10:00",
                "end": f"+{21 + n}d 9:00",
                "state": "Новая",
                "debt": 0,
                "due": 0,
            }
        )
        for n in range(max(0, open_bookings - len(known)))
    ]
    forums = [
        forum for forum in world.part(TelegramWorld).forums if forum.title in (HOME, AWAY, ARCHIVE)
    ]
    return _yaml(world.model_copy(update={"forums": forums, "bookings": [*bookings, *more]}))


def _yaml(world: World) -> str:
    return yaml.safe_dump(world.model_dump(mode="json"), allow_unicode=True)
