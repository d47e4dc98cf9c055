"""What the service chats hear."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jarvis.integrations.telegram.sandbox import WorldForum
from jarvis.kit.world import World
from jarvis.testing.app import RunningApp
from tests.scenes.people import KETI, LASHA, LEADERS, MARKETING, OLGA, SALES, TAMAR
from tests.scenes.topics import TBILISI, small_world


def world() -> World:
    """Three service chats beside the forum of a branch."""
    forums = [
        WorldForum(title=TBILISI, branch="tbilisi", members=[LASHA]),
        WorldForum(title=LEADERS, purpose="leaders", members=[TAMAR]),
        WorldForum(title=SALES, purpose="sales", members=[OLGA, TAMAR]),
        WorldForum(title=MARKETING, purpose="marketing", members=[KETI]),
    ]
    return small_world().model_copy(update={"forums": forums})


def heard(app: RunningApp, person: str, chat: str) -> list[str]:
    return [m["text"] for m in app.seen(person, chat)]


async def evening(app: RunningApp) -> None:
    now = datetime.now(UTC)
    await app.core.journal.accept(
        source="jarvis",
        kind="check.service.digest",
        dedup_key=f"evening:{now}",
        payload={"due_at": now.isoformat()},
    )
    await app.quiet(30)


async def booked(app: RunningApp, **extra: Any) -> None:
    await app.rentprog.change(
        "create_booking",
        {"car": "Malibu 235", "client": "70007", "start": "40", "days": "3", **extra},
    )
    await app.quiet(30)
