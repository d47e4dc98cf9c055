"""Does the router send what people write to the right roles? Cases were committed before the
offline grammar."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, cast
from uuid import uuid4

import yaml
from pydantic import BaseModel
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models import Model
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Evaluator, EvaluatorContext

from agents.bookings.intents import continued
from agents.router.agent import router
from agents.router.offline import rules
from agents.router.output import Route
from evals.suites import Score, Setting, say
from jarvis.app.services import Services
from jarvis.kit.actor import Actor, Role
from jarvis.kit.clock import OffsetClock
from jarvis.language.offline import OfflineModel
from prompts.book import PromptBook
from tools.deps import Deps, RunLedger


class RoutingCase(BaseModel):
    """One line of `cases.yaml`."""

    name: str
    text: str
    expected: list[str]
    after: str | None = None


@dataclass
class RightRoles(Evaluator[RoutingCase, list[str], Any]):
    """The same roles, in any order; nothing more and nothing less."""

    def evaluate(self, ctx: EvaluatorContext[RoutingCase, list[str], Any]) -> bool:
        return sorted(ctx.output) == sorted(ctx.inputs.expected)


FIRST, LATER, WORKSPACE = "cases.yaml", "later.yaml", "workspace.yaml"
FLOOR = 0.8


def cases(name: str) -> list[RoutingCase]:
    """The cases of one file, in their order: those from before the grammar, or those that came with
    a rule."""
    text = files("evals.routing").joinpath(name).read_text(encoding="utf-8")
    return [RoutingCase.model_validate(row) for row in yaml.safe_load(text)]


def dataset(name: str, only: Sequence[str] = ()) -> Dataset[RoutingCase, list[str], Any]:
    """One file as a suite for pydantic-evals; only some of its cases when they are named."""
    rows = [
        Case[RoutingCase, list[str], Any](name=case.name, inputs=case)
        for case in cases(name)
        if not only or case.name in only
    ]
    return Dataset[RoutingCase, list[str], Any](
        name=f"routing {name}", cases=rows, evaluators=[RightRoles()]
    )


def roles_of(route: Route) -> list[str]:
    """What the router decided, as the cases write it."""
    if route.refusal is not None:
        return ["refusal"]
    return [d.role for d in route.delegations] or ["question"]


async def route(case: RoutingCase, model: Model, deps: Deps) -> list[str]:
    """Run the router on one case, after its earlier request when it has one."""
    history: list[ModelMessage] = []
    if case.after is not None:
        before = await router.run(case.after, deps=deps, model=model)
        history = before.all_messages()
    result = await router.run(case.text, deps=deps, model=model, message_history=history)
    return roles_of(result.output)


def _deps() -> Deps:
    """The router has no tools, so the domains behind them are absent here."""
    nothing = cast(Any, None)
    actor = Actor(
        employee_id=uuid4(),
        name="eval",
        role=Role.BRANCH_HEAD,
        branches=frozenset({"tbilisi"}),
        home_branch="tbilisi",
        language="ru",
    )
    run = RunLedger(
        db=nothing,
        run_id=uuid4(),
        event_id=uuid4(),
        conversation_id=uuid4(),
        trace_id="eval",
        request="",
        private=True,
    )
    return Deps(
        actor=actor,
        now=datetime.now(UTC),
        services=Services({}),
        prompts=PromptBook(),
        switches=nothing,
        run=run,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingSuite:
    """Every file of cases is scored apart: from before the grammar, and that came with a rule."""

    def names(self) -> Sequence[str]:
        """Of the cases of every file."""
        return [case.name for name in (FIRST, LATER, WORKSPACE) for case in cases(name)]

    async def run(self, setting: Setting) -> list[Score]:
        """Route every case and print what was wrong."""
        model = setting.model() or OfflineModel(rules, OffsetClock(), completes=continued)

        async def task(case: RoutingCase) -> list[str]:
            return await route(case, model, _deps())

        asked = [name for name in (FIRST, LATER, WORKSPACE) if dataset(name, setting.only).cases]
        return [await self._score(name, task, setting) for name in asked]

    async def _score(
        self, name: str, task: Callable[[RoutingCase], Awaitable[list[str]]], setting: Setting
    ) -> Score:
        suite = dataset(name, setting.only)
        report = await suite.evaluate(task, progress=False, max_concurrency=8)
        right = [
            c for c in report.cases if c.assertions and all(a.value for a in c.assertions.values())
        ]
        for failure in report.failures:
            say(f"  broke: {failure.name}: {failure.error_message}")
        for case in [c for c in report.cases if c not in right]:
            say(
                f"  wrong: {case.name}: {case.inputs.text!r} -> {case.output}, expected "
                f"{case.inputs.expected}"
            )
        broken = len(report.failures) + sum(bool(c.evaluator_failures) for c in report.cases)
        return Score(
            name=f"routing {name}",
            right=len(right),
            asked=len(suite.cases),
            floor=FLOOR,
            broken=broken,
        )


SUITE = RoutingSuite()
