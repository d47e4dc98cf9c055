"""Groups that people make."""

from __future__ import annotations

from jarvis.kit.world import World
from jarvis.testing.app import RunningApp
from tests.scenes.topics import small_world


def world() -> World:
    return small_world().model_copy(update={"forums": []})


async def change(app: RunningApp, name: str, **args: str) -> None:
    await app.telegram.change(name, args)
    await app.quiet(60)
