"""Names and texts that hold HTML: every view shows them as they were written, as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from jarvis.domains.absences import view as absences
from jarvis.domains.chats import view as chats
from jarvis.domains.chats.models import Forum
from jarvis.domains.chats.places import Place
from jarvis.domains.fleet.service import Car
from jarvis.domains.forms import export
from jarvis.domains.forms import view as forms
from jarvis.domains.forms.models import Form, Point
from jarvis.domains.forms.templates import template
from jarvis.domains.forms.view import FormContext
from jarvis.domains.media import view as media
from jarvis.domains.media.models import MediaSet
from jarvis.domains.news import view as news
from jarvis.domains.news.subscriptions import Line
from jarvis.domains.staff.absences import Absence
from jarvis.domains.staff.readers import GROUP
from jarvis.domains.tasks import view as tasks
from jarvis.domains.tasks.service import Task
from jarvis.domains.topics import transcript
from jarvis.domains.topics import view as topics
from jarvis.messaging.markup import Markup, html, lines
from jarvis.messaging.view import Reader

NAME = "<b>Мост</b>&lt;Ко'"
ID = UUID(int=1)
NOW = datetime(2026, 3, 15, 9, tzinfo=UTC)
READER = Reader(actor=GROUP, now=NOW, language="ru", branches={"x": {"ru": NAME}})
CAR = Car(
    id=ID,
    branch="x",
    name=NAME,
    code=None,
    plate_key=None,
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
FORUM = Forum(
    id=ID,
    marked_id=-100,
    title=NAME,
    purpose="sales",
    branch=None,
    employee_id=None,
    lacks=frozenset({"forum"}),
    lost=False,
)
PLACE = Place(purpose="tasks", key=str(ID), names={"ru": NAME})
POINT = Point(
    item=template("task").item("what"),
    state="received",
    choice=None,
    number=None,
    day=None,
    words=NAME,
    reason=NAME,
    by=NAME,
    asked_by=None,
    photos=(),
)
FORM = Form(
    id=ID,
    template=template("task"),
    state="open",
    car_id=ID,
    booking_id=None,
    branch="x",
    responsible_id=ID,
    holder_id=ID,
    holder=NAME,
    finished_by=NAME,
    focus=None,
    expects="answer",
    deadline=None,
    started_at=NOW,
    finished_at=None,
    message_effect_id=None,
    points=(POINT,),
)
CONTEXT = FormContext(form=FORM, car=None, booking=None, people={}, hands={}, reader=READER)
SET = MediaSet(
    id=ID,
    sender_id=1,
    employee_id=None,
    author=NAME,
    chat_id=1,
    topic_title=None,
    car_id=ID,
    booking_id=None,
    operation="issue",
    state="filed",
    asked=None,
    form_id=None,
    private=False,
    started_at=NOW,
    filed_at=NOW,
    files=1,
)
TASK = Task(
    id=ID,
    title=NAME,
    status="done",
    creator_id=ID,
    creator=NAME,
    assignee_id=ID,
    assignee=NAME,
    due=None,
    form_id=None,
    done_at=NOW,
    done_by=NAME,
)
AWAY = Absence(
    id=ID,
    employee_id=ID,
    name=NAME,
    first=date(2026, 3, 1),
    last=date(2026, 3, 2),
    substitute_id=None,
    substitute=None,
    cancelled=False,
)


def _with(point: Point) -> FormContext:
    return replace(CONTEXT, form=replace(FORM, points=(point,)))


@pytest.mark.parametrize(
    ("text", "times"),
    [
        (absences.absence(AWAY, READER, key="absence.over"), 1),
        (chats.question(NAME, ["forum"], "ru"), 1),
        (chats.missing(NAME, chats.purpose(PLACE, "ru"), ["forum"], "ru"), 2),
        (chats.overview([(PLACE, FORUM), (PLACE, None)], 1, {"personal": 0, "tasks": 0}, "ru"), 3),
        (forms.message(CONTEXT), 2),
        (forms.message(_with(replace(POINT, state="rejected"))), 2),
        (forms.report(replace(CONTEXT, car=CAR)), 2),
        (forms.report(_with(replace(POINT, state="waived"))), 2),
        (media.what("issue", None, CAR, READER), 1),
        (media.caption(SET, None, 1, [NAME], READER), 2),
        (media.car_head(CAR, 1, READER), 1),
        (media.set_line(1, SET, None, [], READER), 1),
        (news.moved_line(CAR, "x", "x", READER), 3),
        (news.classes(FORUM, [], READER)[0], 1),
        (tasks.card(TASK, READER, substitute=NAME), 4),
        (topics.opening(CAR, None, None, [], READER), 2),
        (topics.form_block(FORM, None, READER), 1),
        (transcript.line("15.03 12:00", NAME, NAME), 2),
    ],
)
def test_a_name_is_text_wherever_it_stands(text: Markup, times: int) -> None:
    shown = text.striptags()
    assert shown.count(NAME) == times
    assert shown.count("<b>") == times, "no tag of ours is shown"


def test_a_digest_shows_the_lines_that_it_kept_as_html() -> None:
    kept = news.moved_line(CAR, "x", "x", READER)
    line = Line(id=ID, event_class="car_moved", text=kept)
    assert kept in news.digest([line], READER)
    instant = news.instant("car_moved", "x", kept, READER)
    assert instant.startswith(html("🚗 <b>{}</b> · ", NAME.upper())), "capitals, then entities"


def test_a_printed_report_shows_answers_as_they_were_written() -> None:
    shown = replace(CONTEXT, form=replace(FORM, finished_at=NOW))
    page = export.page(shown)
    assert Markup(page).unescape().count(NAME) == 3, "who closed it, the answer, who gave it"
    assert export.data(shown)["points"][0]["reason"] == NAME


def test_a_long_message_is_cut_between_characters_and_not_inside_an_entity() -> None:
    copied = transcript.line("15.03 12:00", "Нино", "&" * 4000)
    assert len(copied) <= transcript.MESSAGE_MAX
    assert copied.endswith("&amp;…")
    assert transcript.line("15.03 12:00", "Нино", "x" * 4000).endswith("x…")
    pages = transcript.pages([copied, *[lines(["x" * 100])] * 40])
    assert all(len(page) <= transcript.MESSAGE_MAX for page in pages)
