"""The model of each role: its override, else the chain of providers with the offline model as its
last link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic_ai.models import Model

from agents.offline import offline_model
from jarvis.app.role import roles
from jarvis.domains.staff.service import StaffService
from jarvis.engine.budgets import Budgets
from jarvis.integrations.llm.chain import build_chain
from jarvis.integrations.llm.metering import Meter
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.kit.clock import Clock
from prompts.book import PromptBook


class ModelOverrides(dict[str, Model]):
    """Models that replace those of roles, by role: in tests, suites and benchmarks."""


class RoleModels:
    """Models by role."""

    def __init__(
        self,
        settings: LlmSettings,
        budgets: Budgets,
        clock: Clock,
        staff: StaffService,
        model_overrides: ModelOverrides,
    ) -> None:
        async def branches() -> Mapping[str, Sequence[str]]:
            return {each.code: list(each.names.values()) for each in await staff.branches()}

        self.meter = Meter(budgets, settings)
        self._models: dict[str, Model] = dict(model_overrides)
        for name, role in roles().items():
            if name not in self._models:
                offline = offline_model(role, clock, branches)
                self._models[name] = build_chain(settings, offline, self.meter)

    def __call__(self, role: str) -> Model:
        """The model of a role."""
        return self._models[role]


def prompt_book() -> PromptBook:
    """The prompts of the product."""
    return PromptBook()


def model_overrides() -> ModelOverrides:
    """Return no overrides, as in production."""
    return ModelOverrides()
