"""Builds every process from its settings. The only place that knows them all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from pydantic_ai.models import Model

from agents.bookings.intents import continued
from agents.bookings.offline import rules as bookings_rules
from agents.clients.offline import rules as clients_rules
from agents.fleet.offline import rules as fleet_rules
from agents.guide.offline import rules as guide_rules
from agents.router.offline import event_rules
from agents.router.offline import rules as router_rules
from agents.workspace.offline import rules as workspace_rules
from jarvis.app.discovery import features as found_features
from jarvis.app.process import process_name
from jarvis.app.write import OWN_SYSTEM, Writes
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
from jarvis.domains.forms.opening import FormOpening
from jarvis.domains.forms.reports import FormReports
from jarvis.domains.forms.service import FormService
from jarvis.domains.media.car_media import CarFile
from jarvis.domains.media.intake import Material
from jarvis.domains.media.publishing import Publisher
from jarvis.domains.media.service import MediaService
from jarvis.domains.news import digest
from jarvis.domains.news.changes import SubscriptionChanges
from jarvis.domains.news.digest import Digests
from jarvis.domains.news.handlers import CHECKS as NEWS_CHECKS
from jarvis.domains.news.handlers import News
from jarvis.domains.news.subscriptions import Subscriptions
from jarvis.domains.staff.absences import Absences
from jarvis.domains.staff.changes import StaffChanges
from jarvis.domains.staff.handlers import StaffNextSteps
from jarvis.domains.tasks.handlers import Tasks
from jarvis.domains.tasks.service import TaskService
from jarvis.domains.topics import reconcile
from jarvis.domains.topics.archive import Archive
from jarvis.domains.topics.cars import CarTopics
from jarvis.domains.topics.changes import PostChanges
from jarvis.domains.topics.moves import MoveProgress
from jarvis.domains.topics.personal import PersonalTopics
from jarvis.domains.topics.reconcile import ForumReconciler
from jarvis.engine.approvals import Approvals
from jarvis.engine.budgets import Budgets
from jarvis.engine.dispatcher import AMBIGUOUS_FOR, Dispatcher
from jarvis.engine.effect_log import EffectLog
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
from jarvis.language.offline import OfflineModel, Rules
from jarvis.messaging import fact_views
from jarvis.messaging.view import Views
from jarvis.orchestrator.cards import Cards
from jarvis.orchestrator.chat import SLOW_AFTER_S, Chat
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
    FormOpening,
    StaffNextSteps,
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
_RULES: Mapping[str, Rules] = {
    "router": router_rules,
    "event_router": event_rules,
    "fleet": fleet_rules,
    "bookings": bookings_rules,
    "clients": clients_rules,
    "guide": guide_rules,
    "workspace": workspace_rules,
}


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
    writes: Writes
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
    for role, rules in _RULES.items():
        if role not in known:
            known[role] = build_chain(
                llm, OfflineModel(rules, core.clock, completes=continued), meter
            )
    conversations = ConversationService(core.db, core.clock)
    interactions = Interactions(core.db, core.clock)
    life = timedelta(minutes=core.settings.approval_min)
    chats, media, forms, subscriptions = (
        ChatService(core.clock),
        MediaService(core.clock),
        FormService(core.clock),
        Subscriptions(core.clock),
    )
    staff_changes = StaffChanges(core.db, core.clock, core.staff)
    chat_news = SubscriptionChanges(core.db, core.clock, chats, subscriptions)
    posts = PostChanges(core.db, core.clock, chats)
    writes = Writes((core.changes, staff_changes, chat_news, posts))
    approvals = Approvals(core.clock, writes, core.switches, life=life)
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
            db=core.db,
            journal=core.journal,
            chats=chats,
            media=media,
            forms=forms,
            staff_changes=staff_changes,
            chat_news=chat_news,
            posts=posts,
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
        writes,
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
        FormOpening(core.staff, filling),
        StaffNextSteps(core.db, core.staff),
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
        writes=writes,
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


def own_dispatcher(house: House, name: str) -> Dispatcher:
    """Carries out changes of our own records."""
    core = house.core
    return Dispatcher(
        core.db,
        core.doorbell,
        name=name,
        system=OWN_SYSTEM,
        limits=lambda _effect: (),
        concurrency=1,
        switches=core.switches,
        switched_off_s=core.settings.switched_off_s,
        lease_s=core.settings.lease_s,
        handlers=house.writes.handlers,
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
        own_dispatcher(house, name).run(),
        sweep_forever(
            events.sweep, EffectLog(house.core.db).sweep, every_s=house.core.settings.lease_s / 4
        ),
    )


async def run_scheduler(core: Core, *, every_s: float = 0.5) -> None:
    """Fire slots and timers until cancelled."""
    await Scheduler(core.db, core.clock, CHECKS).run(every_s=every_s)
