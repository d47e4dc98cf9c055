"""Writes to cars, each only planned here: the card shows the plan, a person decides, code carries
it out."""

from __future__ import annotations

from pydantic_ai import RunContext

from jarvis.engine.planned import PlannedWrite
from tools.arguments import Said
from tools.deps import Deps
from tools.fleet import STATES, Branch, State, resolve_car
from tools.toolset import new_toolset

car_changes = new_toolset("car_changes")
Planned = list[PlannedWrite] | str


@car_changes.tool(sequential=True)
async def move_car(ctx: RunContext[Deps], car: Said, branch: Branch) -> Planned:
    """The car belongs to another branch. Nothing happens before a person approves the card that
    follows.

    Args:
        car: The car as it was said.
        branch: Code of the branch that it goes to.
    """
    found = await resolve_car(ctx, car)
    if isinstance(found, str):
        return found
    ctx.deps.scope(found.branch)
    return [await ctx.deps.changes.move(found.id, branch)]


@car_changes.tool(sequential=True)
async def set_car_state(ctx: RunContext[Deps], car: Said, state: State) -> Planned:
    """Another state of a car. Nothing happens before a person approves the card that follows.

    Args:
        car: The car as it was said.
        state: The new state.
    """
    found = await resolve_car(ctx, car)
    if isinstance(found, str):
        return found
    ctx.deps.scope(found.branch)
    return [await ctx.deps.changes.set_state(found.id, STATES[state])]
