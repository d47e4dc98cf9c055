"""Check-lists and forms as people fill them in."""

from __future__ import annotations

from typing import Any

from jarvis.integrations.telegram.sandbox import TelegramWorld
from jarvis.kit.world import World
from jarvis.testing.app import RunningApp
from tests.scenes.material import picture
from tests.scenes.people import LASHA, NINO
from tests.scenes.topics import TBILISI, small_world

NBSP = "\N{NO-BREAK SPACE}"


def world() -> World:
    """Нино reads the forum of her branch."""
    known = small_world()
    forums = [
        f.model_copy(update={"members": [*f.members, NINO]}) if f.title == TBILISI else f
        for f in known.part(TelegramWorld).forums
    ]
    return known.model_copy(update={"forums": forums})


def sheet(app: RunningApp, person: str = LASHA) -> dict[str, Any]:
    """The check-list as it stands: the last message of Jarvis that shows one."""
    return [m for m in app.seen(person) if m["text"].startswith("📝")][-1]


def plain(message: dict[str, Any]) -> str:
    return str(message["text"]).replace(NBSP, " ")


def labels(message: dict[str, Any]) -> list[str]:
    return [label for row in message["buttons"] for label in row]


async def begin(
    app: RunningApp, person: str = LASHA, name: str = "Выдача №1201 · Malibu 235"
) -> dict[str, Any]:
    asked = await app.ask(person, "/checklist 1201")
    await app.press(person, asked, name)
    return sheet(app, person)


async def send_photos(
    app: RunningApp, count: int, text: str = "", person: str = LASHA, first: int = 0
) -> dict[str, Any]:
    app.telegram.send(person, "dm", text, photos=[picture(first + n) for n in range(count)])
    await app.quiet(30)
    return sheet(app, person)


async def press(app: RunningApp, button: str, person: str = LASHA) -> dict[str, Any]:
    await app.press(person, sheet(app, person), button)
    return sheet(app, person)


async def write(app: RunningApp, text: str, person: str = LASHA) -> dict[str, Any]:
    app.telegram.send(person, "dm", text)
    await app.quiet()
    return sheet(app, person)


async def fill(app: RunningApp, name: str, *steps: str) -> dict[str, Any]:
    """A form from `/form`: words are pressed when they stand on a button, else written."""
    asked = await app.ask(LASHA, "/form")
    await app.press(LASHA, asked, name)
    for step in steps:
        if step in labels(sheet(app)):
            await press(app, step)
        else:
            await write(app, step)
    return sheet(app)
