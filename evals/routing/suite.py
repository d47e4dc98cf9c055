"""Does the router send what people write to the right roles? Cases were committed before the offline grammar."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models import Model
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import Evaluator, EvaluatorContext

from agents.router.agent import router
from agents.router.output import Route
from tools.deps import Deps


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


FIRST, LATER, HOUSE = "cases.yaml", "later.yaml", "house.yaml"


def cases(name: str) -> list[RoutingCase]:
    """The cases of one file, in their order: those from before the grammar, or those that came with a rule."""
    text = files("evals.routing").joinpath(name).read_text(encoding="utf-8")
    return [RoutingCase.model_validate(row) for row in yaml.safe_load(text)]


def dataset(name: str) -> Dataset[RoutingCase, list[str], Any]:
    """One file as a suite for pydantic-evals."""
    rows = [Case[RoutingCase, list[str], Any](name=case.name, inputs=case) for case in cases(name)]
    return Dataset[RoutingCase, list[str], Any](name=f"routing {name}", cases=rows, evaluators=[RightRoles()])


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
