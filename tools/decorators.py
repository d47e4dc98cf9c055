"""`@read` and `@write` register a function as a tool on a toolset, with its policy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic_ai import FunctionToolset
from pydantic_ai.tools import Tool

from jarvis.engine.planned import PlannedWrite
from jarvis.kit.actor import Role
from tools.deps import Deps
from tools.policy import DENIED, LABEL, Approval, EffectClass, Scope, ToolPolicy, labelled

TOOL_TIMEOUT_S = 20
Planned = list[PlannedWrite] | str
"""What a tool that waits for a word returns: its plan, or the text that says why there is none."""

F = TypeVar("F", bound=Callable[..., Awaitable[Any]])


class Toolset(FunctionToolset[Deps]):
    """A toolset that accepts only tools with a policy."""

    def add_tool(self, tool: Tool[Deps]) -> None:
        """Add a tool.

        Raises:
            TypeError: it carries no policy; `read` and `write` give it one.
        """
        if labelled(tool.metadata) is DENIED:
            raise TypeError(f"{tool.name} has no policy: register it with @read or @write")
        tool.description = _one_paragraph(tool.description)
        schema = tool.function_schema.json_schema
        for described in (*schema["properties"].values(), *schema.get("$defs", {}).values()):
            described["description"] = _one_paragraph(described.get("description"))
        super().add_tool(tool)

    def register(self, function: F, policy: ToolPolicy) -> F:
        """Add a function as a tool with this policy. Writes run one after another."""
        self.add_function(
            function,
            metadata={LABEL: policy},
            sequential=True if policy.effect == "write" else None,
        )
        return function


def new_toolset(name: str) -> Toolset:
    """An empty toolset whose tools must describe every parameter."""
    return Toolset(
        id=name,
        docstring_format="google",
        require_parameter_descriptions=True,
        timeout=TOOL_TIMEOUT_S,
        max_retries=2,
    )


def read(
    toolset: Toolset, *, roles: frozenset[Role], scope: Scope, untrusted: bool
) -> Callable[[F], F]:
    """Register a tool that changes nothing.

    Args:
        toolset: Where the tool belongs.
        roles: Who may call it; nobody else sees it.
        scope: `company` looks everywhere, `branch` only into the person's branches.
        untrusted: The output holds free text of outsiders and taints the conversation.
    """
    policy = ToolPolicy(effect="read", roles=roles, scope=scope, untrusted=untrusted)
    return lambda function: toolset.register(function, policy)


def write(
    toolset: Toolset,
    *,
    effect_class: EffectClass,
    roles: frozenset[Role],
    scope: Scope,
    approvers: frozenset[Role] = frozenset(),
    approval: Approval = "always",
) -> Callable[[F], F]:
    """Register a tool that plans a change, or makes one that needs no approval.

    Args:
        toolset: Where the tool belongs.
        effect_class: What a repetition may do outside: architecture's classes A, B and C.
        roles: Who may ask for it; nobody else sees it.
        scope: `company` reaches everywhere, `branch` only into the person's branches.
        approvers: Roles that may approve it.
        approval: `never` only for what somebody opens for themselves, where a
            repetition changes nothing; `two_persons`: two different approvers.

    Raises:
        ValueError: it needs an approval that no role may give.
    """
    policy = ToolPolicy(
        effect="write",
        roles=roles,
        scope=scope,
        effect_class=effect_class,
        approval=approval,
        approvers=approvers,
    )
    return lambda function: toolset.register(function, policy)


def _one_paragraph(text: str | None) -> str:
    """Join the lines of a docstring, whose breaks are for our screens, for the model."""
    return " ".join((text or "").split())
