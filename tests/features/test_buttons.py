"""Presses find their owners through what is stored; buttons of older versions still mean what they
meant or are said to be out of date, and a press that was interrupted goes on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest

from jarvis.domains.approvals.payloads import UndoItem
from jarvis.domains.staff.service import StaffService
from jarvis.engine.effects import Origin
from jarvis.engine.interactions import ANYBODY, Interactions, NewButton
from jarvis.kit.ids import new_id
from jarvis.messaging import outbox
from jarvis.messaging.callbacks import Callbacks
from jarvis.messaging.markup import escape
from jarvis.messaging.payloads import Ask
from jarvis.messaging.view import Button
from jarvis.testing.app import RunningApp
from jarvis.testing.feature import running_feature
from jarvis.testing.servers import Servers
from tests.scenes.acting import EXTEND, card_of, decisions_of_before, ledger
from tests.scenes.payloads import largest, payloads
from tests.scenes.people import GROUP, LASHA, NINO

OUTDATED = "Кнопка устарела, спросите ещё раз"
ID = str(uuid4())
# As no version stored them, or as it can no longer be known what was meant.
OLD = (
    ("ask", ""),
    ("page", "rows"),
    ("report_of", f"xml|{ID}"),
    ("subscribe", "nowhere"),
    ("settings", "language:xx"),
    ("approve", "yes"),
    ("gone", ID),
    ("car", "toyota"),
    ("task", f'{{"task_id": "{ID}", "done": true, "by": "{ID}"}}'),
    ("settings.language", '{"language": "xx"}'),
    ("news.mode", "{}"),
)


@pytest.fixture(scope="module")
async def app(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[RunningApp]:
    async with running_feature(servers, tmp_path_factory.mktemp("buttons")) as running:
        yield running


async def show(
    app: RunningApp, rows: list[list[NewButton]], name: str, chat: str = "dm"
) -> dict[str, object]:
    """A message of ours with these buttons, as Nino sees it."""
    state = app.telegram.state
    place = state.chat_of(state.person(NINO), chat)
    chat_id = state.person(NINO).id if chat == "dm" else place.marked_id
    async with app.core.db.transaction() as tx:
        stored = await Interactions(app.core.db, app.core.clock).store(
            tx, rows, group=name, who=ANYBODY, life=None
        )
        origin = Origin(event_id=None, trace_id=new_id().hex)
        await outbox.send(tx, origin, chat_id, escape(name), buttons=stored, key=name)
    await app.quiet()
    return app.seen(NINO, chat)[-1]


async def outdated(app: RunningApp) -> int:
    return await app.core.db.fetchval(
        "SELECT count(*) FROM audit_entry WHERE action = 'button.press' AND outcome = 'outdated'"
    )


async def test_buttons_that_mean_nothing_any_more_are_said_to_be_out_of_date(
    app: RunningApp,
) -> None:
    rows = [[NewButton(label=f"{n}", kind=k, choice=c)] for n, (k, c) in enumerate(OLD)]
    message = await show(app, rows, "old buttons")
    for number in range(len(OLD)):
        await app.telegram.press(NINO, "dm", int(str(message["id"])), number)
    await app.quiet()
    said = [m["text"] for m in app.seen(NINO) if int(m["id"]) > int(str(message["id"]))]
    assert said == [OUTDATED] * len(OLD), "none settles its neighbours"
    assert await outdated(app) == len(OLD)
    assert not await app.core.db.fetchval("SELECT count(*) FROM delivery WHERE state = 'dead'")


async def test_a_card_that_hung_in_the_chat_before_the_upgrade_is_decided_and_taken_back(
    app: RunningApp,
) -> None:
    card = await card_of(app, LASHA, EXTEND)
    await decisions_of_before(app)
    done = await app.press(LASHA, card, 0)
    assert "✅" in done["text"]
    await app.core.db.execute(
        """UPDATE interaction SET kind = 'undo', choice = choice::json->>'item_id'
            WHERE kind = $1""",
        UndoItem.kind,
    )
    await app.press(LASHA, done, "Отменить")
    assert ledger(app) == ["extend_booking", "update_booking"]


async def test_a_form_that_was_open_before_the_upgrade_is_shown_anew(app: RunningApp) -> None:
    forms = await app.ask(NINO, "/form")
    form = await app.press(NINO, forms, 0)
    former = "UPDATE interaction SET kind = 'form', choice = 'pick|' || $1 || '|' || kind"
    form_id = await app.core.db.fetchval("SELECT id::text FROM form")
    await app.core.db.execute(f"{former} WHERE kind LIKE 'form.%' AND used_at IS NULL", form_id)
    before = await outdated(app)
    await app.press(NINO, form, 0)
    anew = next(m for m in app.seen(NINO) if m["id"] == form["id"])
    assert (anew["text"], anew["buttons"]) == (form["text"], form["buttons"])
    changed = await app.press(NINO, anew, 0)
    assert (changed["text"], changed["buttons"]) != (form["text"], form["buttons"])
    assert await outdated(app) == before


async def test_a_request_is_passed_on_in_the_transaction_that_uses_its_button_up(
    app: RunningApp,
) -> None:
    row = outbox.stored_form([[Button(label="?", payload=Ask(request="где малибу 235?"))]])
    await app.press(NINO, await show(app, row, "at once"), 0)
    assert await app.core.db.fetchval(
        """SELECT i.xmin::text = e.xmin::text FROM interaction i, event e
            WHERE i.group_key = 'at once' AND e.kind = 'request.asked'
              AND e.parent_event_id = i.used_by_event_id"""
    )


async def test_an_unknown_command_is_answered_by_the_help(app: RunningApp) -> None:
    known, unknown = await app.ask(NINO, "/help"), await app.ask(NINO, "/nonsense now")
    assert unknown["text"] == known["text"]
    assert unknown["buttons"] == known["buttons"]


async def test_in_a_group_it_is_said_to_who_pressed(app: RunningApp) -> None:
    message = await show(app, [[NewButton(label="?", kind="car", choice="toyota")]], "old", GROUP)
    answer = await app.press(NINO, message, 0, GROUP)
    assert answer["text"] == OUTDATED
    assert answer["reply_to"] == message["id"]


async def test_every_payload_is_stored_and_read_by_its_owner(app: RunningApp) -> None:
    most = [largest(payload) for payload in payloads()]
    buttons = [[Button(label=p.kind, payload=p)] for p in most]
    interactions = Interactions(app.core.db, app.core.clock)
    nino = await app.core.get(StaffService).actor_of_telegram(app.telegram.state.person(NINO).id)
    async with app.core.db.transaction() as tx:
        stored = await interactions.store(
            tx, outbox.stored_form(buttons), group="every payload", who=ANYBODY, life=None
        )
    for payload, (button,) in zip(most, stored, strict=True):
        assert len(button["token"].encode()) <= 64, "what Telegram takes behind a button"
        seen = await interactions.look(button["token"], nino)
        assert app.core.get(Callbacks).read(seen.kind, seen.choice) == payload


async def test_a_press_that_was_interrupted_goes_on_and_is_answered_once(app: RunningApp) -> None:
    row = outbox.stored_form([[Button(label="?", payload=Ask(request="где малибу 235?"))]])
    message, before = await show(app, row, "to be interrupted"), await outdated(app)
    assert "Malibu 235" in (await app.press(NINO, message, 0))["text"]
    seen = [m["text"] for m in app.seen(NINO)]
    # its worker stopped before it had noted the end
    event_id = await app.core.db.fetchval(
        """UPDATE delivery SET state = 'pending', finished_at = NULL WHERE id =
             (SELECT id FROM delivery WHERE subscriber = 'inbox.press' ORDER BY event_seq DESC
               LIMIT 1) RETURNING event_id"""
    )
    await app.quiet()
    delivery = "SELECT state FROM delivery WHERE event_id = $1 AND subscriber = 'inbox.press'"
    assert await app.core.db.fetchval(delivery, event_id) == "done"
    assert [m["text"] for m in app.seen(NINO)] == seen, "asked for once"
    assert await outdated(app) == before
