"""What people see when something is down, and that nothing is lost or doubled by it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from jarvis.engine import clockrow
from jarvis.engine.effects import Lane, Origin
from jarvis.integrations.telegram.sandbox import TelegramLimits
from jarvis.kit.ids import new_id
from jarvis.messaging import outbox
from jarvis.messaging.markup import html
from jarvis.testing.core import until
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.people import NINO
from tests.scenes.talk import answered


async def test_not_found_says_when_rentprog_was_not_read_whole(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        assert "⚠️" not in (await app.ask(NINO, "бронь 9999"))["text"]
        await app.core.db.execute("DELETE FROM source_state")
        answer = (await app.ask(NINO, "бронь 9999"))["text"]
        assert "Бронь №9999 не найдена" in answer
        assert "RentProg ещё прочитан не весь" in answer


async def test_forgotten_means_forgotten(servers: Servers, tmp_path: Path) -> None:
    async with running_feature(servers, tmp_path) as app:
        await app.ask(NINO, "свободен ли джимни 077 завтра")
        await app.ask(NINO, "/forget")
        assert "Jimny" not in (await app.ask(NINO, "ту же, но на вторник"))["text"]
        await app.ask(NINO, "свободен ли джимни 077 завтра")
        await clockrow.set_offset(
            app.core.db, app.core.clock.offset_s + timedelta(minutes=31).total_seconds()
        )
        await clockrow.load_offset(app.core.db, app.core.clock)
        assert "Jimny" not in (await app.ask(NINO, "ту же, но на вторник"))["text"], (
            "a new one after 30 idle minutes"
        )


async def test_a_noisy_group_mutes_no_other_chat(servers: Servers, tmp_path: Path) -> None:
    async with running_feature(servers, tmp_path, limits=TelegramLimits()) as app:
        group = app.telegram.state.chat_of(
            app.telegram.state.person(NINO), "Смена Тбилиси"
        ).marked_id
        origin = Origin(event_id=None, trace_id=new_id().hex)
        async with app.core.db.transaction() as tx:
            for number in range(30):
                news = html("новость {}", number)
                await outbox.send(tx, origin, group, news, key=f"noise:{number}", lane=Lane.BULK)

        async def used_up() -> bool:
            return bool(
                await app.core.db.fetchval(
                    "SELECT bool_or(next_at > now() + interval '1 s') FROM effect"
                )
            )

        await until(used_up)
        app.telegram.send(NINO, "dm", "где малибу 235?")
        await until(lambda: answered(app, "Malibu 235"))
        noise = await app.core.db.fetch(
            "SELECT state, cause FROM effect WHERE target = $1", outbox.target(group)
        )
        assert {row["state"] for row in noise} >= {"pending", "done"}, (
            "the group still has its own queue"
        )
        assert not [row for row in noise if row["cause"] == "flood wait"], (
            "our own limit keeps Telegram from refusing"
        )
        said = [m["text"] for m in app.seen(NINO, "Смена Тбилиси")]
        assert said == [f"новость {number}" for number in range(len(said))], "in order, none twice"
