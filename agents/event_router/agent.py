"""Proposes to people how to handle an event of an unknown kind."""

from __future__ import annotations

from pydantic_ai import Agent, RunContext

from agents.event_router.output import RouteProposal
from prompts.book import PromptBook

event_router: Agent[PromptBook, RouteProposal] = Agent(
    None, name="event_router", deps_type=PromptBook, output_type=RouteProposal, retries=1
)


@event_router.instructions
def words(ctx: RunContext[PromptBook]) -> str:
    return ctx.deps.prompt("event_router").text


def unknown_event(kind: str, source: str, fields: list[str], known: list[str]) -> str:
    """The prompt about one event: names only, never its contents."""
    return (
        f"kind: {kind}\nsource: {source}\nfields: {', '.join(fields) or 'none'}\nknown kinds: "
        f"{', '.join(known)}"
    )
