"""Stored buttons: once, for whom they are, and the same press again after an interruption."""

from __future__ import annotations

from uuid import uuid4

from jarvis.domains.conversations.service import ConversationService, NewButton
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Database
from jarvis.engine.journal import Journal
from jarvis.kit.actor import Role
from jarvis.kit.clock import OffsetClock


async def test_an_interrupted_press_goes_on_and_a_second_tap_does_not(db: Database) -> None:
    clock = OffsetClock()
    conversations = ConversationService(db, clock)
    person = await StaffService(db, clock).add(name="A", role=Role.EMPLOYEE, branch="batumi", all_branches=False, language="ru")
    journal = Journal(db)
    first = (await journal.accept(source="t", kind="k", dedup_key="1", payload={})).event_id
    second = (await journal.accept(source="t", kind="k", dedup_key="2", payload={})).event_id
    async with db.transaction() as tx:
        rows = [[NewButton(label="yes", kind="ask", choice="yes"), NewButton(label="no", kind="ask", choice="no")]]
        ((yes, no),) = await conversations.store_buttons(tx, rows, group="g", employee_id=person, conversation_id=None)

    async def use(token: str, employee: object, event: object) -> tuple[str, str]:
        async with db.transaction() as tx:
            pressed = await conversations.use(tx, token, employee, event)  # pyright: ignore[reportArgumentType]  # ids below
        return pressed.state, pressed.choice

    assert await use(yes["token"], uuid4(), first) == ("other_person", "")
    assert await use(yes["token"], person, first) == ("ok", "yes")
    assert await use(yes["token"], person, first) == ("ok", "yes"), "the same press, handled again"
    assert await use(yes["token"], person, second) == ("used", "")
    assert await use(no["token"], person, second) == ("used", ""), "its neighbour is settled with it"
    assert await use("unknown", person, second) == ("unknown", "")
