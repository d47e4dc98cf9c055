"""What all role agents share: dynamic instructions from the prompt book, the time, the person."""

from __future__ import annotations

from pydantic_ai import Agent, DeferredToolRequests, RunContext
from pydantic_ai.toolsets import AbstractToolset

from agents.blocks import Answer
from jarvis.kit.clock import local
from tools.deps import Deps
from tools.refusals import RefusalRecord
from tools.toolset import guard

RoleAgent = Agent[Deps, Answer | DeferredToolRequests]


def role_agent(role: str, *toolsets: AbstractToolset[Deps]) -> RoleAgent:
    """Make the agent of one role over guarded tools; its model is given to each run. Writes end a
    run: they wait for a person."""
    agent: RoleAgent = Agent(
        None,
        name=role,
        deps_type=Deps,
        output_type=[Answer, DeferredToolRequests],
        toolsets=guard(role, *toolsets),
        capabilities=[RefusalRecord()],
        retries=2,
        end_strategy="early",
    )

    def words(ctx: RunContext[Deps]) -> str:
        return ctx.deps.prompts.prompt(role).text

    agent.instructions(words)
    agent.instructions(situation)
    return agent


def situation(ctx: RunContext[Deps]) -> str:
    """Time, person and scope of this run."""
    actor = ctx.deps.actor
    scope = ", ".join(sorted(actor.branches)) or "all branches"
    return (
        f"It is {local(ctx.deps.now):%A %d %B %Y, %H:%M} in Tbilisi. {actor.role.value} of "
        f"{actor.home_branch or 'the company'} "
        f"asks; branches in scope: {scope}. Answer in the language of the request."
        + (f" Earlier in this conversation: {ctx.deps.run.earlier}" if ctx.deps.run.earlier else "")
    )
