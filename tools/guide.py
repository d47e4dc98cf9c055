"""What Jarvis can do, and the company's own rules with their source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic_ai import RunContext

from jarvis.app.role import Place, suggested
from jarvis.app.services import Services
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.knowledge.facts import KnowledgeFact
from jarvis.domains.knowledge.service import KnowledgeService
from jarvis.kit.actor import Actor
from jarvis.kit.roles import EVERYBODY
from jarvis.messaging.facts import HelpFact
from tools.arguments import Said
from tools.decorators import new_toolset, read
from tools.deps import Deps
from tools.policy import policy_of

guide = new_toolset("guide")
AROUND = timedelta(days=7)
"""So near begins a booking that an example names."""


async def examples_for(
    actor: Actor, now: datetime, place: Place, services: Services
) -> tuple[Mapping[str, str], ...]:
    """Requests that this person may send, by language, in the order of the intents' places.

    They name cars and bookings of the person's branch; an example for which there is none is left
    out.
    """
    intents = [
        intent
        for intent in suggested(place)
        if intent.tool is not None and actor.role in policy_of(intent.tool).roles
    ]
    wanted = {name for intent in intents for name in intent.names}
    named: dict[str, str] = {}
    if "car" in wanted:
        cars = await services.get(FleetService).cars(
            branch=actor.home_branch, branches=actor.branches
        )
        if cars:
            named["car"] = cars[0].handle
    if "booking" in wanted:
        rows = await services.get(BookingService).pickups(
            now - AROUND, now + AROUND, actor.home_branch, actor.branches
        )
        numbers = [row.number for row in rows if row.number is not None]
        if numbers:
            named["booking"] = str(numbers[0])
    return tuple(example for intent in intents if (example := intent.example(named)) is not None)


@read(guide, roles=EVERYBODY, scope="company", untrusted=False)
async def about_jarvis(ctx: RunContext[Deps]) -> str:
    """What Jarvis can do for this person. Use it for "what can you do", "help"."""
    deps = ctx.deps
    examples = await examples_for(deps.actor, deps.now, "help", deps.services)
    key = deps.run.facts.add(HelpFact(examples=examples))
    return f"[{key}] Examples of what can be asked."


@read(guide, roles=EVERYBODY, scope="company", untrusted=False)
async def search_knowledge(ctx: RunContext[Deps], question: Said) -> str:
    """Search the company's rules and instructions. Answer only from what it returns.

    Args:
        question: The question in the person's own words, e.g. `как принимать машину`.
    """
    found = ctx.deps.get(KnowledgeService).search(question, language=ctx.deps.actor.language)
    if not found:
        key = ctx.deps.run.facts.add(KnowledgeFact(sections=()))
        return f"[{key}] Nothing in the rules."
    sections = tuple(answer.section for answer in found)
    key = ctx.deps.run.facts.add(KnowledgeFact(sections=sections))
    return f"[{key}] " + " | ".join(f"{s.heading}: {s.text}" for s in sections)
