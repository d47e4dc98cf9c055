"""What of a request's machinery is put together from more than its parts' types."""

from __future__ import annotations

from jarvis.domains.approvals.cards import Cards
from jarvis.domains.forms.answering import FormAnswers
from jarvis.domains.media.intake import Material
from jarvis.domains.staff.invites import Invites
from jarvis.domains.staff.service import StaffService
from jarvis.engine.db import Database
from jarvis.engine.interactions import Interactions
from jarvis.messaging.callbacks import Callbacks, Commands
from jarvis.orchestrator.inbox import Inbox
from prompts.book import PromptBook


def inbox(
    db: Database,
    staff: StaffService,
    interactions: Interactions,
    cards: Cards,
    invites: Invites,
    material: Material,
    answers: FormAnswers,
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
        heard=answers.take_message,
    )


def prompt_book() -> PromptBook:
    return PromptBook()
