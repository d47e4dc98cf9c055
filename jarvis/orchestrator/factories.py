"""What of a request's machinery is put together from more than its parts' types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from jarvis.app.build import EffectKinds
from jarvis.domains.bookings.changes import Changes
from jarvis.domains.forms.filling import Forms
from jarvis.domains.house.changes import HOUSE_SUBJECTS, HouseChanges
from jarvis.domains.media.intake import Material
from jarvis.domains.staff.invites import Invites
from jarvis.domains.staff.service import StaffService
from jarvis.engine.approvals import Approvals
from jarvis.engine.db import Database, Reader
from jarvis.engine.interactions import Interactions
from jarvis.engine.settings import EngineSettings
from jarvis.engine.switches import Switches
from jarvis.kit.clock import Clock
from jarvis.messaging.callbacks import Callbacks, Commands
from jarvis.orchestrator.cards import Cards
from jarvis.orchestrator.chat import Chat
from jarvis.orchestrator.inbox import Inbox
from prompts.book import PromptBook


def approvals(
    db: Database,
    clock: Clock,
    kinds: EffectKinds,
    changes: Changes,
    house: HouseChanges,
    switches: Switches,
    settings: EngineSettings,
) -> Approvals:
    async def versions(
        reader: Reader, kind: str, subject_id: UUID, fields: Sequence[str]
    ) -> Mapping[str, Any]:
        room = house if kind in HOUSE_SUBJECTS else changes
        return await room.versions(reader, kind, subject_id, fields)

    return Approvals(db, clock, kinds.kinds, versions, switches, life=settings.approval_life)


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
