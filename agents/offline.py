"""What the rules of all roles share: ask for a tool, or say that this person lacks it; then show the facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from jarvis.integrations.llm.offline import Call, Finish, Turn

_FACT = re.compile(r"\[(f\d+)\]")


def need(turn: Turn, *calls: Call) -> Sequence[Call] | Finish:
    """These calls, or a refusal block for the first tool that this person may not use."""
    for call in calls:
        if call.tool not in turn.tools:
            return Finish(output={"blocks": [{"kind": "refusal", "tool": call.tool}]})
    return calls


def given(**args: Any) -> dict[str, Any]:
    """What was said, as a call's arguments."""
    return {name: value for name, value in args.items() if value is not None}


def answer_facts(turn: Turn) -> Finish:
    """Everything the tools found; when they found nothing, their own words decide nothing and none is invented."""
    ids: list[str] = []
    for _, text in turn.results:
        ids += [i for i in _FACT.findall(text) if i not in ids]
    if ids:
        return Finish(output={"blocks": [{"kind": "facts", "ids": ids}]})
    refused = next((name for name, text in turn.results if "Not allowed" in text), None)
    if refused is not None:
        return Finish(output={"blocks": [{"kind": "refusal", "tool": refused}]})
    return Finish(output={"blocks": [{"kind": "text", "text": "unavailable"}]})
