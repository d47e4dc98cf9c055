"""What Jarvis can do, and the company's own rules with their source."""

from __future__ import annotations

from pydantic_ai import RunContext

from jarvis.domains.knowledge.facts import KnowledgeFact
from jarvis.domains.knowledge.service import KnowledgeService
from jarvis.kit.actor import Role
from jarvis.kit.roles import EVERYBODY
from jarvis.messaging.facts import HelpFact
from tools.arguments import Said
from tools.decorators import new_toolset, read
from tools.deps import Deps
from tools.policy import policy_of

guide = new_toolset("guide")
_EXAMPLES = (
    ("car_card", "where"),
    ("check_availability", "free"),
    ("list_bookings", "pickups"),
    ("checklist_status", "checklists"),
    ("list_debts", "debts"),
    ("who_changed", "changed"),
    ("list_cars", "repair"),
    ("search_knowledge", "rules"),
)


def examples_for(role: Role) -> tuple[str, ...]:
    """Keys of the examples that this role may ask for."""
    return tuple(example for tool, example in _EXAMPLES if role in policy_of(tool).roles)


@read(guide, roles=EVERYBODY, scope="company", untrusted=False)
async def about_jarvis(ctx: RunContext[Deps]) -> str:
    """What Jarvis can do for this person. Use it for "what can you do", "help"."""
    key = ctx.deps.run.facts.add(HelpFact(examples=examples_for(ctx.deps.actor.role)))
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
