"""What Jarvis can do, and the company's own rules with their source."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime, timedelta
from typing import TypedDict, cast

from pydantic_ai import RunContext

from jarvis.app.role import Place, suggested
from jarvis.app.services import Services
from jarvis.domains.bookings.service import BookingService
from jarvis.domains.fleet.service import FleetService
from jarvis.domains.knowledge.facts import KnowledgeFact
from jarvis.domains.knowledge.service import KnowledgeService
from jarvis.kit.actor import Actor
from jarvis.kit.roles import EVERYBODY
from jarvis.language.grammar import Intent
from jarvis.messaging.facts import HelpFact
from tools.arguments import Said
from tools.decorators import new_toolset, read
from tools.deps import Deps
from tools.policy import policy_of

guide = new_toolset("guide")
AROUND = timedelta(days=7)
"""The booking that an example names begins within this time."""


class Named(TypedDict, total=False):
    """The values of the placeholders in examples; a placeholder without a name has none."""

    car: str
    booking: str
    client: str


async def examples_for(
    actor: Actor, now: datetime, place: Place, services: Services
) -> tuple[Mapping[str, str], ...]:
    """Example requests that this person may send, by language, in the order of the intents' places.

    They name a car, a booking and its client of the person's branch; an example for which there is
    none is left out.

    Raises:
        ValueError: an example has a placeholder that nothing fills.
    """
    intents = [
        intent
        for intent in suggested(place)
        if intent.tool is not None and actor.role in policy_of(intent.tool).roles
    ]
    for intent in intents:
        fillable(intent)
    named = await _named(actor, now, services, {name for each in intents for name in each.names})
    return tuple(example for intent in intents if (example := intent.example(named)) is not None)


def fillable(intent: Intent) -> None:
    """Check that every placeholder in an intent's examples can be filled.

    Raises:
        ValueError: one cannot, with its name and those that can.
    """
    if unknown := intent.names - Named.__annotations__.keys():
        raise ValueError(
            f"an example of the intent {intent.id} leaves {sorted(unknown)} open, which nothing "
            f"fills; there are {sorted(Named.__annotations__)}"
        )


async def _named(
    actor: Actor, now: datetime, services: Services, wanted: Set[str]
) -> Mapping[str, str]:
    named = Named()
    if "car" in wanted:
        cars = await services.get(FleetService).cars(
            branch=actor.home_branch, branches=actor.branches
        )
        if cars:
            named["car"] = cars[0].handle
    if wanted & {"booking", "client"}:
        rows = await services.get(BookingService).pickups(
            now - AROUND, now + AROUND, actor.home_branch, actor.branches
        )
        for row in rows:
            if row.number is not None:
                named.setdefault("booking", str(row.number))
            if row.client_last is not None:
                named.setdefault("client", row.client_last)
    return cast(Mapping[str, str], named)


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
