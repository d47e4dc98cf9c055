"""People have Jarvis change RentProg: the chat and RentProg's own ledger are the assertions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from jarvis.testing.app import RunningApp, running_app
from jarvis.testing.core import until
from jarvis.testing.servers import Servers
from tests.scenes.acting import EXTEND, asked_about, card_of, end_of, ledger, shown
from tests.scenes.people import LASHA


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_app(servers, tmp_path) as running:
        yield running


async def test_an_extension_is_approved_done_once_and_undone(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    for part in (
        "❓ Подтвердите: Продление · №1200 · Malibu 235",
        "Возврат: было сб 14.03, 12:00 → станет вс 15.03, 12:00",
        "Долг: было 0,00 ₾ → станет 100,00 ₾",
        "Цена: 400,00 ₾ → 500,00 ₾ (+100,00 ₾; 1 сут × 100 ₾)",
        "Отмена после: 10 мин",
        "Подтверждает: вы · до 15:00",
        "Основано: RentProg, только что",
        "Олег Р.",
    ):
        assert part in card["text"], card["text"]
    assert card["buttons"] == [["Продлить до вс 15.03, 12:00"], ["Отклонить"]]
    assert ledger(app) == [], "a card changes nothing"
    done = await app.press(LASHA, card, 0)
    assert done["id"] == card["id"], "the card itself becomes the receipt"
    assert "✅ Продление · №1200" in done["text"]
    assert "Подтверждение: Лаша Гогуадзе, 14:30 · RentProg принял 14:30" in done["text"]
    assert ledger(app) == ["extend_booking"]
    assert end_of(app) == "15-03-2026 12:00"
    mirrored = await app.core.db.fetchval("SELECT end_at FROM booking WHERE number = 1200")
    assert mirrored.isoformat() == "2026-03-15T08:00:00+00:00", "read back from RentProg"
    echoes = await app.core.db.fetch(
        "SELECT payload FROM event WHERE kind = 'booking.updated' AND payload ? 'booking_id'"
    )
    assert len(echoes) == 1, "the read-back told of it; the echo of our own write found nothing new"
    undone = await app.press(LASHA, done, "Отменить")
    assert "↩️ Отменено: Продление · №1200" in undone["text"]
    assert ledger(app) == ["extend_booking", "update_booking"]
    assert end_of(app) == "14-03-2026 12:00"
    history = (await app.ask(LASHA, "кто менял бронь 1200?"))["text"]
    assert "Через Jarvis, по журналу действий:" in history
    assert "14:30 · Лаша Гогуадзе · Отмена изменения · выполнено" in history
    assert "14:30 · Лаша Гогуадзе · Продление · выполнено" in history
    assert 80001 not in app.rentprog.data.owed


@pytest.mark.slow
async def test_an_approval_survives_a_restart_of_everything_of_ours(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    await app.stop("worker", "bot")
    app.start("worker")
    app.start("bot")
    before = len(app.seen(LASHA))
    app.telegram.send(LASHA, "dm", "/help")

    async def connected() -> bool:
        return len(app.seen(LASHA)) > before

    await until(connected)
    done = await app.press(LASHA, card, 0)
    assert "✅ Продление" in done["text"]
    assert ledger(app) == ["extend_booking"]
    assert (
        await app.core.db.fetchval("SELECT state FROM event_status WHERE kind = 'approval.resume'")
        == "done"
    )


@pytest.mark.slow
@pytest.mark.parametrize("key", [True, False], ids=["mcp", "public"])
async def test_a_lost_answer_after_the_work_was_done_doubles_nothing(
    servers: Servers, tmp_path: Path, key: bool
) -> None:
    extra: dict[str, Any] = {} if key else {"mcp_key": None}
    async with running_app(servers, tmp_path, **extra) as app:
        card = await card_of(app, LASHA, EXTEND)
        app.rentprog.faults.start("lose_answer", {"times": 1, "seconds": 4})
        await app.telegram.press(LASHA, "dm", int(card["id"]), 0)

        async def done() -> bool:
            return "✅" in shown(app, LASHA, card)["text"]

        await until(done, seconds=20)
        assert ledger(app) == ["extend_booking" if key else "update_booking"]
        assert end_of(app) == "15-03-2026 12:00"


@pytest.mark.slow
async def test_an_outcome_that_rentprog_does_not_know_is_a_persons_to_say(app: RunningApp) -> None:
    for word, ends in (
        ("Сделано", "✅ Продление"),
        ("Не сделано", "Проверено человеком: в RentProg этого нет"),
    ):
        app.rentprog.faults.stop()
        card = await card_of(app, LASHA, EXTEND)
        app.rentprog.faults.start("outcome_unknown", {})
        await app.telegram.press(LASHA, "dm", int(card["id"]), 0)
        await asked_about(app, card)
        seen = shown(app, LASHA, card)
        assert seen["buttons"] == [["Сделано", "Не сделано", "Повторить"]]
        inbox = await app.ask(LASHA, "/inbox")
        assert "Неясно, прошло ли" in inbox["text"]
        settled = await app.press(LASHA, shown(app, LASHA, card), word)
        assert ends in settled["text"], settled["text"]
        assert (
            await app.core.db.fetchval(
                "SELECT count(*) FROM audit_entry WHERE outcome LIKE 'resolved:%'"
            )
            >= 1
        )
    assert ledger(app) == []


@pytest.mark.slow
async def test_repeating_an_unknown_outcome_is_a_persons_word_too(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    app.rentprog.faults.start("outcome_unknown", {})
    await app.telegram.press(LASHA, "dm", int(card["id"]), 0)
    await asked_about(app, card)
    app.rentprog.faults.stop()
    done = await app.press(LASHA, shown(app, LASHA, card), "Повторить")
    assert "✅ Продление" in shown(app, LASHA, done)["text"]
    assert ledger(app) == ["extend_booking"]


async def test_pending_is_said_and_the_message_is_edited_when_it_lands(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    app.rentprog.faults.start("slow", {"seconds": 0.9})
    await app.telegram.press(LASHA, "dm", int(card["id"]), 0)

    async def sent() -> bool:
        return "⏳" in shown(app, LASHA, card)["text"]

    await until(sent)
    assert "Повторять не нужно: результат появится здесь." in shown(app, LASHA, card)["text"]
    app.rentprog.faults.stop()
    await app.quiet(20)
    assert "✅" in shown(app, LASHA, card)["text"]


async def test_an_undo_of_unknown_outcome_is_asked_about(app: RunningApp) -> None:
    done = await app.press(LASHA, await card_of(app, LASHA, EXTEND), 0)
    app.rentprog.faults.start("outcome_unknown", {})
    await app.telegram.press(LASHA, "dm", int(done["id"]), 0)
    await asked_about(app, done)
    app.rentprog.faults.stop()
    settled = await app.press(LASHA, shown(app, LASHA, done), "Повторить")
    assert "↩️" in settled["text"]
