"""Builds every process from its settings. The only place that knows them all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic_ai.models import Model

from agents.offline import offline_model
from jarvis.app.discovery import features as found_features
from jarvis.app.process import process_name
from jarvis.app.role import roles
from jarvis.domains.absences.handlers import Substitution
from jarvis.domains.audit import handlers
from jarvis.domains.audit.handlers import AuditCheckpoints
from jarvis.domains.bookings import sync
from jarvis.domains.bookings.hooks import RentProgHooks
from jarvis.domains.bookings.sync import RentProgSync
from jarvis.domains.chats.membership import CHECKS as MEMBER_CHECKS
from jarvis.domains.chats.membership import Membership
from jarvis.domains.chats.service import ChatService
from jarvis.domains.chats.setup import Setup
from jarvis.domains.conversations.service import ConversationService
from jarvis.domains.forms.filling import Forms
from jarvis.domains.forms.messages import Sheets
from jarvis.domains.forms.reports import FormReports
from jarvis.domains.forms.service import FormService
from jarvis.domains.house.changes import HOUSE_SUBJECTS, HouseChanges
from jarvis.domains.house.effects import HouseEffects
from jarvis.domains.house.kinds import KINDS as HOUSE_KINDS
from jarvis.domains.media.car_media import CarFile
from jarvis.domains.media.intake import Material
from jarvis.domains.media.publishing import Publisher
from jarvis.domains.media.service import MediaService
from jarvis.domains.news import digest
from jarvis.domains.news.digest import Digests
from jarvis.domains.news.handlers import CHECKS as NEWS_CHECKS
from jarvis.domains.news.handlers import News
from jarvis.domains.news.subscriptions import Subscriptions
from jarvis.domains.staff.absences import Absences
from jarvis.domains.tasks.handlers import Tasks
from jarvis.domains.tasks.service import TaskService
from jarvis.domains.topics import reconcile
from jarvis.domains.topics.archive import Archive
from jarvis.domains.topics.cars import CarTopics
from jarvis.domains.topics.moves import MoveProgress
from jarvis.domains.topics.personal import PersonalTopics
from jarvis.domains.topics.reconcile import ForumReconciler
from jarvis.engine.approvals import Approvals
from jarvis.engine.budgets import Budgets
from jarvis.engine.db import Reader
from jarvis.engine.dispatcher import AMBIGUOUS_FOR, Dispatcher
from jarvis.engine.effects import EffectLog
from jarvis.engine.interactions import Interactions
from jarvis.engine.loop import sweep_forever
from jarvis.engine.subscriptions import UNROUTED, Subscriber, Terms, declared, subscribers
from jarvis.engine.timing import Scheduler
from jarvis.engine.worker import Slots, Worker
from jarvis.entrypoints.core import Core
from jarvis.integrations.llm.chain import build_chain
from jarvis.integrations.llm.metering import Meter
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.integrations.rentprog.effects import RentProgEffects
from jarvis.integrations.rentprog.kinds import KINDS
from jarvis.integrations.telegram.kinds import SEND
from jarvis.messaging import fact_views
from jarvis.messaging.view import Views
from jarvis.orchestrator.cards import Cards
from jarvis.orchestrator.chat import SLOW_AFTER_S, Chat
from jarvis.orchestrator.house import HouseWork
from jarvis.orchestrator.inbox import Inbox
from jarvis.orchestrator.request import Brain
from jarvis.orchestrator.unrouted import Unrouted
from tools.deps import Rooms

CHECKS = (
    *sync.CHECKS,
    *digest.CHECKS,
    *handlers.CHECKS,
    *reconcile.CHECKS,
    *MEMBER_CHECKS,
    *NEWS_CHECKS,
)
# Whose handlers subscribe: `jarvis migrate` writes down what their classes say.
FEATURES: Sequence[type] = (
    RentProgHooks,
    RentProgSync,
    Material,
    Inbox,
    Chat,
    Cards,
    HouseWork,
    Digests,
    CarTopics,
    MoveProgress,
    PersonalTopics,
    ForumReconciler,
    Archive,
    Setup,
    Forms,
    FormReports,
    Tasks,
    Substitution,
    Membership,
    News,
    AuditCheckpoints,
)


def subscriptions() -> dict[str, Terms]:
    """Every subscriber of the product by name."""
    return {name: terms for feature in FEATURES for name, terms in declared(feature).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The core and everything above it."""

    core: Core
    brain: Brain
    chat: Chat
    conversations: ConversationService
    approvals: Approvals
    unrouted: Unrouted
    subscribers: Mapping[str, Subscriber]


@asynccontextmanager
async def open_house(
    core: Core,
    llm: LlmSettings,
    *,
    models: Mapping[str, Model] | None = None,
    slow_after_s: float = SLOW_AFTER_S,
) -> AsyncGenerator[House]:
    """Build the orchestrator over an open core. `models` stand in for the chain in tests and evals;
    after `slow_after_s` the status message says that the answer takes longer than usual.
    """
    known: dict[str, Model] = dict(models or {})
    meter = Meter(Budgets(core.db, core.clock), llm)
    for name, role in roles().items():
        if name not in known:
            known[name] = build_chain(llm, offline_model(role, core.clock), meter)
    conversations = ConversationService(core.db, core.clock)
    interactions = Interactions(core.db, core.clock)
    life = timedelta(minutes=core.settings.approval_min)
    chats, media, forms, subscriptions = (
        ChatService(core.clock),
        MediaService(core.clock),
        FormService(core.clock),
        Subscriptions(core.clock),
    )
    changes = HouseChanges(core.db, core.clock, core.staff, chats, subscriptions)

    async def versions(
        reader: Reader, kind: str, subject_id: UUID, fields: Sequence[str]
    ) -> Mapping[str, Any]:
        room = changes if kind in HOUSE_SUBJECTS else core.changes
        return await room.versions(reader, kind, subject_id, fields)

    approvals = Approvals(
        core.db, core.clock, (*KINDS, *HOUSE_KINDS, SEND), versions, core.switches, life=life
    )
    brain = Brain(
        db=core.db,
        clock=core.clock,
        staff=core.staff,
        fleet=core.fleet,
        bookings=core.bookings,
        changes=core.changes,
        approvals=approvals,
        switches=core.switches,
        clients=core.clients,
        knowledge=core.knowledge,
        conversations=conversations,
        models=known.__getitem__,
        meter=meter,
        views=Views(
            [fact_views, *(m for f in found_features() for m in f.modules(f.feature.views))]
        ),
        rooms=Rooms(
            db=core.db, journal=core.journal, chats=chats, media=media, forms=forms, house=changes
        ),
    )
    unrouted = Unrouted(
        core.journal, core.clock, core.db, core.staff, interactions, known["event_router"]
    )
    publisher = Publisher(core.clock, core.staff, core.bookings, media)
    archive = Archive(core.db, core.clock, core.fleet, chats, media, publisher)
    sheets = Sheets(core.staff, core.fleet, core.bookings, forms, interactions, publisher)
    filling = Forms(
        core.db, core.clock, core.staff, core.fleet, core.bookings, media, forms, sheets
    )
    reports = FormReports(
        core.db, core.clock, core.staff, chats, media, forms, interactions, sheets
    )
    material = Material(
        core.db,
        core.clock,
        core.staff,
        core.fleet,
        core.bookings,
        chats,
        media,
        interactions,
        publisher,
        filling,
    )
    carfile = CarFile(core.db, core.fleet, core.bookings, chats, media, interactions, publisher)
    setup = Setup(core.db, core.staff, chats, interactions)
    news = News(
        core.db, core.fleet, core.bookings, forms, chats, subscriptions, interactions, publisher
    )
    tasks, absences = TaskService(core.clock), Absences(core.clock)
    assigned = Tasks(core.clock, core.staff, forms, tasks, absences, interactions, publisher)
    personal = PersonalTopics(
        core.db,
        core.clock,
        core.staff,
        core.fleet,
        core.bookings,
        core.clients,
        tasks,
        absences,
        chats,
        interactions,
        publisher,
    )
    substitution = Substitution(
        core.clock, core.staff, forms, absences, interactions, publisher, personal
    )
    chat = Chat(
        core.db,
        brain,
        core.staff,
        conversations,
        interactions,
        approvals,
        core.switches,
        core.changes,
        unrouted,
        core.clock,
        slow_after_s=slow_after_s,
    )
    membership = Membership(core.db, core.staff, chats, conversations, interactions)
    inbox = Inbox(
        core.db,
        core.staff,
        interactions,
        chat,
        chat.invites,
        taken=material.message,
        heard=filling.heard,
        presses={
            "file": material.decided,
            "form": filling.press,
            **reports.presses,
            **carfile.presses,
            **setup.presses,
            **news.presses,
            **assigned.presses,
            **substitution.presses,
            **membership.presses,
        },
        commands={
            **carfile.commands,
            **setup.commands,
            **filling.commands,
            **news.commands,
            **assigned.commands,
        },
    )
    digests = Digests(core.clock, core.staff, core.fleet, core.bookings)
    car_topics = CarTopics(
        core.db, core.clock, core.fleet, core.bookings, core.staff, chats, archive, media, forms
    )
    reconciler = ForumReconciler(core.db, core.clock, core.staff, chats, media)
    features = (
        core.hooks,
        core.sync,
        material,
        inbox,
        chat,
        chat.cards,
        HouseWork(core.db, core.staff, filling),
        digests,
        car_topics,
        MoveProgress(core.clock, core.staff, chats, look_s=core.settings.moves_look_s),
        personal,
        reconciler,
        archive,
        setup,
        filling,
        reports,
        assigned,
        substitution,
        membership,
        news,
        AuditCheckpoints(),
    )
    yield House(
        core=core,
        brain=brain,
        chat=chat,
        conversations=conversations,
        approvals=approvals,
        unrouted=unrouted,
        subscribers={UNROUTED: unrouted.subscriber, **subscribers(*features)},
    )


def event_worker(house: House, name: str, *, concurrency: int = 8) -> Worker:
    """A worker over every subscriber."""
    return Worker(
        house.core.db,
        house.core.doorbell,
        name=name,
        subscribers=house.subscribers,
        alert=house.unrouted.alert,
        slots=Slots.of(concurrency),
        lease_s=house.core.settings.lease_s,
    )


def rentprog_dispatcher(
    core: Core, name: str, *, ambiguous_for: timedelta = AMBIGUOUS_FOR
) -> Dispatcher:
    """Carries RentProg's writes."""
    return Dispatcher(
        core.db,
        core.doorbell,
        name=name,
        system="rentprog",
        handlers=RentProgEffects(core.rentprog).handlers,
        limits=lambda _effect: (),
        concurrency=4,
        ambiguous_for=ambiguous_for,
        switches=core.switches,
        switched_off_s=core.settings.switched_off_s,
        lease_s=core.settings.lease_s,
    )


def house_dispatcher(core: Core, name: str) -> Dispatcher:
    """Carries out changes of our own house."""
    return Dispatcher(
        core.db,
        core.doorbell,
        name=name,
        system="house",
        limits=lambda _effect: (),
        concurrency=1,
        switches=core.switches,
        switched_off_s=core.settings.switched_off_s,
        lease_s=core.settings.lease_s,
        handlers=HouseEffects(core.db, core.staff, Subscriptions(core.clock)).handlers,
    )


async def run_worker(
    house: House, *, concurrency: int = 8, ambiguous_for: timedelta = AMBIGUOUS_FOR
) -> None:
    """Handle events until cancelled; jobs run beside it in a child of their own."""
    name = process_name("worker")
    events = event_worker(house, name, concurrency=concurrency)
    await asyncio.gather(
        events.run(),
        rentprog_dispatcher(house.core, name, ambiguous_for=ambiguous_for).run(),
        house_dispatcher(house.core, name).run(),
        sweep_forever(
            events.sweep, EffectLog(house.core.db).sweep, every_s=house.core.settings.lease_s / 4
        ),
    )


async def run_scheduler(core: Core, *, every_s: float = 0.5) -> None:
    """Fire slots and timers until cancelled."""
    await Scheduler(core.db, core.clock, CHECKS).run(every_s=every_s)
