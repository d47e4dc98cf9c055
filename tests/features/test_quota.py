"""A flood of webhooks and a person who loops, as the mirror and the chat show them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from jarvis.domains.bookings.receivables import Receivables
from jarvis.engine.behalf import Behalf, on_behalf
from jarvis.integrations.rentprog.port import RentProg
from jarvis.integrations.rentprog.sandbox.changes import Hook
from jarvis.testing.app import RunningApp
from jarvis.testing.core import until
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.mirror import Running, mirroring, running
from tests.scenes.people import NINO, NINO_ID, TAMAR


async def _put_back(house: Running) -> int:
    """Deliveries that wait for their turn, once nothing is at work."""
    await until(lambda: _settled(house))
    return await house.core.db.fetchval(
        "SELECT count(*) FROM delivery WHERE state = 'pending' AND subscriber LIKE 'rentprog.%'"
    )


async def _settled(house: Running) -> bool:
    if house.sandbox.busy():
        return False
    sql = (
        "SELECT count(*) FROM delivery WHERE state = 'claimed' OR (state = 'pending' AND "
        "available_at <= now())"
    )
    return not await house.core.db.fetchval(sql)


async def _a_minute_later(house: Running) -> None:
    await house.core.db.execute("UPDATE rate_window SET taken = '{}'")
    await house.core.db.execute(
        "UPDATE delivery SET available_at = e.received_at + interval '1 ms' FROM event e "
        "WHERE e.id = event_id AND state = 'pending'"
    )


async def test_a_flood_of_webhooks_is_put_back_and_handled_in_its_turn(servers: Servers) -> None:
    async with running(
        servers, sockets=False, load=False, get_per_minute=20, patience_s=0.0
    ) as house:
        sandbox, db = house.sandbox, house.core.db
        known = [
            b["id"]
            for b in sandbox.data.bookings.values()
            if b["company_id"] == 101 and not b["archive"]
        ][:15]
        unknown = [1_000_000 + n for n in range(5)]  # no branch has these
        sandbox.send(
            [
                Hook(event="booking_update", company_id=101, payload={"id": key, "days": [3, 4]})
                for key in (*known, *unknown)
            ]
        )
        waiting = await _put_back(house)
        assert waiting > 10, "six reads a minute are the share of what is read again"
        rows = await db.fetch(
            "SELECT attempts, cause, available_at FROM delivery WHERE state = 'pending' AND "
            "subscriber LIKE 'rentprog.%'"
        )
        assert {r["attempts"] for r in rows} == {0}, "to be refused for a limit is no attempt"
        assert all("limit" in r["cause"] for r in rows)
        assert len({r["available_at"].replace(microsecond=0) for r in rows}) == waiting, (
            "each has a second of its own"
        )
        with on_behalf(Behalf(kind="order", who="t")):
            assert (await house.core.get(RentProg).api.booking("tbilisi", known[0])).id == known[0]
        state = await db.fetchval(
            "SELECT count(*) FROM source_state WHERE failing_since IS NOT NULL"
        )
        assert state == 0, "a RentProg that was not asked is not a RentProg that is silent"
        for _ in range(60):
            if not await _put_back(house):
                break
            await _a_minute_later(house)
        assert (
            await db.fetchval(
                "SELECT count(*) FROM delivery WHERE state <> 'done' AND subscriber LIKE "
                "'rentprog.%'"
            )
            == 0
        )
        for key in known:
            assert (await house.booking(key))["id"], "nothing was lost"


async def _asked_already(app: RunningApp, person_id: int, surface: str, times: int) -> None:
    """As if a person had made so many calls just now."""
    await app.core.db.execute(
        "INSERT INTO rate_window (name, taken) VALUES ($1, array_fill(clock_timestamp(), "
        "ARRAY[$2::int]))",
        f"rentprog:{surface}:60:person:telegram:{person_id}",
        times,
    )


async def test_a_person_who_loops_is_told_and_another_is_answered(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        await _asked_already(app, NINO_ID, "tbilisi:get", 2399)
        await _asked_already(app, NINO_ID, "key:mcp", 2400)
        first = (await app.ask(NINO, "где малибу 235?"))["text"]
        second = (await app.ask(NINO, "где рав 118?"))["text"]
        assert "исчерпан" not in first
        assert "RAV4 118" in second, "what is known is answered"
        assert "Лимит ваших запросов к RentProg исчерпан до 14:3" in second
        debts = (await app.ask(NINO, "долги по тбилиси"))["text"]
        assert "Долги не проверены: лимит ваших запросов к RentProg исчерпан до 14:3" in debts
        history = (await app.ask(NINO, "кто менял бронь 1200"))["text"]
        assert "Не проверено: лимит ваших запросов к RentProg исчерпан до 14:3" in history
        order = (await app.ask(NINO, "продли бронь 1200 на день"))["text"]
        assert "Лимит ваших запросов к RentProg исчерпан до чт 12.03, 14:3" in order
        assert "Ничего не изменено" in order
        assert "исчерпан" not in (await app.ask(TAMAR, "где рав 118?"))["text"]
        assert "исчерпан" not in (await app.ask(TAMAR, "долги по тбилиси"))["text"]
        assert not await app.core.db.fetchval(
            "SELECT count(*) FROM source_state WHERE failing_since IS NOT NULL"
        )


async def test_forty_equal_questions_are_one_reading(servers: Servers) -> None:
    async with mirroring(servers, shared_s=60.0) as (sandbox, core):
        branches = core.get(RentProg).branches
        ages = await asyncio.gather(*(core.get(Receivables).refresh(branches) for _ in range(40)))
        assert len(sandbox.calls("mcp")) == len(branches)
        assert all(age == ages[0] for age in ages), "and each tells the age of that one"
        await core.get(Receivables).refresh(branches[:1], anew=True)
        assert len(sandbox.calls("mcp")) == len(branches) + 1, "a write stands on what is read now"
