"""People have Jarvis change RentProg: the chat and RentProg's own ledger are the assertions."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from jarvis.domains.conversations.queries import finished_run
from jarvis.domains.staff.service import StaffService
from jarvis.engine.approvals import RESUME
from jarvis.engine.journal import Journal
from jarvis.engine.switches import Switches
from jarvis.kit.canon import digest
from jarvis.testing.app import RunningApp
from jarvis.testing.core import move_clock, until
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.acting import EXTEND, card_of, end_of, ledger, shown
from tests.scenes.people import GIORGI, LASHA, NINO, TAMAR


@pytest.fixture
async def app(servers: Servers, tmp_path: Path) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path) as running:
        yield running


async def test_declined_and_expired_cards_change_nothing(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    declined = await app.press(LASHA, card, "Отклонить")
    assert "⛔ Отклонено: Продление · №1200" in declined["text"]
    app.start("scheduler")
    card = await card_of(app, LASHA, EXTEND)
    await move_clock(app.core, timedelta(minutes=31))

    async def gone() -> bool:
        return "Срок вышел" in shown(app, LASHA, card)["text"]

    await until(gone)
    expired = shown(app, LASHA, card)
    assert "До 15:00 решения не было, ничего не изменено." in expired["text"]
    assert expired["buttons"] == [["Подготовить заново"]]
    again = await app.press(LASHA, expired, 0)
    assert "❓ Подтвердите: Продление" in again["text"]
    assert ledger(app) == []


async def test_an_order_from_a_shell_is_confirmed_in_the_private_chat(app: RunningApp) -> None:
    actor = await app.core.get(StaffService).actor_by_name(LASHA)
    accepted = await app.core.get(Journal).accept(
        source="cli",
        kind="ask.employee",
        dedup_key="shell",
        ordering_key="cli",
        payload={"employee_id": str(actor.employee_id), "text": EXTEND},
    )
    await app.quiet()
    run = await finished_run(app.core.db, accepted.event_id)
    assert run is not None
    assert "Карточка ждёт решения в личном чате" in run["answer_text"]
    card = app.seen(LASHA)[-1]
    assert "❓ Подтвердите: Продление" in card["text"]
    await app.press(LASHA, card, 0)
    assert ledger(app) == ["extend_booking"]


async def test_a_double_tap_is_one_extension(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    for _ in range(3):
        await app.telegram.press(LASHA, "dm", int(card["id"]), 0)
    await app.quiet()
    assert ledger(app) == ["extend_booking"]
    assert "✅" in shown(app, LASHA, card)["text"]


async def test_a_webhook_that_changes_the_booking_voids_the_card_and_mileage_does_not(
    app: RunningApp,
) -> None:
    card = await card_of(app, LASHA, EXTEND)
    await app.rentprog.change("set_mileage", {"car": "Malibu 235", "mileage": 126_500})
    await app.quiet()
    assert "❓ Подтвердите" in shown(app, LASHA, card)["text"], "mileage is not on the card"
    await app.rentprog.change("extend_booking", {"booking": "1200", "days": "1"})
    await app.quiet()
    void = shown(app, LASHA, card)
    assert "⌛ Карточка устарела: Продление · №1200" in void["text"]
    assert "изменилось: Возврат сб 14.03, 12:00 → вс 15.03, 12:00" in void["text"]
    assert void["buttons"] == [["Подготовить заново"]]
    assert ledger(app) == []


async def test_a_change_that_no_webhook_told_of_voids_the_card_at_the_press(
    app: RunningApp,
) -> None:
    card = await card_of(app, LASHA, EXTEND)
    app.rentprog.faults.start("drop", {})
    await app.rentprog.change("extend_booking", {"booking": "1200", "days": "1"})
    app.rentprog.faults.stop()
    void = await app.press(LASHA, card, 0)
    assert "Карточка устарела" in void["text"]
    assert ledger(app) == []


async def test_arguments_changed_behind_the_card_void_it(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    await app.core.db.execute(
        """UPDATE approval_item SET write = jsonb_set(write, '{args,arguments,end_date}',
            '"30-03-2026 12:00"')"""
    )
    void = await app.press(LASHA, card, 0)
    assert "не сходится с записанным" in void["text"]
    assert ledger(app) == []
    assert (
        await app.core.db.fetchval(
            "SELECT count(*) FROM audit_entry WHERE action = 'approval.decide' AND outcome = "
            "'tampered'"
        )
        == 1
    )


async def test_an_undo_changed_behind_its_button_does_nothing(app: RunningApp) -> None:
    done = await app.press(LASHA, await card_of(app, LASHA, EXTEND), 0)
    await app.core.db.execute(
        """UPDATE approval_item SET write = jsonb_set(write, '{undo,arguments,end_at}',
            '"01-03-2026 12:00"')"""
    )
    await app.press(LASHA, done, "Отменить")
    assert ledger(app) == ["extend_booking"]
    assert end_of(app) == "15-03-2026 12:00"
    assert (
        await app.core.db.fetchval("SELECT outcome FROM audit_entry WHERE action = 'approval.undo'")
        == "tampered"
    )


async def test_a_changed_history_carries_out_only_what_the_card_showed(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    await app.core.db.execute(
        """UPDATE approval_history SET messages = replace(messages::text, '2026-03-15',
            '2026-04-30')::jsonb"""
    )
    done = await app.press(LASHA, card, 0)
    assert "✅ Продление" in done["text"]
    assert end_of(app) == "15-03-2026 12:00"
    assert ledger(app) == ["extend_booking"]
    assert (
        await app.core.db.fetchval(
            "SELECT count(*) FROM audit_entry WHERE action = 'tool.extend_booking' AND outcome = "
            "'denied'"
        )
        == 1
    )


async def test_another_person_approves_and_every_copy_shows_it(app: RunningApp) -> None:
    card = await card_of(app, LASHA, "перегони PR417KX в Батуми")
    assert "Филиал: было Тбилиси → станет Батуми" in card["text"]
    assert "Подтверждает: Нино Беридзе" in card["text"]
    copy = app.seen(NINO)[-1]
    assert "Подтверждает: вы" in copy["text"]
    toast = await app.telegram.press(LASHA, "dm", int(card["id"]), 0)
    assert toast is not None
    assert "Это может: руководитель филиала" in toast
    await app.quiet()
    assert ledger(app) == []
    assert (
        await app.core.db.fetchval(
            "SELECT count(*) FROM audit_entry WHERE action = 'button.press' AND outcome = "
            "'not_allowed'"
        )
        == 1
    )
    done = await app.press(NINO, copy, "Перевести в: Батуми")
    assert "✅ Перегон · Prius 417" in done["text"]
    assert "Подтверждение: Нино Беридзе" in shown(app, LASHA, card)["text"]
    assert ledger(app) == ["update_car"]
    assert (
        await app.core.db.fetchval(
            "SELECT b.code FROM car c JOIN branch b ON b.id = c.branch_id WHERE c.code = 'Prius "
            "417'"
        )
        == "batumi"
    )


async def test_whoever_was_dismissed_meanwhile_approves_nothing(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    await app.core.db.execute("UPDATE employee SET dismissed_at = now() WHERE name = $1", LASHA)
    await app.telegram.press(LASHA, "dm", int(card["id"]), 0)
    await app.quiet()
    assert ledger(app) == []
    assert await app.core.db.fetchval("SELECT state FROM approval") == "waiting"


async def test_two_different_people_cancel_what_was_paid(app: RunningApp) -> None:
    await app.rentprog.change(
        "create_booking", {"car": "Jimny 077", "client": "70007", "start": "20", "days": "12"}
    )
    await app.quiet()
    number = max(int(b["number"]) for b in app.rentprog.data.bookings.values())
    card = await card_of(app, NINO, f"отмени бронь {number}")
    assert "Уже оплачено 1 800,00 ₾" in card["text"]
    assert "нужны двое" in card["text"]
    once = await app.press(NINO, card, 0)
    assert "Первое подтверждение: Нино Беридзе, 14:30" in once["text"]
    await app.telegram.press(NINO, "dm", int(card["id"]), 0)
    await app.quiet()
    assert ledger(app) == [], "one person is never two"
    assert "Второе даёт другой человек" in app.seen(NINO)[-1]["text"]
    done = await app.press(TAMAR, app.seen(TAMAR)[-1], 0)
    assert "✅ Отмена брони" in done["text"]
    assert "Подтверждение: Нино Беридзе, Тамар Ломидзе" in done["text"]
    assert ledger(app) == ["booking_status"]


async def test_a_collision_is_refused_with_what_is_possible(app: RunningApp) -> None:
    await app.ask(LASHA, "где малибу 235?")
    refused = await app.ask(LASHA, "продли 1200 до 16.03")
    for part in (
        "до пн 16.03, 12:00 нельзя",
        "выдача №1201",
        "1. До пн 16.03, 08:00: +200,00 ₾ (2 сут × 100 ₾)",
        "2. До пн 16.03, 12:00, а №1201 пересадить на Corolla",
    ):
        assert part in refused["text"], refused["text"]
    card = await app.press(LASHA, refused, "Пересадить №1201")
    assert "2 изм., всё вместе" in card["text"]
    assert "1. Изменение брони: 📅 №1201" in card["text"]
    assert "2. Продление: 📅 №1200" in card["text"]
    done = await app.press(LASHA, card, "Выполнить всё")
    assert "Выполнено 2 из 2" in done["text"]
    assert ledger(app) == ["update_booking", "extend_booking"]
    shorter = await card_of(app, LASHA, "продли 1200 до 18.03 09:00")
    assert "❓ Подтвердите: Продление" in shorter["text"], "the way is free now"


@pytest.mark.slow
async def test_two_roles_one_card_and_a_second_step_that_fails_is_offered_again(
    app: RunningApp,
) -> None:
    card = await card_of(
        app, NINO, "перегони PR417KX в Батуми и запиши в бронь 1202: вернут в Батуми"
    )
    assert "2 изм., всё вместе" in card["text"]
    assert "Заметка: «вернут в Батуми»" in card["text"]
    app.rentprog.operations.levels["crm"] = "read"
    partial = await app.press(NINO, card, "Выполнить всё")
    assert "Выполнено 1 из 2" in partial["text"]
    assert "1. ✅ Перегон · Prius 417" in partial["text"]
    assert "⛔ Не выполнено: Заметка в брони" in partial["text"]
    assert ledger(app) == ["update_car"]
    app.rentprog.operations.levels["crm"] = "preview"
    again = await app.press(NINO, partial, "Повторить п. 2")
    assert "❓ Подтвердите: Заметка в брони" in again["text"]
    await app.press(NINO, again, 0)
    assert ledger(app) == ["update_car", "update_booking"]


async def test_a_first_step_that_fails_stops_the_second(app: RunningApp) -> None:
    card = await card_of(
        app, NINO, "перегони PR417KX в Батуми и запиши в бронь 1202: вернут в Батуми"
    )
    app.rentprog.operations.levels["fleet"] = "read"
    stopped = await app.press(NINO, card, "Выполнить всё")
    assert "Выполнено 0 из 2" in stopped["text"]
    assert "Предыдущий шаг не выполнен" in stopped["text"]
    assert ledger(app) == []


async def test_a_record_that_changed_under_its_preview_is_not_written_over(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    app.rentprog.faults.start("stale", {})
    failed = await app.press(LASHA, card, 0)
    assert "⛔ Не выполнено: Продление" in failed["text"]
    assert "В RentProg запись изменилась, пока ждали. Ничего не изменено." in failed["text"]
    assert failed["buttons"] == [["Подготовить заново"]]


async def test_a_preview_that_ran_out_is_made_again_and_written_once(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    app.rentprog.faults.start("expire_preview", {"times": 1})
    done = await app.press(LASHA, card, 0)
    assert "✅ Продление · №1200" in done["text"]
    assert ledger(app) == ["extend_booking"]
    assert end_of(app) == "15-03-2026 12:00"


async def test_a_preview_that_ran_out_over_another_state_writes_nothing(app: RunningApp) -> None:
    card = await card_of(app, LASHA, EXTEND)
    app.rentprog.faults.start("expire_preview", {"times": 1})
    app.rentprog.data.bookings[80001]["rental_cost"] += 50
    app.rentprog.data.bookings[80001]["total"] += 50
    done = await app.press(LASHA, card, 0)
    assert "✅" not in done["text"]
    assert ledger(app) == []


async def test_a_typed_yes_confirms_nothing(app: RunningApp) -> None:
    await card_of(app, LASHA, EXTEND)
    for word in ("да", "ок", "го"):
        assert "текст не подтверждение. Она ждёт до 15:00" in (await app.ask(LASHA, word))["text"]
    assert ledger(app) == []
    inbox = await app.ask(LASHA, "/inbox")
    assert "Ждёт вас: 1" in inbox["text"]
    assert "Продление · №1200 · Malibu 235 · от: Лаша Гогуадзе · до 15:00" in inbox["text"]
    older = next(m for m in reversed(app.seen(LASHA)) if "Подтвердите" in m["text"])
    opened = await app.press(LASHA, inbox, "Открыть 1")
    moved = next(m for m in app.seen(LASHA) if m["id"] == older["id"])
    assert "Эта карточка открыта заново ниже" in moved["text"]
    assert not moved["buttons"]
    assert "✅" in (await app.press(LASHA, opened, 0))["text"]


async def test_a_forwarded_order_shows_whose_words_took_part(app: RunningApp) -> None:
    app.telegram.send(LASHA, "dm", EXTEND, forward_from="Олег Рудин")
    await app.quiet()
    card = app.seen(LASHA)[-1]
    assert "⚠️ В основе текст клиента: «продли 1200 до 15.03»" in card["text"]
    assert await app.core.db.fetchval("SELECT tainted FROM approval")


async def test_the_mechanic_may_not_extend_and_hears_who_may(app: RunningApp) -> None:
    answer = await app.ask(GIORGI, "продли 1207 до 20.03")
    assert "⛔ Продление брони: не для вашей роли" in answer["text"]
    assert ledger(app) == []


async def test_a_hidden_tool_that_a_model_calls_is_on_record_and_changes_no_answer(
    servers: Servers, tmp_path: Path
) -> None:
    curious = True

    def model(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        asked = sum(isinstance(m, ModelResponse) for m in messages) % 3
        assert "list_debts" not in {tool.name for tool in info.function_tools}
        if curious and asked == 0:
            return ModelResponse(parts=[ToolCallPart("list_debts", {"branch": "tbilisi"})])
        if asked == (1 if curious else 0):
            return ModelResponse(parts=[ToolCallPart("car_card", {"name": "малибу 235"})])
        blocks = [{"kind": "facts", "ids": ["f1"]}]
        return ModelResponse(parts=[ToolCallPart(info.output_tools[0].name, {"blocks": blocks})])

    async with running_feature(servers, tmp_path, models={"fleet": FunctionModel(model)}) as app:
        answer = (await app.ask(GIORGI, "где малибу 235?"))["text"]
        ((action, name, details),) = await _denied(app)
        assert (action, name) == ("tool.list_debts", GIORGI)
        assert details["arguments"] == digest({"branch": "tbilisi"})
        curious = False
        await app.ask(GIORGI, "/new")
        assert (await app.ask(GIORGI, "где малибу 235?"))["text"] == answer


async def test_a_right_lost_after_the_approval_leaves_a_refusal_when_the_run_goes_on(
    app: RunningApp,
) -> None:
    await app.press(LASHA, await card_of(app, LASHA, EXTEND), 0)
    approval = await app.core.db.fetchval("SELECT id FROM approval")
    assert await _denied(app) == [], "the run that went on at once had the right"
    for change, reason in (
        ("role = 'mechanic'", "the role mechanic may not use extend_booking"),
        ("dismissed_at = now()", "this person has left the company"),
    ):
        await app.core.db.execute(f"UPDATE employee SET {change} WHERE name = $1", LASHA)
        async with app.core.db.transaction() as tx:
            await app.core.journal.publish(
                tx, kind=RESUME, dedup_key=reason, payload={"approval_id": str(approval)}
            )
        await app.quiet()
        action, name, details = (await _denied(app))[-1]
        assert (action, name) == ("tool.extend_booking", LASHA)
        assert details["reason"] == reason
        assert re.fullmatch(r"[0-9a-f]{64}", details["arguments"])
    assert len(await _denied(app)) == 2
    assert ledger(app) == ["extend_booking"]


@pytest.mark.slow
async def test_reading_only_and_shadow_are_said_and_kept(app: RunningApp) -> None:
    pavel = await app.core.get(StaffService).actor_by_name("Павел Дёмин")
    card = await card_of(app, LASHA, EXTEND)

    async def throw(scope: str, mode: str, name: str = "") -> None:
        await app.core.get(Switches).throw(
            scope, name, mode, by=pavel, by_name=pavel.name, reason=None
        )

    for scope, name in (
        ("all", ""),
        ("branch", "tbilisi"),
        ("tool", "extend_booking"),
        ("agent", "bookings"),
    ):
        await throw(scope, "read_only", name)
        answer = await app.ask(LASHA, EXTEND)
        assert "⛔ Сейчас только чтение: изменения отключены" in answer["text"]
        assert "Отключение: Павел Дёмин" in answer["text"]
        assert "Malibu 235" in (await app.ask(LASHA, "где малибу 235?"))["text"], "reading goes on"
        waits = await app.press(LASHA, card, 0)
        assert "Карточка подождёт до 15:00" in waits["text"]
        assert "Сейчас только чтение" in (await app.ask(LASHA, "/help"))["text"]
        await throw(scope, "on", name)
    assert ledger(app) == []
    await throw("effect", "shadow", "rentprog.*@tbilisi")
    noted = await app.press(LASHA, card, 0)
    assert "Режим тени: только записано, не отправлено" in noted["text"]
    assert ledger(app) == []
    assert (
        await app.core.db.fetchval(
            "SELECT count(*) FROM effect WHERE state = 'shadow' AND branch = 'tbilisi'"
        )
        == 1
    )
    await throw("effect", "on", "rentprog.*@tbilisi")
    assert (
        await app.core.db.fetchval("SELECT count(*) FROM audit_entry WHERE action = 'switch'") == 10
    )
    card = await card_of(app, LASHA, EXTEND)
    await throw("agent", "off", "fleet")
    assert "Сейчас отключено (fleet)" in (await app.ask(LASHA, "где малибу 235?"))["text"]
    assert "✅" in (await app.press(LASHA, card, 0))["text"]


async def test_reading_only_holds_an_undo_too(app: RunningApp) -> None:
    done = await app.press(LASHA, await card_of(app, LASHA, EXTEND), 0)
    await app.core.get(Switches).throw("all", "", "read_only", by=None, by_name="test", reason=None)
    await app.telegram.press(LASHA, "dm", int(done["id"]), 0)

    async def waits() -> bool:
        return "⏳ Отменяю" in shown(app, LASHA, done)["text"]

    await until(waits)
    assert ledger(app) == ["extend_booking"]
    await app.core.get(Switches).throw("all", "", "on", by=None, by_name="test", reason=None)

    async def undone() -> bool:
        return "↩️" in shown(app, LASHA, done)["text"]

    await until(undone, seconds=15)
    assert ledger(app) == ["extend_booking", "update_booking"]


async def _denied(app: RunningApp) -> list[tuple[str, str, dict[str, str]]]:
    """The refusals on record: action, who, details."""
    rows = await app.core.db.fetch(
        """SELECT a.action, e.name, p.body FROM audit_entry a
             JOIN employee e ON e.id = a.actor_employee_id
             JOIN audit_payload p ON p.audit_entry_id = a.id
            WHERE a.outcome = 'denied' ORDER BY a.at, a.id"""
    )
    return [(row["action"], row["name"], json.loads(row["body"])["details"]) for row in rows]
