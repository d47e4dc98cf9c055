"""Each fact as Telegram's HTML in the reader's language, with its source and age at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jarvis.domains.bookings import car_view, client_view, view
from jarvis.domains.media import request_view
from jarvis.messaging.view import Reader, Rendered
from jarvis.orchestrator import card_view
from tools import facts as f

_RENDERERS: Mapping[type[Any], Callable[[Any, Reader], Rendered]] = {
    f.CarFact: car_view.car,
    f.CarListFact: car_view.car_list,
    f.FreeFact: car_view.free,
    f.CarFreeFact: car_view.one_free,
    f.BookingFact: view.booking,
    f.BookingListFact: view.booking_list,
    f.ConflictFact: view.conflicts,
    f.DebtFact: view.debts,
    f.HistoryFact: view.history,
    f.ClientFact: client_view.client_card,
    f.KnowledgeFact: client_view.knowledge,
    f.HelpFact: client_view.help_page,
    f.ChoiceFact: client_view.choice,
    f.MissingFact: client_view.missing,
    f.RefusalFact: client_view.refusal,
    f.ObstacleFact: card_view.obstacle,
    f.ChecklistFact: request_view.checklists,
    f.StartedFact: request_view.started,
    f.MaterialFact: request_view.material,
    f.TopicFact: request_view.topic,
    f.ProblemFact: card_view.problem,
    f.SwitchedOffFact: card_view.switched_off,
}


def render(fact: f.Fact, reader: Reader) -> Rendered:
    """One fact."""
    return _RENDERERS[type(fact)](fact, reader)
