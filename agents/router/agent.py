"""Chooses who acts on a free-form request."""

from __future__ import annotations

from pydantic_ai import Agent, RunContext

from agents.base import situation
from agents.router.output import Route
from tools.deps import Deps

router: Agent[Deps, Route] = Agent(None, name="router", deps_type=Deps, output_type=Route, retries=2)


@router.instructions
def words(ctx: RunContext[Deps]) -> str:
    return ctx.deps.prompts.prompt("router").text


router.instructions(situation)
