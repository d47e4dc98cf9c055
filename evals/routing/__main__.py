"""`python -m evals.routing [--floor 0.8] [--model openai:NAME]`: prints what was wrong; fails under the floor."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, cast
from uuid import uuid4

from pydantic_ai.models import Model

from agents.router.offline import rules
from evals.routing.suite import FIRST, HOUSE, LATER, RoutingCase, dataset, route
from jarvis.integrations.llm.chain import build_chain
from jarvis.integrations.llm.offline import OfflineModel
from jarvis.integrations.llm.settings import LlmSettings
from jarvis.kit.actor import Actor, Role
from jarvis.kit.clock import OffsetClock
from jarvis.kit.settings import load
from prompts.book import PromptBook
from tools.deps import Deps, RunLedger


def _deps() -> Deps:
    """The router has no tools, so the domains behind them are absent here."""
    nothing = cast(Any, None)
    actor = Actor(employee_id=uuid4(), name="eval", role=Role.BRANCH_HEAD, branches=frozenset({"tbilisi"}),
                  home_branch="tbilisi", language="ru")  # fmt: skip
    run = RunLedger(db=nothing, run_id=uuid4(), event_id=uuid4(), conversation_id=uuid4(), trace_id="eval", request="",
                    private=True)  # fmt: skip
    return Deps(actor=actor, now=datetime.now(UTC), staff=nothing, fleet=nothing, bookings=nothing, changes=nothing, clients=nothing,
                knowledge=nothing, rooms=nothing, prompts=PromptBook(), switches=nothing, run=run)  # fmt: skip


async def main(floor: float, model_name: str | None) -> int:
    """Run the suite; returns the exit code."""
    offline = OfflineModel(rules, OffsetClock())
    model: Model = offline
    if model_name is not None:
        os.environ["JARVIS_LLM_CHAIN"] = f'["{model_name}"]'
        model = build_chain(load(LlmSettings), None)

    async def task(case: RoutingCase) -> list[str]:
        return await route(case, model, _deps())

    return max([await _score(name, task, floor, model_name or "the offline model") for name in (FIRST, LATER, HOUSE)])


async def _score(name: str, task: Callable[[RoutingCase], Awaitable[list[str]]], floor: float, model: str) -> int:
    """Run one file and print what was wrong; 1 when it is under the floor or anything broke."""
    suite = dataset(name)
    report = await suite.evaluate(task, progress=False, max_concurrency=8)
    broken = bool(report.failures) or any(c.evaluator_failures for c in report.cases) or len(report.cases) != len(suite.cases)
    wrong = [c for c in report.cases if not all(a.value for a in c.assertions.values())]
    for case in wrong:
        sys.stdout.write(f"  wrong: {case.name}: {case.inputs.text!r} -> {case.output}, expected {case.inputs.expected}\n")
    share = 1 - len(wrong) / len(suite.cases)
    sys.stdout.write(f"routing {name}: {share:.3f} of {len(suite.cases)} cases right with {model}\n")
    return 1 if broken or share < floor else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--floor", type=float, default=0.0)
    parser.add_argument("--model")
    args = parser.parse_args()
    sys.exit(asyncio.run(main(args.floor, args.model)))
