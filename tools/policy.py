"""What each tool is and who may call it: declared in the tool's decorator, gathered here into one
matrix. A tool without a label is a write, untrusted, denied."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, Literal

from pydantic_ai import FunctionToolset

import tools
from jarvis.kit.actor import Role

Scope = Literal["company", "branch"]
Approval = Literal["never", "always", "two_persons"]
EffectClass = Literal["A", "B", "C"]
LABEL = "policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPolicy:
    """`scope`: `company` covers everything, `branch` only the person's branches.

    `untrusted`: the output holds free text of outsiders and taints the conversation. `approvers`:
    the roles that approve a write.
    """

    effect: Literal["read", "write"]
    roles: frozenset[Role]
    scope: Scope = "company"
    effect_class: EffectClass | None = None
    untrusted: bool = False
    approval: Approval = "never"
    approvers: frozenset[Role] = frozenset()

    def __post_init__(self) -> None:
        if self.approval != "never" and not self.approvers and self.roles:
            raise ValueError("a write that waits for a word names who may give it")


DENIED = ToolPolicy(effect="write", roles=frozenset(), untrusted=True, approval="always")


def labelled(metadata: Mapping[str, Any] | None) -> ToolPolicy:
    """The policy that a tool carries in its metadata; one without a label is denied."""
    label = (metadata or {}).get(LABEL)
    return label if isinstance(label, ToolPolicy) else DENIED


def toolsets() -> Sequence[FunctionToolset[Any]]:
    """Every toolset of the product, each once, by module."""
    found: dict[int, FunctionToolset[Any]] = {}
    for module in pkgutil.iter_modules(tools.__path__, f"{tools.__name__}."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, FunctionToolset):
                found[id(value)] = value  # pyright: ignore[reportUnknownArgumentType]  # of any deps
    return list(found.values())


def gathered(sets: Iterable[FunctionToolset[Any]]) -> Mapping[str, ToolPolicy]:
    """The policy of every tool of these toolsets by its name.

    Raises:
        ValueError: two of them have a tool of the same name.
    """
    found: dict[str, ToolPolicy] = {}
    for toolset in sets:
        for name, tool in toolset.tools.items():
            if name in found:
                raise ValueError(f"two tools are called {name}")
            found[name] = labelled(tool.metadata)
    return MappingProxyType(found)


@cache
def matrix() -> Mapping[str, ToolPolicy]:
    """The policy of every tool of the product by its name."""
    return gathered(toolsets())


def policy_of(tool: str) -> ToolPolicy:
    """The policy of a tool by its name; one that does not exist is denied."""
    return matrix().get(tool, DENIED)
