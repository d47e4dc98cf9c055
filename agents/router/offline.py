"""The router's rules for the offline model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from agents.grammar import asked, read
from jarvis.app.role import delegates
from jarvis.language.dates import impossible_date
from jarvis.language.entities import Understood
from jarvis.language.offline import Call, Finish, Turn

_SPLIT = re.compile(
    r"\s+(?:и|and|да|და)\s+|\s*[;,]\s+(?=(?:где|кто|что|какие|покажи|where|who|what|show)\b)", re.I
)
_NO_DATE = {
    "ru": "Даты {} нет. Какой день?",
    "en": "There is no {}. Which day?",
    "ka": "{}: ასეთი თარიღი არ არსებობს. რომელი დღე?",
}


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """Delegate by the words of the request; ask when they match no role; never guess."""
    said = turn.said
    if (odd := impossible_date(said.text.partition(":")[0], said.now)) is not None:
        return Finish(output={"question": _NO_DATE[said.language].format(odd), "options": []})
    parts = [p for p in _SPLIT.split(said.text) if p.strip()]
    if 1 < len(parts) <= 3:
        roles = [role_of(read(part, said.now, said.branches)) for part in parts]
        if all(roles) and len(set(roles)) == len(roles):
            return _delegate(
                [(cast(str, role), part) for role, part in zip(roles, parts, strict=True)]
            )
    role = role_of(said)
    before = _last_roles(turn.last_output)
    if before and (said.follow_up or role is None) and _only_slots(said):
        return _delegate([(before[-1], said.text)])
    if role is not None:
        return _delegate([(role, said.text)])
    if said.has("off_topic"):
        return Finish(output={"refusal": "off_topic"})
    return Finish(output={"question": "unclear", "options": []})


def role_of(said: Understood) -> str | None:
    """The only role whose intents match the words of a request."""
    found = asked(said)
    return found.role if found is not None and found.role in delegates() else None


def _only_slots(said: Understood) -> bool:
    """Whether the text is a follow-up: it names a branch, a day, a car or "the same", and no other
    intent."""
    slots = said.branch or said.everywhere or said.period or said.car or said.number or said.name
    return said.follow_up or (role_of(said) is None and bool(slots))


def _last_roles(output: Mapping[str, Any] | None) -> list[str]:
    rows = cast(list[dict[str, Any]], (output or {}).get("delegations") or [])
    return [str(row["role"]) for row in rows]


def _delegate(pairs: Sequence[tuple[str, str]]) -> Finish:
    return Finish(
        output={
            "delegations": [{"role": r, "request": t.strip(), "reason": "words"} for r, t in pairs]
        }
    )
