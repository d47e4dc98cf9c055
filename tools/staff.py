"""Colleagues and branches: changes, each only planned here; the card shows the plan, a person
decides, code carries it out."""

from __future__ import annotations

from pydantic_ai import RunContext

from jarvis.domains.house.changes import HouseChanges
from jarvis.kit.actor import Language, Role
from jarvis.kit.roles import ADMINS, HEADS
from jarvis.kit.text import latin
from tools.arguments import Branch, Code, Name, Said
from tools.decorators import Planned, new_toolset, write
from tools.deps import Deps
from tools.resolve import resolve_person

staff = new_toolset("staff")


@write(staff, effect_class="A", roles=HEADS | ADMINS, approvers=ADMINS, scope="company")
async def grant_role(
    ctx: RunContext[Deps], employee: Said, role: Role | None = None, branch: Branch | None = None
) -> Planned:
    """Another role or another branch for a colleague, never for the person who asks. Nothing
    happens before an administrator approves the card.

    Args:
        employee: The colleague's name as it was said, e.g. `Лаша Гогуадзе`.
        role: The new role; left out when only the branch changes.
        branch: Code of the new home branch; left out when only the role changes.
    """
    person = await resolve_person(ctx, employee)
    if isinstance(person, str):
        return person
    return [await ctx.deps.get(HouseChanges).grant(ctx.deps.actor, person, role, branch)]


@write(staff, effect_class="A", roles=HEADS | ADMINS, approvers=ADMINS, scope="company")
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
        name: First and last name, e.g. `Нана Гелашвили`.
        role: The role; it is asked for when it was not said.
        branch: Code of the home branch, which `employee`, `branch_head` and `mechanic` need; left
            out for roles of the whole company.
        language: The language in which Jarvis speaks to them: `ru` Russian, `en` English, `ka`
            Georgian.
    """
    return [await ctx.deps.get(HouseChanges).hire(ctx.deps.actor, name, role, branch, language)]


@write(
    staff,
    effect_class="A",
    roles=frozenset({Role.DIRECTOR}) | ADMINS,
    approvers=ADMINS,
    scope="company",
)
async def add_branch(
    ctx: RunContext[Deps],
    name: Name,
    code: Code | None = None,
    name_en: Name | None = None,
    name_ka: Name | None = None,
) -> Planned:
    """A new branch of the company. Nothing happens before an administrator approves the card.

    Args:
        name: The name in Russian, as it was said, e.g. `Гори`.
        code: Only when one was said: small Latin letters, digits and dashes, a letter first, e.g.
            `gori`; left out, it is made of the name.
        name_en: The name in English, e.g. `Gori`; left out, the Latin spelling.
        name_ka: The name in Georgian, e.g. `გორი`; left out, the name as it was said.
    """
    spelled = latin(name).strip().replace(" ", "-")
    names = {"ru": name, "en": name_en or spelled.title(), "ka": name_ka or name}
    return [
        await ctx.deps.get(HouseChanges).add_branch(
            ctx.deps.actor, code or spelled, names, rents=True
        )
    ]
