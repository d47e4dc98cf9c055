"""Members of the company's groups follow the staff list; who left has no word any more."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jarvis.domains.staff.administration import StaffAdministration
from jarvis.domains.staff.service import StaffService
from jarvis.kit.actor import Role
from jarvis.kit.errors import Conflict
from jarvis.testing.app import RunningApp
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.acting import card_of, ledger
from tests.scenes.membership import members
from tests.scenes.people import DATO, LASHA, NINO, PAVEL, TAMAR
from tests.scenes.topics import TBILISI, small_world


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path, world=small_world()) as opened:
        yield opened


async def daily(app: RunningApp) -> None:
    await app.core.journal.accept(
        source="jarvis",
        kind="check.members",
        dedup_key=f"daily:{datetime.now(UTC)}",
        payload={"due_at": datetime.now(UTC).isoformat()},
    )
    await app.quiet(30)


async def test_who_is_hired_gets_the_groups_of_the_branch(app: RunningApp) -> None:
    employee_id = await app.core.get(StaffAdministration).add(
        name="Новая", role=Role.EMPLOYEE, branch="tbilisi", all_branches=False, language="ru"
    )
    await app.core.get(StaffAdministration).bind(
        employee_id=employee_id,
        system="telegram",
        key=str(app.telegram.state.person("Посторонний").id),
        by="test",
    )
    app.telegram.send("Посторонний", "dm", "/start")
    await app.quiet(30)
    told = [m["text"] for m in app.seen("Посторонний") if "t.me/+" in m["text"]]
    assert len(told) == 1
    assert TBILISI in told[0]


async def test_who_left_is_out_at_once_with_what_they_asked_for(app: RunningApp) -> None:
    card = await app.ask(LASHA, "продли 1200 до 15.03")
    assert "Подтверд" in card["text"]
    actor = await app.core.get(StaffService).actor_by_name(LASHA)
    await app.core.get(StaffAdministration).dismiss(actor.employee_id, by="test")
    await app.quiet(30)
    assert LASHA not in members(app, TBILISI)
    assert await app.core.db.fetchval("SELECT state FROM approval") == "void"
    shown = next(m for m in app.seen(LASHA) if m["id"] == card["id"])
    assert "больше не работает" in shown["text"]
    assert not shown["buttons"]
    assert not await app.core.db.fetchval("SELECT count(*) FROM effect WHERE system = 'rentprog'")
    assert not await app.core.db.fetchval(
        "SELECT count(*) FROM conversation WHERE closed_at IS NULL"
    )
    app.telegram.send(LASHA, "dm", "где малибу 235?")
    await app.quiet()
    assert "Malibu" not in app.seen(LASHA)[-1]["text"]
    assert [e for e in app.telegram.ledger.entries() if e["kind"] == "ban"], (
        "no old link brings them back"
    )


async def test_the_last_administrator_stays(app: RunningApp) -> None:
    pavel = await app.core.get(StaffService).actor_by_name(PAVEL)
    with pytest.raises(Conflict, match="last administrator"):
        await app.core.get(StaffAdministration).dismiss(pavel.employee_id, by="test")
    assert await app.core.get(StaffService).actor(pavel.employee_id) is not None


async def test_who_comes_back_is_let_in_again(app: RunningApp) -> None:
    actor = await app.core.get(StaffService).actor_by_name(LASHA)
    user = str(app.telegram.state.person(LASHA).id)
    await app.core.get(StaffAdministration).dismiss(actor.employee_id, by="test")
    await app.quiet(30)
    again = await app.core.get(StaffAdministration).add(
        name=LASHA, role=Role.EMPLOYEE, branch="tbilisi", all_branches=False, language="ru"
    )
    await app.core.get(StaffAdministration).bind(
        employee_id=again, system="telegram", key=user, by="test"
    )
    await app.quiet(30)
    (link,) = re.findall(r"https://t[.]me/[+]\S+", app.seen(LASHA)[-1]["text"])
    await app.telegram.change("join", {"person": LASHA, "link": link})
    assert LASHA in members(app, TBILISI)
    answer = await app.ask(LASHA, "где малибу 235?")
    assert "Malibu 235" in answer["text"]


async def test_the_daily_look_settles_what_differs_and_asks_about_strangers(
    app: RunningApp,
) -> None:
    forum = next(c for c in app.telegram.state.chats.values() if c.title == TBILISI)
    await daily(app)  # the world's forums have two members; the rest of the branch is invited once
    assert [m for m in app.seen(NINO) if "Приглашаю" in m["text"] and "Эка Абуладзе" in m["text"]]
    for name in (DATO, "Посторонний"):
        forum.members.add(app.telegram.state.person(name).id)
    await daily(app)
    assert DATO not in members(app, TBILISI), "a head of another branch"
    assert "Посторонний" in members(app, TBILISI), "people decide about strangers"
    report = [m for m in app.seen(NINO) if "Нет в списке сотрудников: Посторонний" in m["text"]][-1]
    assert f"Убираю: {DATO}" in report["text"]
    assert report["buttons"] == [["Убрать: Посторонний"]]
    await app.press(NINO, report, "Убрать: Посторонний")
    await app.quiet(30)
    assert "Посторонний" not in members(app, TBILISI)
    assert [m for m in app.seen(NINO) if "участник убран: Посторонний" in m["text"]]


async def test_a_stranger_who_was_hired_meanwhile_stays(app: RunningApp) -> None:
    forum = next(c for c in app.telegram.state.chats.values() if c.title == TBILISI)
    user = app.telegram.state.person("Посторонний").id
    forum.members.add(user)
    await daily(app)
    report = next(m for m in app.seen(NINO) if m["buttons"] == [["Убрать: Посторонний"]])
    employee_id = await app.core.get(StaffAdministration).add(
        name="Новая", role=Role.EMPLOYEE, branch="tbilisi", all_branches=False, language="ru"
    )
    await app.core.get(StaffAdministration).bind(
        employee_id=employee_id, system="telegram", key=str(user), by="test"
    )
    await app.press(NINO, report, "Убрать: Посторонний")
    await app.quiet(30)
    assert "Посторонний" in members(app, TBILISI)


async def test_without_the_right_somebody_is_told(app: RunningApp) -> None:
    forum = next(c for c in app.telegram.state.chats.values() if c.title == TBILISI)
    forum.rights -= {"ban_users"}
    actor = await app.core.get(StaffService).actor_by_name(LASHA)
    await app.core.get(StaffAdministration).dismiss(actor.employee_id, by="test")
    await app.quiet(30)
    (told,) = [m for m in app.seen(NINO) if "не могу убрать" in m["text"]]
    assert LASHA in told["text"]
    assert LASHA in members(app, TBILISI)


async def test_the_word_of_who_left_meanwhile_does_not_count(
    servers: Servers, tmp_path: Path
) -> None:
    async with running_feature(servers, tmp_path) as app:
        await app.rentprog.change(
            "create_booking", {"car": "Jimny 077", "client": "70007", "start": "20", "days": "12"}
        )
        await app.quiet()
        number = max(int(b["number"]) for b in app.rentprog.data.bookings.values())
        card = await card_of(app, NINO, f"отмени бронь {number}")
        once = await app.press(TAMAR, app.seen(TAMAR)[-1], 0)
        assert "Первое подтверждение: Тамар Ломидзе" in once["text"]
        await app.core.get(StaffAdministration).dismiss(
            (await app.core.get(StaffService).actor_by_name(TAMAR)).employee_id, by="test"
        )
        await app.quiet()
        once = await app.press(NINO, card, 0)
        assert "Первое подтверждение: Нино Беридзе" in once["text"]
        assert ledger(app) == []
