"""The snapshots of the tools, by toolset: its part of the matrix of rights, and its schemas as a
model sees them.

`python -m tools.snapshot --write` writes both anew beside the tools; without `--write` it only says
which differ.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic_ai import FunctionToolset

from jarvis.kit.actor import Role
from jarvis.kit.roles import EVERYBODY
from jarvis.kit.snapshots import Snapshots
from tools.policy import ToolPolicy, labelled, toolsets

FOLDER = Path(__file__).parent
POLICIES = "policies"
SCHEMAS = "schemas"
COMMAND = "python -m tools.snapshot --write"
_COLUMNS = (
    "Tool",
    "Effect",
    "Class",
    "Scope",
    "Output",
    "Approval",
    "Roles",
    "Approvers",
)


def snapshots() -> Mapping[Path, str]:
    """Every snapshot's text by its path, as the tools are now."""
    found: dict[Path, str] = {}
    for toolset in toolsets():
        found[FOLDER / POLICIES / f"{toolset.id}.md"] = _policies(toolset)
        tools = [tool.tool_def for tool in toolset.tools.values()]
        shown = [
            {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters_json_schema,
            }
            for tool in sorted(tools, key=lambda tool: tool.name)
        ]
        text = json.dumps(shown, ensure_ascii=False, indent=1)
        found[FOLDER / SCHEMAS / f"{toolset.id}.json"] = f"{text}\n"
    return found


def _policies(toolset: FunctionToolset[Any]) -> str:
    lines = [
        f"# What each tool of `{toolset.id}` is and who may call it",
        "",
        f"Gathered from the tools' decorators by `{COMMAND}`; do not edit.",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        f"|{' --- |' * len(_COLUMNS)}",
    ]
    for name, tool in toolset.tools.items():
        lines.append(f"| {' | '.join(_row(name, labelled(tool.metadata)))} |")
    return "\n".join(lines) + "\n"


def _row(name: str, policy: ToolPolicy) -> Iterable[str]:
    return (
        f"`{name}`",
        policy.effect,
        policy.effect_class or "",
        policy.scope,
        "**untrusted**" if policy.untrusted else "trusted",
        "" if policy.effect == "read" else policy.approval,
        _roles(policy.roles),
        _roles(policy.approvers),
    )


def _roles(roles: frozenset[Role]) -> str:
    return "everybody" if roles == EVERYBODY else ", ".join(r.value for r in Role if r in roles)


def _written() -> Iterator[Path]:
    return (path for room in (POLICIES, SCHEMAS) for path in (FOLDER / room).glob("*"))


SNAPSHOTS = Snapshots(now=snapshots, written=_written, root=FOLDER.parent)

if __name__ == "__main__":
    raise SystemExit(SNAPSHOTS.command(__doc__))
