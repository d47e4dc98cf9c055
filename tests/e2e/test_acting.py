"""People have Jarvis change RentProg: the chat and RentProg's own ledger are the assertions."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from jarvis.engine import clockrow
from tests.conftest import Servers
from tests.house import until
from tests.telegram_house import Talk, open_talk

NINO, LASHA, TAMAR, GIORGI, DATO = "Нино Беридзе", "Лаша Гогуадзе", "Тамар Ломидзе", "Гиорги Капанадзе", "Дато Мчедлишвили"
EXTEND = "продли 1200 до 15.03"


@pytest.fixture
async def talk(servers: Servers, tmp_path: Path) -> AsyncGenerator[Talk]:
    async with open_talk(servers, tmp_path) as running:
        yield running


def ledger(talk: Talk) -> list[str]:
    return [str(entry["kind"]) for entry in talk.rentprog.ledger.entries()]


def end_of(talk: Talk, booking: int = 80001) -> str:
    return str(talk.rentprog.data.bookings[booking]["end_date"])


async def card_of(talk: Talk, person: str, text: str) -> dict[str, Any]:
    """Ask; the card stands last, after the first answer's word about the offline mode."""
    await talk.ask(person, text)
    return talk.seen(person)[-1]


def shown(talk: Talk, person: str, message: dict[str, Any]) -> dict[str, Any]:
    return next(m for m in talk.seen(person) if m["id"] == message["id"])


async def asked_about(talk: Talk, card: dict[str, Any]) -> None:
    """Until the card asks how a write of unknown outcome ended."""

    async def asked() -> bool:
        return "Неясно, прошло ли" in shown(talk, LASHA, card)["text"]

    await until(asked, seconds=20)


async def move_clock(talk: Talk, span: timedelta) -> None:
    await clockrow.set_offset(talk.core.db, talk.core.clock.offset_s + span.total_seconds())
    await clockrow.load_offset(talk.core.db, talk.core.clock)


async def test_an_extension_is_approved_done_once_and_undone(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    for part in (
        "❓ Подтвердите: Продление · №1200 · Malibu 235", "Возврат: было сб 14.03, 12:00 → станет вс 15.03, 12:00",
        "Долг: было 0,00 ₾ → станет 100,00 ₾", "Цена: 400,00 ₾ → 500,00 ₾ (+100,00 ₾; 1 сут × 100 ₾)", "Отмена после: 10 мин",
        "Подтверждает: вы · до 15:00", "Основано: RentProg, только что", "Олег Р.",
    ):  # fmt: skip
        assert part in card["text"], card["text"]
    assert card["buttons"] == [["Продлить до вс 15.03, 12:00"], ["Отклонить"]]
    assert ledger(talk) == [], "a card changes nothing"
    done = await talk.press(LASHA, card, 0)
    assert done["id"] == card["id"], "the card itself becomes the receipt"
    assert "✅ Продление · №1200" in done["text"]
    assert "Подтверждение: Лаша Гогуадзе, 14:30 · RentProg принял 14:30" in done["text"]
    assert ledger(talk) == ["extend_booking"]
    assert end_of(talk) == "15-03-2026 12:00"
    mirrored = await talk.core.db.fetchval("SELECT end_at FROM booking WHERE number = 1200")
    assert mirrored.isoformat() == "2026-03-15T08:00:00+00:00", "read back from RentProg"
    echoes = await talk.core.db.fetch("SELECT payload FROM event WHERE kind = 'booking.updated' AND payload ? 'booking_id'")
    assert len(echoes) == 1, "the read-back told of it; the echo of our own write found nothing new"
    undone = await talk.press(LASHA, done, "Отменить")
    assert "↩️ Отменено: Продление · №1200" in undone["text"]
    assert ledger(talk) == ["extend_booking", "update_booking"]
    assert end_of(talk) == "14-03-2026 12:00"
    history = (await talk.ask(LASHA, "кто менял бронь 1200?"))["text"]
    assert "Через Jarvis, по журналу действий:" in history
    assert "14:30 · Лаша Гогуадзе · Отмена изменения · выполнено" in history
    assert "14:30 · Лаша Гогуадзе · Продление · выполнено" in history
    assert 80001 not in talk.rentprog.data.owed


async def test_declined_and_expired_cards_change_nothing(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    declined = await talk.press(LASHA, card, "Отклонить")
    assert "⛔ Отклонено: Продление · №1200" in declined["text"]
    talk.start("scheduler")
    card = await card_of(talk, LASHA, EXTEND)
    await move_clock(talk, timedelta(minutes=31))

    async def gone() -> bool:
        return "Срок вышел" in shown(talk, LASHA, card)["text"]

    await until(gone)
    expired = shown(talk, LASHA, card)
    assert "До 15:00 решения не было, ничего не изменено." in expired["text"]
    assert expired["buttons"] == [["Подготовить заново"]]
    again = await talk.press(LASHA, expired, 0)
    assert "❓ Подтвердите: Продление" in again["text"]
    assert ledger(talk) == []


async def test_a_double_tap_is_one_extension(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    for _ in range(3):
        await talk.telegram.press(LASHA, "dm", int(card["id"]), 0)
    await talk.quiet()
    assert ledger(talk) == ["extend_booking"]
    assert "✅" in shown(talk, LASHA, card)["text"]


async def test_a_webhook_that_changes_the_booking_voids_the_card_and_mileage_does_not(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    await talk.rentprog.change("set_mileage", {"car": "Malibu 235", "mileage": 126_500})
    await talk.quiet()
    assert "❓ Подтвердите" in shown(talk, LASHA, card)["text"], "mileage is not on the card"
    await talk.rentprog.change("extend_booking", {"booking": "1200", "days": "1"})
    await talk.quiet()
    void = shown(talk, LASHA, card)
    assert "⌛ Карточка устарела: Продление · №1200" in void["text"]
    assert "изменилось: Возврат сб 14.03, 12:00 → вс 15.03, 12:00" in void["text"]
    assert void["buttons"] == [["Подготовить заново"]]
    assert ledger(talk) == []


async def test_a_change_that_no_webhook_told_of_voids_the_card_at_the_press(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    talk.rentprog.faults.start("drop", {})
    await talk.rentprog.change("extend_booking", {"booking": "1200", "days": "1"})
    talk.rentprog.faults.stop()
    void = await talk.press(LASHA, card, 0)
    assert "Карточка устарела" in void["text"]
    assert ledger(talk) == []


@pytest.mark.slow
async def test_an_approval_survives_a_restart_of_everything_of_ours(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    await talk.stop("worker", "bot")
    talk.start("worker")
    talk.start("bot")
    before = len(talk.seen(LASHA))
    talk.telegram.send(LASHA, "dm", "/help")

    async def connected() -> bool:
        return len(talk.seen(LASHA)) > before

    await until(connected)
    done = await talk.press(LASHA, card, 0)
    assert "✅ Продление" in done["text"]
    assert ledger(talk) == ["extend_booking"]
    assert await talk.core.db.fetchval("SELECT state FROM event WHERE kind = 'approval.resume'") == "done"


async def test_arguments_changed_behind_the_card_void_it(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    await talk.core.db.execute(
        """UPDATE approval_item SET write = jsonb_set(write, '{args,arguments,end_date}', '"30-03-2026 12:00"')"""
    )
    void = await talk.press(LASHA, card, 0)
    assert "не сходится с записанным" in void["text"]
    assert ledger(talk) == []
    assert (
        await talk.core.db.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'approval.decide' AND outcome = 'tampered'") == 1
    )


async def test_an_undo_changed_behind_its_button_does_nothing(talk: Talk) -> None:
    done = await talk.press(LASHA, await card_of(talk, LASHA, EXTEND), 0)
    await talk.core.db.execute(
        """UPDATE approval_item SET write = jsonb_set(write, '{undo,arguments,end_at}', '"01-03-2026 12:00"')"""
    )
    await talk.press(LASHA, done, "Отменить")
    assert ledger(talk) == ["extend_booking"]
    assert end_of(talk) == "15-03-2026 12:00"
    assert await talk.core.db.fetchval("SELECT outcome FROM audit_entry WHERE action = 'approval.undo'") == "tampered"


async def test_a_changed_history_carries_out_only_what_the_card_showed(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    await talk.core.db.execute("""UPDATE approval_history SET messages = replace(messages::text, '2026-03-15', '2026-04-30')::jsonb""")
    done = await talk.press(LASHA, card, 0)
    assert "✅ Продление" in done["text"]
    assert end_of(talk) == "15-03-2026 12:00"
    assert ledger(talk) == ["extend_booking"]
    assert (
        await talk.core.db.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'tool.extend_booking' AND outcome = 'denied'")
        == 1
    )


async def test_another_person_approves_and_every_copy_shows_it(talk: Talk) -> None:
    card = await card_of(talk, LASHA, "перегони PR417KX в Батуми")
    assert "Филиал: было Тбилиси → станет Батуми" in card["text"]
    assert "Подтверждает: Нино Беридзе" in card["text"]
    copy = talk.seen(NINO)[-1]
    assert "Подтверждает: вы" in copy["text"]
    toast = await talk.telegram.press(LASHA, "dm", int(card["id"]), 0)
    assert toast is not None
    assert "Это может: руководитель филиала" in toast
    await talk.quiet()
    assert ledger(talk) == []
    assert (
        await talk.core.db.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'button.press' AND outcome = 'not_allowed'") == 1
    )
    done = await talk.press(NINO, copy, "Перевести в: Батуми")
    assert "✅ Перегон · Prius 417" in done["text"]
    assert "Подтверждение: Нино Беридзе" in shown(talk, LASHA, card)["text"]
    assert ledger(talk) == ["update_car"]
    assert (
        await talk.core.db.fetchval("SELECT b.code FROM car c JOIN branch b ON b.id = c.branch_id WHERE c.code = 'Prius 417'")
        == "batumi"
    )


async def test_whoever_was_dismissed_meanwhile_approves_nothing(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    await talk.core.db.execute("UPDATE employee SET dismissed_at = now() WHERE name = $1", LASHA)
    await talk.telegram.press(LASHA, "dm", int(card["id"]), 0)
    await talk.quiet()
    assert ledger(talk) == []
    assert await talk.core.db.fetchval("SELECT state FROM approval") == "waiting"


async def test_two_different_people_cancel_what_was_paid(talk: Talk) -> None:
    await talk.rentprog.change("create_booking", {"car": "Jimny 077", "client": "70007", "start": "20", "days": "12"})
    await talk.quiet()
    number = max(int(b["number"]) for b in talk.rentprog.data.bookings.values())
    card = await card_of(talk, NINO, f"отмени бронь {number}")
    assert "Уже оплачено 1 800,00 ₾" in card["text"]
    assert "нужны двое" in card["text"]
    once = await talk.press(NINO, card, 0)
    assert "Первое подтверждение: Нино Беридзе, 14:30" in once["text"]
    await talk.telegram.press(NINO, "dm", int(card["id"]), 0)
    await talk.quiet()
    assert ledger(talk) == [], "one person is never two"
    assert "Второе даёт другой человек" in talk.seen(NINO)[-1]["text"]
    done = await talk.press(TAMAR, talk.seen(TAMAR)[-1], 0)
    assert "✅ Отмена брони" in done["text"]
    assert "Подтверждение: Нино Беридзе, Тамар Ломидзе" in done["text"]
    assert ledger(talk) == ["booking_status"]


@pytest.mark.slow
@pytest.mark.parametrize("key", [True, False], ids=["mcp", "public"])
async def test_a_lost_answer_after_the_work_was_done_doubles_nothing(servers: Servers, tmp_path: Path, key: bool) -> None:
    extra: dict[str, Any] = {} if key else {"mcp_key": None}
    async with open_talk(servers, tmp_path, **extra) as talk:
        card = await card_of(talk, LASHA, EXTEND)
        talk.rentprog.faults.start("lose_answer", {"times": 1, "seconds": 4})
        await talk.telegram.press(LASHA, "dm", int(card["id"]), 0)

        async def done() -> bool:
            return "✅" in shown(talk, LASHA, card)["text"]

        await until(done, seconds=20)
        assert ledger(talk) == ["extend_booking" if key else "update_booking"]
        assert end_of(talk) == "15-03-2026 12:00"


@pytest.mark.slow
async def test_an_outcome_that_rentprog_does_not_know_is_a_persons_to_say(talk: Talk) -> None:
    for word, ends in (("Сделано", "✅ Продление"), ("Не сделано", "Проверено человеком: в RentProg этого нет")):
        talk.rentprog.faults.stop()
        card = await card_of(talk, LASHA, EXTEND)
        talk.rentprog.faults.start("outcome_unknown", {})
        await talk.telegram.press(LASHA, "dm", int(card["id"]), 0)
        await asked_about(talk, card)
        seen = shown(talk, LASHA, card)
        assert seen["buttons"] == [["Сделано", "Не сделано", "Повторить"]]
        inbox = await talk.ask(LASHA, "/inbox")
        assert "Неясно, прошло ли" in inbox["text"]
        settled = await talk.press(LASHA, shown(talk, LASHA, card), word)
        assert ends in settled["text"], settled["text"]
        assert await talk.core.db.fetchval("SELECT count(*) FROM audit_entry WHERE outcome LIKE 'resolved:%'") >= 1
    assert ledger(talk) == []


@pytest.mark.slow
async def test_repeating_an_unknown_outcome_is_a_persons_word_too(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    talk.rentprog.faults.start("outcome_unknown", {})
    await talk.telegram.press(LASHA, "dm", int(card["id"]), 0)
    await asked_about(talk, card)
    talk.rentprog.faults.stop()
    done = await talk.press(LASHA, shown(talk, LASHA, card), "Повторить")
    assert "✅ Продление" in shown(talk, LASHA, done)["text"]
    assert ledger(talk) == ["extend_booking"]


async def test_a_collision_is_refused_with_what_is_possible(talk: Talk) -> None:
    await talk.ask(LASHA, "где малибу 235?")
    refused = await talk.ask(LASHA, "продли 1200 до 16.03")
    for part in ("до пн 16.03, 12:00 нельзя", "выдача №1201", "1. До пн 16.03, 08:00: +200,00 ₾ (2 сут × 100 ₾)",
                 "2. До пн 16.03, 12:00, а №1201 пересадить на Corolla"):  # fmt: skip
        assert part in refused["text"], refused["text"]
    card = await talk.press(LASHA, refused, "Пересадить №1201")
    assert "2 изм., всё вместе" in card["text"]
    assert "1. Изменение брони: 📅 №1201" in card["text"]
    assert "2. Продление: 📅 №1200" in card["text"]
    done = await talk.press(LASHA, card, "Выполнить всё")
    assert "Выполнено 2 из 2" in done["text"]
    assert ledger(talk) == ["update_booking", "extend_booking"]
    shorter = await card_of(talk, LASHA, "продли 1200 до 18.03 09:00")
    assert "❓ Подтвердите: Продление" in shorter["text"], "the way is free now"


@pytest.mark.slow
async def test_two_roles_one_card_and_a_second_step_that_fails_is_offered_again(talk: Talk) -> None:
    card = await card_of(talk, NINO, "перегони PR417KX в Батуми и запиши в бронь 1202: вернут в Батуми")
    assert "2 изм., всё вместе" in card["text"]
    assert "Заметка: «вернут в Батуми»" in card["text"]
    talk.rentprog.operations.levels["crm"] = "read"
    partial = await talk.press(NINO, card, "Выполнить всё")
    assert "Выполнено 1 из 2" in partial["text"]
    assert "1. ✅ Перегон · Prius 417" in partial["text"]
    assert "⛔ Не выполнено: Заметка в брони" in partial["text"]
    assert ledger(talk) == ["update_car"]
    talk.rentprog.operations.levels["crm"] = "preview"
    again = await talk.press(NINO, partial, "Повторить п. 2")
    assert "❓ Подтвердите: Заметка в брони" in again["text"]
    await talk.press(NINO, again, 0)
    assert ledger(talk) == ["update_car", "update_booking"]


async def test_a_first_step_that_fails_stops_the_second(talk: Talk) -> None:
    card = await card_of(talk, NINO, "перегони PR417KX в Батуми и запиши в бронь 1202: вернут в Батуми")
    talk.rentprog.operations.levels["fleet"] = "read"
    stopped = await talk.press(NINO, card, "Выполнить всё")
    assert "Выполнено 0 из 2" in stopped["text"]
    assert "Предыдущий шаг не выполнен" in stopped["text"]
    assert ledger(talk) == []


async def test_a_record_that_changed_under_its_preview_is_not_written_over(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    talk.rentprog.faults.start("stale", {})
    failed = await talk.press(LASHA, card, 0)
    assert "⛔ Не выполнено: Продление" in failed["text"]
    assert "В RentProg запись изменилась, пока ждали. Ничего не изменено." in failed["text"]
    assert failed["buttons"] == [["Подготовить заново"]]


async def test_a_preview_that_ran_out_is_made_again_and_written_once(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    talk.rentprog.faults.start("expire_preview", {"times": 1})
    done = await talk.press(LASHA, card, 0)
    assert "✅ Продление · №1200" in done["text"]
    assert ledger(talk) == ["extend_booking"]
    assert end_of(talk) == "15-03-2026 12:00"


async def test_a_preview_that_ran_out_over_another_state_writes_nothing(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    talk.rentprog.faults.start("expire_preview", {"times": 1})
    talk.rentprog.data.bookings[80001]["rental_cost"] += 50
    talk.rentprog.data.bookings[80001]["total"] += 50
    done = await talk.press(LASHA, card, 0)
    assert "✅" not in done["text"]
    assert ledger(talk) == []


async def test_a_typed_yes_confirms_nothing(talk: Talk) -> None:
    await card_of(talk, LASHA, EXTEND)
    for word in ("да", "ок", "го"):
        assert "текст не подтверждение. Она ждёт до 15:00" in (await talk.ask(LASHA, word))["text"]
    assert ledger(talk) == []
    inbox = await talk.ask(LASHA, "/inbox")
    assert "Ждёт вас: 1" in inbox["text"]
    assert "Продление · №1200 · Malibu 235 · от: Лаша Гогуадзе · до 15:00" in inbox["text"]
    older = next(m for m in reversed(talk.seen(LASHA)) if "Подтвердите" in m["text"])
    opened = await talk.press(LASHA, inbox, "Открыть 1")
    moved = next(m for m in talk.seen(LASHA) if m["id"] == older["id"])
    assert "Эта карточка открыта заново ниже" in moved["text"]
    assert not moved["buttons"]
    assert "✅" in (await talk.press(LASHA, opened, 0))["text"]


async def test_a_forwarded_order_shows_whose_words_took_part(talk: Talk) -> None:
    talk.telegram.send(LASHA, "dm", EXTEND, forward_from="Олег Рудин")
    await talk.quiet()
    card = talk.seen(LASHA)[-1]
    assert "⚠️ В основе текст клиента: «продли 1200 до 15.03»" in card["text"]
    assert await talk.core.db.fetchval("SELECT tainted FROM approval")


async def test_pending_is_said_and_the_message_is_edited_when_it_lands(talk: Talk) -> None:
    card = await card_of(talk, LASHA, EXTEND)
    talk.rentprog.faults.start("slow", {"seconds": 1.5})
    await talk.telegram.press(LASHA, "dm", int(card["id"]), 0)

    async def sent() -> bool:
        return "⏳" in shown(talk, LASHA, card)["text"]

    await until(sent)
    assert "Повторять не нужно: результат появится здесь." in shown(talk, LASHA, card)["text"]
    talk.rentprog.faults.stop()
    await talk.quiet(20)
    assert "✅" in shown(talk, LASHA, card)["text"]


def lying(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    blocks = [{"kind": "text", "text": "Готово, бронь 1200 продлена до 15.03 ✅"}]
    return ModelResponse(parts=[ToolCallPart(info.output_tools[0].name, {"blocks": blocks})])


async def test_a_model_that_claims_what_it_did_not_do_is_not_heard(servers: Servers, tmp_path: Path) -> None:
    async with open_talk(servers, tmp_path, models={"bookings": FunctionModel(lying)}) as talk:
        answer = await talk.ask(LASHA, EXTEND)
        for word in ("Готово", "продлена", "✅"):
            assert word not in answer["text"]
        assert ledger(talk) == []


async def test_the_mechanic_may_not_extend_and_hears_who_may(talk: Talk) -> None:
    answer = await talk.ask(GIORGI, "продли 1207 до 20.03")
    assert "⛔ Продление брони: не для вашей роли" in answer["text"]
    assert ledger(talk) == []


@pytest.mark.slow
async def test_reading_only_and_shadow_are_said_and_kept(talk: Talk) -> None:
    pavel = await talk.core.staff.actor_by_name("Павел Дёмин")
    card = await card_of(talk, LASHA, EXTEND)

    async def throw(scope: str, mode: str, name: str = "") -> None:
        await talk.core.switches.throw(scope, name, mode, by=pavel, by_name=pavel.name, reason=None)

    for scope, name in (("all", ""), ("branch", "tbilisi"), ("tool", "extend_booking"), ("agent", "bookings")):
        await throw(scope, "read_only", name)
        answer = await talk.ask(LASHA, EXTEND)
        assert "⛔ Сейчас только чтение: изменения отключены" in answer["text"]
        assert "Отключение: Павел Дёмин" in answer["text"]
        assert "Malibu 235" in (await talk.ask(LASHA, "где малибу 235?"))["text"], "reading goes on"
        waits = await talk.press(LASHA, card, 0)
        assert "Карточка подождёт до 15:00" in waits["text"]
        assert "Сейчас только чтение" in (await talk.ask(LASHA, "/help"))["text"]
        await throw(scope, "on", name)
    assert ledger(talk) == []
    await throw("effect", "shadow", "rentprog.*@tbilisi")
    noted = await talk.press(LASHA, card, 0)
    assert "Режим тени: только записано, не отправлено" in noted["text"]
    assert ledger(talk) == []
    assert await talk.core.db.fetchval("SELECT count(*) FROM effect WHERE state = 'shadow' AND branch = 'tbilisi'") == 1
    await throw("effect", "on", "rentprog.*@tbilisi")
    assert await talk.core.db.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'switch'") == 10
    card = await card_of(talk, LASHA, EXTEND)
    await throw("agent", "off", "fleet")
    assert "Сейчас отключено (fleet)" in (await talk.ask(LASHA, "где малибу 235?"))["text"]
    assert "✅" in (await talk.press(LASHA, card, 0))["text"]


async def test_reading_only_holds_an_undo_too(talk: Talk) -> None:
    done = await talk.press(LASHA, await card_of(talk, LASHA, EXTEND), 0)
    await talk.core.switches.throw("all", "", "read_only", by=None, by_name="test", reason=None)
    await talk.telegram.press(LASHA, "dm", int(done["id"]), 0)

    async def waits() -> bool:
        return "⏳ Отменяю" in shown(talk, LASHA, done)["text"]

    await until(waits)
    assert ledger(talk) == ["extend_booking"]
    await talk.core.switches.throw("all", "", "on", by=None, by_name="test", reason=None)

    async def undone() -> bool:
        return "↩️" in shown(talk, LASHA, done)["text"]

    await until(undone, seconds=15)
    assert ledger(talk) == ["extend_booking", "update_booking"]


async def test_an_undo_of_unknown_outcome_is_asked_about(talk: Talk) -> None:
    done = await talk.press(LASHA, await card_of(talk, LASHA, EXTEND), 0)
    talk.rentprog.faults.start("outcome_unknown", {})
    await talk.telegram.press(LASHA, "dm", int(done["id"]), 0)
    await asked_about(talk, done)
    talk.rentprog.faults.stop()
    settled = await talk.press(LASHA, shown(talk, LASHA, done), "Повторить")
    assert "↩️" in settled["text"]
