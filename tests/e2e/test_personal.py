"""An employee's own groups: topics of clients and of tasks, as the employee sees them; they move
while somebody is away."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from jarvis.app.build import checks
from jarvis.engine.timing import Scheduler
from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.core import move_clock, until
from jarvis.testing.servers import Servers
from tests.scenes.people import EKA, LASHA
from tests.scenes.personal import (
    CLIENTS,
    EKAS,
    EKAS_KEY,
    LASHAS,
    MALIBU,
    NINOS,
    OLEG,
    RAV4,
    RUDIN,
    absence,
    card,
    own_groups,
)
from tests.scenes.topics import posts, topics


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path, world=own_groups()) as opened:
        yield opened


@pytest.mark.slow
async def test_any_sequence_leaves_each_client_one_topic_where_it_belongs(app: RunningApp) -> None:
    app.start("scheduler")
    chance, workers = (
        random.Random(17),
        {LASHAS: (LASHA, CLIENTS), EKAS_KEY: (EKA, EKAS), NINOS: None},
    )
    for _ in range(14):
        what = chance.choice(["give", "give", "swap", "rename", "delete", "restart"])
        if what == "give":
            await app.rentprog.change(
                "give_booking", {"booking": "80001", "responsible": chance.choice(list(workers))}
            )
        elif what == "swap":
            await app.rentprog.change(
                "swap_car", {"booking": "80001", "car": chance.choice([MALIBU, RAV4])}
            )
        elif what == "rename":
            await app.rentprog.change(
                "rename_client",
                {"client": OLEG, "name": chance.choice(["Олег", "Игорь"]), "lastname": "Рудин"},
            )
        elif what == "delete":
            titled = [
                (g, t["id"])
                for p, g in ((LASHA, CLIENTS), (EKA, EKAS))
                for c in app.telegram.chats_of(p)
                if c["title"] == g
                for t in c["topics"]
                if "Рудин" in t["title"] and not t["closed"]
            ]
            for group, number in titled:
                await app.telegram.change("delete_topic", {"topic": f"{group}/{number}"})
        else:
            await app.stop("worker", "bot")
            app.start("worker")
            app.start("bot")
    await move_clock(app.core, timedelta(minutes=2))
    await app.quiet(60)
    await app.core.journal.accept(
        source="test",
        kind="check.forums",
        dedup_key="late",
        payload={"due_at": "2026-03-12T11:00:00+00:00"},
    )
    data = app.rentprog.data
    booking, client = data.bookings[80001], data.clients[70001]
    title = f"{client['name']} Рудин | {data.cars[booking['car_id']]['code']}"
    wanted = workers[str(booking["responsible_id"])]

    async def right() -> bool:
        await app.quiet(60)
        shown = [
            (p, t)
            for p, g in ((LASHA, CLIENTS), (EKA, EKAS))
            for t in topics(app, p, g)
            if "Рудин" in t
        ]
        return shown == ([(wanted[0], title)] if wanted else [])

    await until(right, seconds=60)


async def pass_to(app: RunningApp, **later: float) -> None:
    await move_clock(app.core, timedelta(**later))
    await Scheduler(
        app.core.db,
        app.core.clock,
        [c for c in checks() if "rentprog" not in c.check and "digest" not in c.check],
    ).tick()
    await app.quiet(60)


async def test_topics_move_to_the_substitute_and_return(app: RunningApp) -> None:
    heard = await absence(app, "13.03", "14.03")
    assert heard["text"] == (
        "Записал: вас нет 13.03.2026 → 14.03.2026, заменяет Эка Абуладзе. Темы клиентов и задачи "
        "перейдут и вернутся сами."
    )
    assert RUDIN in topics(app, LASHA, CLIENTS), "the day has not come"
    assert any("თქვენ ანაცვლებთ" in m["text"] for m in app.seen(EKA))
    mine = topics(app, LASHA, CLIENTS)[RUDIN]
    await pass_to(app, hours=10)  # 00:30 on the 13th
    assert set(topics(app, LASHA, CLIENTS)) == set()
    assert "ახლა ანაცვლებს: Эка Абуладзе" in card(app, EKA, EKAS, RUDIN)
    app.telegram.send(EKA, EKAS, "продлить до вечера", topic=topics(app, EKA, EKAS)[RUDIN])
    await app.quiet()
    await pass_to(app, days=2)
    assert topics(app, LASHA, CLIENTS)[RUDIN] == mine
    assert RUDIN not in topics(app, EKA, EKAS)
    assert any("продлить до вечера" in m["text"] for m in posts(app, LASHA, CLIENTS, RUDIN))
