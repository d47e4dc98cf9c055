"""Chooses the roles for a free-form request."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic_ai import Agent, RunContext

from agents.base import situation
from agents.router.output import Route, route_of
from jarvis.app.role import Role, delegates
from prompts.book import Prompt, PromptBook
from tools.deps import Deps
from tools.refusals import RefusalRecord


def router_of(roles: Mapping[str, Role]) -> Agent[Deps, Route]:
    """A router between these roles."""
    agent: Agent[Deps, Route] = Agent(
        None,
        name="router",
        deps_type=Deps,
        output_type=route_of(roles),
        capabilities=[RefusalRecord()],
        retries=2,
    )

    def words(ctx: RunContext[Deps]) -> str:
        return prompt_of(roles, ctx.deps.prompts).text

    agent.instructions(words)
    agent.instructions(situation)
    return agent


def prompt_of(roles: Mapping[str, Role], book: PromptBook) -> Prompt:
    """The router's prompt with what each role takes."""
    listed = "; ".join(f"`{name}` ({role.summary})" for name, role in roles.items())
    return book.prompt("router").filled(roles=listed)


router = router_of(delegates())
