"""Two forums, the topics in them, and what must hold of them."""

from __future__ import annotations

from typing import Any

from jarvis.entrypoints.sandboxes import load_world
from jarvis.integrations.rentprog.sandbox import RentProgWorld
from jarvis.integrations.telegram.sandbox import WorldForum
from jarvis.kit.world import World
from jarvis.testing.app import RunningApp
from tests.scenes.people import DATO, LASHA

TBILISI, BATUMI = "Branch_Tbilisi (forum)", "Branch_Batumi (forum)"
MALIBU = "Malibu 235 · TT-235-TT"


def small_world() -> World:
    """Two cars a branch, so that a group's twenty messages a minute are enough for everything."""
    world = load_world()
    held = world.part(RentProgWorld)
    cars = [
        c
        for b in ("tbilisi", "batumi", "kutaisi")
        for c in [c for c in held.cars if c.branch == b][:2]
    ]
    kept = {c.id for c in cars}
    forums = [
        WorldForum(title=TBILISI, branch="tbilisi", members=[LASHA], topics=["Курилка", MALIBU]),
        WorldForum(title=BATUMI, branch="batumi", members=[DATO]),
    ]
    bookings = [b for b in held.bookings if b.car in kept]
    return world.model_copy(update={"cars": cars, "bookings": bookings, "forums": forums})


POINTS = (
    "tx.before_commit",
    "tx.after_commit",
    "event.claimed",
    "event.handled",
    "effect.claimed",
    "effect.attempted",
    "effect.answered",
    "telegram.before_send",
    "telegram.sent",
)
# what a failure leaves claimed is given back after this, and not after twenty seconds
SHORT_LEASE = {"lease_s": 2.0}


def topics(app: RunningApp, person: str, forum: str) -> dict[str, Any]:
    """Open topics of a forum as a person sees them: title to number."""
    chat = next(c for c in app.telegram.chats_of(person) if c["title"] == forum)
    return {t["title"]: t["id"] for t in chat["topics"] if not t["closed"]}


def posts(app: RunningApp, person: str, forum: str, topic: str) -> list[dict[str, Any]]:
    number = topics(app, person, forum)[topic]
    return [m for m in app.telegram.messages_of(person, forum, topic=topic) if m["id"] != number]


async def move(app: RunningApp, branch: str, **extra: Any) -> None:
    await app.rentprog.change("move_car", {"car": "90001", "branch": branch, **extra})
    await app.quiet(60)


async def check_invariant(app: RunningApp) -> None:
    """Each active car of a branch with a forum has one open topic there and none elsewhere; ours
    and Telegram's rows agree."""
    rows = await app.core.db.fetch(
        """SELECT c.id, b.code, array_agg(ch.title
            ORDER BY ch.title) FILTER (WHERE t.id IS NOT NULL) AS forums,
                  array_agg(t.title) FILTER (WHERE t.id IS NOT NULL) AS titles
             FROM car c JOIN branch b ON b.id = c.branch_id LEFT JOIN topic t ON t.car_id = c.id
               AND t.state = 'open'
              AND t.purpose = 'branch_forum'
             LEFT JOIN chat ch ON ch.id = t.chat_id WHERE c.active GROUP BY c.id, b.code"""
    )
    want = {"tbilisi": [TBILISI], "batumi": [BATUMI]}
    assert [r["forums"] for r in rows] == [want.get(r["code"]) for r in rows]
    shown = [*topics(app, LASHA, TBILISI), *topics(app, DATO, BATUMI)]
    assert sorted(t for r in rows for t in r["titles"] or ()) == sorted(
        t for t in shown if t != "Курилка"
    )
