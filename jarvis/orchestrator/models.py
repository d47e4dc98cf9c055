"""The model of each role: what stands in for it, else the chain of providers with the offline model
as its last link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic_ai.models import Model

from agents.bookings.intents import continued
from agents.bookings.offline import rules as bookings_rules
from agents.clients.offline import rules as clients_rules
from agents.fleet.offline import rules as fleet_rules
from agents.guide.offline import rules as guide_rules
from agents.router.offline import event_rules
from agents.router.offline import rules as router_rules
from agents.workspace.offline import rules as workspace_rules
from jarvis.domains.staff.service import StaffService
from jarvis.engine.budgets import Budgets
from jarvis.integrations.llm.chain import build_chain
from jarvis.integrations.llm.metering import Meter
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.kit.clock import Clock
from jarvis.language.offline import OfflineModel, Rules

_RULES: Mapping[str, Rules] = {
    "router": router_rules,
    "event_router": event_rules,
    "fleet": fleet_rules,
    "bookings": bookings_rules,
    "clients": clients_rules,
    "guide": guide_rules,
    "workspace": workspace_rules,
}


class Standins(dict[str, Model]):
    """Models that stand in for a role's own, by role: in tests, suites and benchmarks."""


class RoleModels:
    """Models by role."""

    def __init__(
        self,
        settings: LlmSettings,
        budgets: Budgets,
        clock: Clock,
        staff: StaffService,
        standins: Standins,
    ) -> None:
        async def branches() -> Mapping[str, Sequence[str]]:
            return {each.code: list(each.names.values()) for each in await staff.branches()}

        self.meter = Meter(budgets, settings)
        self._models: dict[str, Model] = dict(standins)
        for role, rules in _RULES.items():
            if role not in self._models:
                offline = OfflineModel(rules, clock, completes=continued, branches=branches)
                self._models[role] = build_chain(settings, offline, self.meter)

    def __call__(self, role: str) -> Model:
        """The model of a role."""
        return self._models[role]


def standins() -> Standins:
    """None: in life every role has its own model."""
    return Standins()
