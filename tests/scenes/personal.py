"""Two employees with groups of their own: topics of clients and of tasks."""

from __future__ import annotations

from typing import Any

from jarvis.integrations.rentprog.sandbox import RentProgWorld
from jarvis.integrations.telegram.sandbox import WorldForum
from jarvis.kit.world import World
from jarvis.testing.app import RunningApp
from tests.scenes.forms import press, write
from tests.scenes.people import EKA, LASHA
from tests.scenes.topics import posts, small_world

CLIENTS, EKAS = "Лаша Гогуадзе | Клиенты", "Эка Абуладзе | Клиенты"
TASKS, EKAS_TASKS = "Tasks | Лаша Гогуадзе", "Tasks | Эка Абуладзе"
MALIBU, RAV4 = "90001", "90002"
OLEG, EMMA, IGOR = "70001", "70002", "70013"
RUDIN = "Олег Рудин | Malibu 235"
LASHAS, EKAS_KEY, NINOS = "60004", "60005", "60003"


def own_groups() -> World:
    """Two cars in Tbilisi; groups of two employees; Нино has none."""
    world = small_world()
    own = [
        WorldForum(title=CLIENTS, purpose="personal", employee=LASHA, members=[LASHA]),
        WorldForum(title=EKAS, purpose="personal", employee=EKA, members=[EKA]),
        WorldForum(title=TASKS, purpose="tasks", employee=LASHA, members=[LASHA]),
        WorldForum(title=EKAS_TASKS, purpose="tasks", employee=EKA, members=[EKA]),
    ]
    held = world.part(RentProgWorld)
    cars = [c for c in held.cars if c.branch == "tbilisi"]
    # Олег of Лаша in rent; Emma of Эка later
    bookings = [b for b in held.bookings if b.number in (1200, 1201)]
    return world.model_copy(update={"forums": own, "cars": cars, "bookings": bookings})


async def change(app: RunningApp, change_name: str, **args: Any) -> None:
    await app.rentprog.change(change_name, args)
    await app.quiet(30)


def card(app: RunningApp, person: str, group: str, title: str) -> str:
    return str(posts(app, person, group, title)[0]["text"])


async def absence(app: RunningApp, first: str, last: str, substitute: str = EKA) -> dict[str, Any]:
    """Лаша fills in the form of an absence; returns what he hears."""
    asked = await app.ask(LASHA, "/form")
    await app.press(LASHA, asked, "Отсутствие")
    await press(app, "отпуск")
    await write(app, first)
    await write(app, last)
    await press(app, substitute)
    await press(app, "Отправить")
    return [m for m in app.seen(LASHA) if m["text"].startswith("Записал")][-1]
