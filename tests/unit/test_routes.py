"""Every known event kind has its handlers, and none of them needs a model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from jarvis.domains.bookings.hooks import RentProgHooks
from jarvis.domains.bookings.sync import RentProgSync
from jarvis.entrypoints.wiring import CHECKS
from jarvis.orchestrator import sealing
from jarvis.orchestrator.absences import Substitution
from jarvis.orchestrator.archive import Archive
from jarvis.orchestrator.chat import Chat
from jarvis.orchestrator.digest import Digests
from jarvis.orchestrator.form_reports import FormReports
from jarvis.orchestrator.forms import Forms
from jarvis.orchestrator.forums import CarTopics
from jarvis.orchestrator.house import HouseWork
from jarvis.orchestrator.media import Material
from jarvis.orchestrator.membership import Membership
from jarvis.orchestrator.moves import MoveProgress
from jarvis.orchestrator.news import News
from jarvis.orchestrator.personal import PersonalTopics
from jarvis.orchestrator.reconcile import ForumReconciler
from jarvis.orchestrator.routes import collect
from jarvis.orchestrator.setup import Setup
from jarvis.orchestrator.tasks import Tasks
from tests.scenes.routes import EXPECTED

NOTHING = cast(Any, None)


def test_every_check_is_scheduled_and_handled() -> None:
    assert {c.check for c in CHECKS} == {kind for kind in EXPECTED if kind.startswith("check.")}


def test_the_table_of_routes() -> None:
    hooks = RentProgHooks(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
    sync = RentProgSync(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
    brain = cast(Any, SimpleNamespace(reader=None))
    chat = Chat(NOTHING, brain, *[NOTHING] * 8)
    setup = Setup(*[NOTHING] * 5)
    news = News(*[NOTHING] * 8)
    material = Material(*[NOTHING] * 11)
    forms, reports = Forms(*[NOTHING] * 8), FormReports(*[NOTHING] * 8)
    archive = Archive(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING)
    membership = Membership(*[NOTHING] * 6)
    digests = Digests(NOTHING, NOTHING, NOTHING, NOTHING)
    car_topics = CarTopics(*[NOTHING] * 9)
    personal, assigned, substitution = PersonalTopics(*[NOTHING] * 11), Tasks(*[NOTHING] * 7), Substitution(*[NOTHING] * 7)
    reconciler = ForumReconciler(*[NOTHING] * 5)
    table = collect(
        hooks.routes,
        sync.routes,
        material.routes,
        chat.routes,
        HouseWork(*[NOTHING] * 3).routes,
        digests.routes,
        car_topics.routes,
        MoveProgress(*[NOTHING] * 3).routes,
        personal.routes,
        reconciler.routes,
        forms.routes,
        reports.routes,
        assigned.routes,
        substitution.routes,
        membership.routes,
        news.routes,
        archive.routes,
        setup.routes,
        sealing.ROUTES,
    )
    assert {kind: [cast(Any, h).__name__ for h in handlers] for kind, handlers in table.items()} == EXPECTED
