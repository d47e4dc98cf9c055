"""Changes of the house, each only planned here: the card shows the plan, a person decides, code
carries it out."""

from __future__ import annotations

from typing import Literal

from pydantic_ai import RunContext

from jarvis.domains.news.subscriptions import EventClass, Mode
from jarvis.domains.staff.service import Person
from jarvis.engine.planned import PlannedWrite
from jarvis.kit.actor import Language, Role
from jarvis.kit.text import latin
from jarvis.messaging.facts import ChoiceFact, Option
from tools.arguments import Code, Name, Said, Words, again
from tools.deps import Deps
from tools.fleet import Branch, resolve_car
from tools.toolset import new_toolset, not_found

workspace_changes = new_toolset("workspace_changes")
Planned = list[PlannedWrite] | str
ServiceChat = Literal["leaders", "sales", "marketing"]


@workspace_changes.tool(sequential=True)
async def post_to_topic(ctx: RunContext[Deps], car: Said, text: Words) -> Planned:
    """Put the person's words into the topic of a car, under their name. Nothing happens before a
    person approves the card.

    Args:
        car: The car as it was said.
        text: The words, exactly as the person wants them.
    """
    found = await resolve_car(ctx, car)
    if isinstance(found, str):
        return found
    ctx.deps.scope(found.branch)
    return [await ctx.deps.rooms.posts.post(ctx.deps.actor, found, text)]


@workspace_changes.tool(sequential=True)
async def subscribe_chat(
    ctx: RunContext[Deps],
    chat: ServiceChat,
    news: EventClass,
    mode: Mode,
    branch: Branch | None = None,
) -> Planned:
    """What a service chat hears of: a class of events, of one branch or of all. Nothing happens
    before an administrator approves.

    Args:
        chat: The chat: `leaders`, `sales` or `marketing`.
        news: The class of events.
        mode: `instant`, `digest` or `off`.
        branch: Branch code; left out, every branch.
    """
    return [await ctx.deps.rooms.chat_news.subscribe(ctx.deps.actor, chat, news, branch, mode)]


@workspace_changes.tool(sequential=True)
async def grant_role(
    ctx: RunContext[Deps], employee: Said, role: Role | None = None, branch: Branch | None = None
) -> Planned:
    """Another role or another branch for an employee. Nothing happens before an administrator
    approves the card.

    Args:
        employee: The colleague's name as it was said.
        role: The new role; left out when only the branch changes.
        branch: The new home branch; left out when only the role changes.
    """
    person = await _person(ctx, employee)
    if isinstance(person, str):
        return person
    return [await ctx.deps.rooms.staff_changes.grant(ctx.deps.actor, person, role, branch)]


@workspace_changes.tool(sequential=True)
async def hire_employee(
    ctx: RunContext[Deps],
    name: Name,
    role: Role,
    branch: Branch | None = None,
    language: Language = "ru",
) -> Planned:
    """A new employee; their invitation is sent to who asked. Nothing happens before an
    administrator approves the card.

    Args:
        name: First and last name.
        role: The role.
        branch: Home branch; left out for roles of the whole company.
        language: The language in which Jarvis speaks to them.
    """
    return [await ctx.deps.rooms.staff_changes.hire(ctx.deps.actor, name, role, branch, language)]


@workspace_changes.tool(sequential=True)
async def add_branch(
    ctx: RunContext[Deps],
    name: Name,
    code: Code | None = None,
    name_en: Name | None = None,
    name_ka: Name | None = None,
) -> Planned:
    """A new branch of the company. Nothing happens before an administrator approves the card.

    Args:
        name: The name in Russian, as it was said.
        code: A short code in Latin letters; left out, it is made of the name.
        name_en: The name in English; left out, the Latin spelling.
        name_ka: The name in Georgian; left out, the name as it was said.
    """
    spelled = latin(name).strip().replace(" ", "-")
    names = {"ru": name, "en": name_en or spelled.title(), "ka": name_ka or name}
    return [
        await ctx.deps.rooms.staff_changes.add_branch(
            ctx.deps.actor, code or spelled, names, rents=True
        )
    ]


async def _person(ctx: RunContext[Deps], said: str) -> Person | str:
    """The one colleague whom a phrase names, or the text that tells the model why there is none."""
    deps = ctx.deps
    people = await deps.staff.find(said)
    if len(people) == 1:
        return people[0]
    if people:
        options = tuple(
            Option(label=p.name, request=again(deps.run.request, p.name)) for p in people[:6]
        )
        key = deps.run.facts.add(ChoiceFact(kind="employee", said=said[:60], options=options))
        return f"[{key}] {len(people)} people answer to {said!r}: ask which one, with this fact."
    return f"[{await not_found(deps, 'employee', said)}] Nobody of the staff answers to {said!r}."
