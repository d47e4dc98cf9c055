"""What a reviewer reads of the tools: the matrix of rights, and each toolset as a model sees it.

`python -m tools.snapshot --write` writes both anew beside the tools; without `--write` it only says
which differ.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from jarvis.kit.actor import Role
from jarvis.kit.roles import EVERYBODY
from tools.policy import ToolPolicy, labelled, toolsets

FOLDER = Path(__file__).parent
POLICY = "policy.snapshot.md"
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


def snapshots() -> Mapping[str, str]:
    """Every snapshot's text by its path below `tools/`, as the tools are now."""
    found = {POLICY: _policies()}
    for toolset in toolsets():
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
        found[f"{SCHEMAS}/{toolset.id}.json"] = f"{text}\n"
    return found


def differing() -> list[str]:
    """Paths below `tools/` of snapshots that differ, are missing, or show what is gone."""
    now = snapshots()
    written = {
        str(path.relative_to(FOLDER)): path.read_text(encoding="utf-8")
        for path in (FOLDER / POLICY, *(FOLDER / SCHEMAS).glob("*"))
        if path.exists()
    }
    return sorted(path for path in {*now, *written} if now.get(path) != written.get(path))


def write() -> None:
    """Make the snapshots show the tools as they are now."""
    now = snapshots()
    for path in differing():
        if path in now:
            (FOLDER / path).parent.mkdir(exist_ok=True)
            (FOLDER / path).write_text(now[path], encoding="utf-8")
        else:
            (FOLDER / path).unlink()


def _policies() -> str:
    lines = [
        "# What each tool is and who may call it",
        "",
        f"Gathered from the tools' decorators by `{COMMAND}`; do not edit.",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        f"|{' --- |' * len(_COLUMNS)}",
    ]
    for toolset in toolsets():
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


def main() -> int:
    """Say which snapshots differ, or write them; 1 when one differs and was not written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write what differs")
    wanted = parser.parse_args()
    paths = differing()
    if wanted.write:
        write()
    for path in paths:
        print(f"{'wrote' if wanted.write else 'differs'}: tools/{path}")  # noqa: T201  # its output
    return 1 if paths and not wanted.write else 0


if __name__ == "__main__":
    raise SystemExit(main())
