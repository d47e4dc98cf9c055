"""Names that look like HTML reach people as they are: escaped once in a text, not at all in a
button's label."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from jarvis.domains.approvals.parts import changed
from jarvis.domains.bookings.car_view import car_list
from jarvis.domains.bookings.change_view import BookingPresenter
from jarvis.domains.fleet.facts import CarListFact
from jarvis.domains.fleet.service import Car
from jarvis.domains.staff.change_view import StaffPresenter
from jarvis.engine.freshness import Freshness
from jarvis.engine.planned import CodeChange, PlannedWrite, Subject
from jarvis.kit.actor import Actor, Role
from jarvis.messaging.presenter import Presenter
from jarvis.messaging.view import Reader
from jarvis.orchestrator.reply import safe

NOW = datetime(2026, 3, 12, 10, 30, tzinfo=UTC)
HOSTILE = "<b>A&B</b>"
ESCAPED = "&lt;b&gt;A&amp;B&lt;/b&gt;"
READER = Reader(
    actor=Actor(
        employee_id=UUID(int=1),
        name="Nino",
        role=Role.DIRECTOR,
        branches=frozenset(),
        home_branch=None,
        language="ru",
    ),
    now=NOW,
    language="ru",
    branches={"b": {"ru": HOSTILE}},
)


def test_a_list_shows_names_as_they_are() -> None:
    car = Car(
        id=UUID(int=2),
        branch="b",
        name=HOSTILE,
        code=None,
        plate_key=HOSTILE,
        year=None,
        color=None,
        car_class=None,
        transmission=None,
        fuel=None,
        seats=None,
        mileage_km=None,
        state=1,
        clean=None,
        active=True,
        source_at=NOW,
    )
    fresh = Freshness(source=HOSTILE, as_of=NOW)
    text = car_list(CarListFact(cars=(car,), branch=None, states=(), fresh=fresh), READER).text
    assert text.count("<b>") == 1, "the head of the list"
    assert text.count(ESCAPED) == 4, "name, plate, branch and source"


def test_a_card_shows_a_value_escaped_once_and_its_button_as_it_is() -> None:
    cases: list[tuple[Presenter, str]] = [
        (BookingPresenter(), "move"),
        (StaffPresenter(), "grant"),
    ]
    for presenter, title in cases:
        write = PlannedWrite(
            kind="k",
            target="t",
            args={},
            title=title,
            subject=Subject(kind="car", id=UUID(int=3), name="n", car="Malibu"),
            shown={},
            changes=(CodeChange(type="branch", field="branch", old=None, new="b"),),
            source="RentProg",
            as_of=NOW,
            branch=None,
        )
        assert ESCAPED in changed(write, presenter, READER)[0]
        assert HOSTILE in presenter.button(write, READER)


def test_a_models_text_is_escaped_once() -> None:
    assert safe(' ✅ 1 < 2 & <b>"yes"</b> ') == "1 &lt; 2 &amp; &lt;b&gt;&#34;yes&#34;&lt;/b&gt;"
