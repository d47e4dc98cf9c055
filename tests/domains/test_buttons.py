"""Stored buttons: once, for whom they are, and the same press again after an interruption."""

from __future__ import annotations

from uuid import UUID

from jarvis.domains.staff.administration import StaffAdministration
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Database
from jarvis.engine.interactions import DECISION_LIFE, Interactions, NewButton, Who
from jarvis.engine.journal import Journal
from jarvis.kit.actor import Actor, Role
from jarvis.kit.clock import OffsetClock


async def _people(db: Database, clock: OffsetClock, *roles: Role) -> list[Actor]:
    staff, administration = StaffService(db), StaffAdministration(db, clock)
    found: list[Actor] = []
    for role in roles:
        person = await administration.add(
            name=role.value, role=role, branch="batumi", all_branches=False, language="ru"
        )
        actor = await staff.actor(person)
        assert actor is not None
        found.append(actor)
    return found


async def _events(db: Database) -> tuple[UUID, UUID]:
    journal = Journal(db)
    first = (await journal.accept(source="t", kind="k", dedup_key="1", payload={})).event_id
    return first, (await journal.accept(source="t", kind="k", dedup_key="2", payload={})).event_id


async def test_an_interrupted_press_goes_on_and_a_second_tap_does_not(db: Database) -> None:
    clock = OffsetClock()
    interactions = Interactions(db, clock)
    person, other = await _people(db, clock, Role.EMPLOYEE, Role.MECHANIC)
    first, second = await _events(db)
    async with db.transaction() as tx:
        rows = [
            [
                NewButton(label="yes", kind="ask", choice="yes"),
                NewButton(label="no", kind="ask", choice="no"),
            ]
        ]
        ((yes, no),) = await interactions.store(
            tx, rows, group="g", who=Who(employee_id=person.employee_id), life=DECISION_LIFE
        )

    async def use(token: str, actor: Actor | None, event: UUID) -> tuple[str, str]:
        async with db.transaction() as tx:
            pressed = await interactions.use(tx, token, actor, event)
        return pressed.state, pressed.choice

    assert len(yes["token"].encode()) <= 64
    assert (await use(yes["token"], other, first))[0] == "not_allowed"
    assert (await use(yes["token"], None, first))[0] == "not_allowed", (
        "whoever has left may press nothing"
    )
    assert await use(yes["token"], person, first) == ("ok", "yes")
    assert await use(yes["token"], person, first) == ("ok", "yes"), "the same press, handled again"
    assert (await use(yes["token"], person, second))[0] == "used"
    assert (await use(no["token"], person, second))[0] == "used", "its neighbour is settled with it"
    assert (await use("unknown", person, second))[0] == "unknown"


async def test_a_button_of_roles_asks_for_role_and_branch_and_ends_in_time(db: Database) -> None:
    clock = OffsetClock()
    interactions = Interactions(db, clock)
    head, employee = await _people(db, clock, Role.BRANCH_HEAD, Role.EMPLOYEE)
    async with db.transaction() as tx:
        rows = [[NewButton(label="yes", kind="x", choice="yes")]]
        ((here,),) = await interactions.store(
            tx,
            rows,
            group="here",
            who=Who(roles=frozenset({Role.BRANCH_HEAD}), branch="batumi"),
            life=DECISION_LIFE,
        )
        ((there,),) = await interactions.store(
            tx,
            rows,
            group="there",
            who=Who(roles=frozenset({Role.BRANCH_HEAD}), branch="kutaisi"),
            life=None,
        )
    assert (await interactions.look(here["token"], head)).state == "ok"
    assert (await interactions.look(here["token"], employee)).state == "not_allowed"
    assert (await interactions.look(there["token"], head)).state == "not_allowed"
    clock.offset_s += DECISION_LIFE.total_seconds() + 60
    assert (await interactions.look(here["token"], head)).state == "expired"
