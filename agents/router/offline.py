"""The router's rules for the offline model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from rapidfuzz import fuzz, process

from agents.bookings.intents import ROLE, order_of
from agents.workspace.intents import errand_of
from jarvis.language.dates import impossible_date
from jarvis.language.entities import Understood, understand
from jarvis.language.offline import Call, Finish, Turn

_SPLIT = re.compile(
    r"\s+(?:и|and|да|და)\s+|\s*[;,]\s+(?=(?:где|кто|что|какие|покажи|where|who|what|show)\b)", re.I
)
_GUIDE = re.compile(
    r"(?:^|\s)(?:правил|что делать|what to do|what if|по правилам|rules?\b|how (?:do|to|can) "
    r"(?:we|i)\b"
    r"|как (?:мы|нам|надо|правильно|при|выда|оформ|дела)|шаги|инструкц"
    r"|что ты умеешь|what can you do|რა შეგიძლია|როგორ)",
    re.I,
)
_KIND, _KNOWN = re.compile(r"^kind: (.*)$", re.M), re.compile(r"^known kinds: (.*)$", re.M)
ALMOST_THE_SAME = 80.0
_STRONG_BOOKING = ("took", "debts", "due", "overdue", "conflicts", "changed", "plan")
_NO_DATE = {
    "ru": "Даты {} нет. Какой день?",
    "en": "There is no {}. Which day?",
    "ka": "{}: ასეთი თარიღი არ არსებობს. რომელი დღე?",
}


def rules(turn: Turn) -> Sequence[Call] | Finish:
    """Delegations by the words of the request; a question when they say nothing; never a guess."""
    said = turn.said
    if (odd := impossible_date(said.text.partition(":")[0], said.now)) is not None:
        return Finish(output={"question": _NO_DATE[said.language].format(odd), "options": []})
    parts = [p for p in _SPLIT.split(said.text) if p.strip()]
    if 1 < len(parts) <= 3:
        roles = [role_of(understand(part, said.now, said.branches)) for part in parts]
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
    if said.has("off"):
        return Finish(output={"refusal": "off_topic"})
    return Finish(output={"question": "unclear", "options": []})


def event_rules(turn: Turn) -> Sequence[Call] | Finish:
    """The known kind that is spelled almost the same, or none: without a model nothing is read into
    a name."""
    kind = _KIND.search(turn.said.text)
    known = _KNOWN.search(turn.said.text)
    if kind is None or known is None:
        return Finish(output={"kind": None, "reason": ""})
    found = process.extractOne(
        kind[1], known[1].split(", "), scorer=fuzz.ratio, score_cutoff=ALMOST_THE_SAME
    )
    return Finish(
        output={"kind": found[0] if found else None, "reason": "похожее имя" if found else ""}
    )


def role_of(said: Understood) -> str | None:
    """The one role that the words of a request point to."""
    if errand_of(said.text, said.now, said.branches) is not None:
        return "workspace"
    order = order_of(said.text, said.now)
    if order is not None:
        return ROLE[order.verb]
    if said.has("off"):
        return None
    if said.has("guide") or _GUIDE.search(said.text):
        return "guide"
    if said.has("contact") or (said.has("client") and not said.has("debts")):
        return "clients"
    if said.has("changed") or said.number is not None or said.has(*_STRONG_BOOKING):
        return "bookings"
    if said.has("condition") or said.has("free"):
        return "fleet"
    if said.has("pickups", "returns", "booking"):
        return "bookings"
    if said.car or said.has("where", "who_has", "repair", "cars") or _places(said):
        return "fleet"
    return None


def _places(said: Understood) -> bool:
    """ "Кто стоит в сервисном центре": a branch and a verb of standing."""
    return said.branch is not None and bool(re.search(r"сто(?:ит|ят)|находи", said.text, re.I))


def _only_slots(said: Understood) -> bool:
    """A follow-up names a branch, a day, a car or "the same", and no new matter."""
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
