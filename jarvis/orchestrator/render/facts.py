"""Each fact as Telegram's HTML in the reader's language, with its source and age at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jarvis.messaging.view import Reader, Rendered
from jarvis.orchestrator.render import acting, bookings, cars, house, people
from tools import facts as f

_RENDERERS: Mapping[type[Any], Callable[[Any, Reader], Rendered]] = {
    f.CarFact: cars.car, f.CarListFact: cars.car_list, f.FreeFact: cars.free, f.CarFreeFact: cars.one_free,
    f.BookingFact: bookings.booking, f.BookingListFact: bookings.booking_list, f.ConflictFact: bookings.conflicts,
    f.DebtFact: bookings.debts, f.HistoryFact: bookings.history, f.ClientFact: people.client_card,
    f.KnowledgeFact: people.knowledge, f.HelpFact: people.help_page, f.ChoiceFact: people.choice,
    f.MissingFact: people.missing, f.RefusalFact: people.refusal, f.ObstacleFact: acting.obstacle,
    f.ChecklistFact: house.checklists, f.StartedFact: house.started, f.MaterialFact: house.material, f.TopicFact: house.topic,
    f.ProblemFact: acting.problem, f.SwitchedOffFact: acting.switched_off,
}  # fmt: skip


def render(fact: f.Fact, reader: Reader) -> Rendered:
    """One fact."""
    return _RENDERERS[type(fact)](fact, reader)
