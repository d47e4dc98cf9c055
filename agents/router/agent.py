"""Chooses who acts on a free-form request, and proposes to people what to do with an event that no
rule knows."""

from __future__ import annotations

from pydantic_ai import Agent, RunContext

from agents.base import situation
from agents.router.output import Route, RouteProposal
from prompts.book import PromptBook
from tools.deps import Deps
from tools.refusals import RefusalRecord

router: Agent[Deps, Route] = Agent(
    None,
    name="router",
    deps_type=Deps,
    output_type=Route,
    capabilities=[RefusalRecord()],
    retries=2,
)
event_router: Agent[PromptBook, RouteProposal] = Agent(
    None, name="event_router", deps_type=PromptBook, output_type=RouteProposal, retries=1
)


@router.instructions
def words(ctx: RunContext[Deps]) -> str:
    return ctx.deps.prompts.prompt("router").text


router.instructions(situation)


@event_router.instructions
def event_words(ctx: RunContext[PromptBook]) -> str:
    return ctx.deps.prompt("event_router").text


def unknown_event(kind: str, source: str, fields: list[str], known: list[str]) -> str:
    """The prompt about one event: names only, never its contents."""
    return (
        f"kind: {kind}\nsource: {source}\nfields: {', '.join(fields) or 'none'}\nknown kinds: "
        f"{', '.join(known)}"
    )
