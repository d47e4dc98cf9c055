"""What of a request's machinery is put together from more than its parts' types."""

from __future__ import annotations

from jarvis.app.write import Writes
from jarvis.domains.chats.service import ChatService
from jarvis.domains.forms.filling import Forms
from jarvis.domains.forms.service import FormService
from jarvis.domains.media.intake import Material
from jarvis.domains.media.service import MediaService
from jarvis.domains.news.changes import SubscriptionChanges
from jarvis.domains.staff.changes import StaffChanges
from jarvis.domains.staff.invites import Invites
from jarvis.domains.staff.service import StaffService
from jarvis.domains.topics.changes import PostChanges
from jarvis.engine.approvals import Approvals
from jarvis.engine.db import Database
from jarvis.engine.interactions import Interactions
from jarvis.engine.journal import Journal
from jarvis.engine.settings import EngineSettings
from jarvis.engine.switches import Switches
from jarvis.kit.clock import Clock
from jarvis.messaging.callbacks import Callbacks, Commands
from jarvis.orchestrator.cards import Cards
from jarvis.orchestrator.chat import Chat
from jarvis.orchestrator.inbox import Inbox
from prompts.book import PromptBook
from tools.deps import Rooms


def approvals(
    clock: Clock, writes: Writes, switches: Switches, settings: EngineSettings
) -> Approvals:
    return Approvals(clock, writes, switches, life=settings.approval_life)


def rooms(
    db: Database,
    journal: Journal,
    chats: ChatService,
    media: MediaService,
    forms: FormService,
    staff_changes: StaffChanges,
    chat_news: SubscriptionChanges,
    posts: PostChanges,
) -> Rooms:
    return Rooms(
        db=db,
        journal=journal,
        chats=chats,
        media=media,
        forms=forms,
        staff_changes=staff_changes,
        chat_news=chat_news,
        posts=posts,
    )


def cards(chat: Chat) -> Cards:
    return chat.cards


def inbox(
    db: Database,
    staff: StaffService,
    interactions: Interactions,
    cards: Cards,
    invites: Invites,
    material: Material,
    forms: Forms,
    callbacks: Callbacks,
    commands: Commands,
) -> Inbox:
    return Inbox(
        db,
        staff,
        interactions,
        cards,
        invites,
        callbacks,
        commands,
        taken=material.message,
        heard=forms.heard,
    )


def prompt_book() -> PromptBook:
    return PromptBook()
