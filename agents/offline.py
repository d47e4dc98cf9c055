"""The offline model of a role, and what the rules of all roles share: call a tool, or refuse when
this person lacks it; then show the facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agents.grammar import grammar
from jarvis.app.role import Role, roles
from jarvis.kit.clock import Clock
from jarvis.language.offline import REFUSED, Call, Finish, NamesBranches, OfflineModel, Turn

# Questions after a call with rejected arguments, since repeating the call would fail again.
_FLAWS = {
    "ru": {
        "date": "Такой даты быть не может. Какой день?",
        "number": "Такого числа быть не может. Сколько?",
        "text": "Это слишком длинно. Скажите короче.",
        "other": "Так не выйдет. Назовите даты и числа иначе.",
    },
    "en": {
        "date": "There can be no such date. Which day?",
        "number": "There can be no such number. How many?",
        "text": "This is too long. Please say it in fewer words.",
        "other": "That cannot be. Please put it in another way.",
    },
    "ka": {
        "date": "ასეთი თარიღი ვერ იქნება. რომელი დღე?",
        "number": "ასეთი რიცხვი ვერ იქნება. რამდენი?",
        "text": "ძალიან გრძელია. თქვით უფრო მოკლედ.",
        "other": "ასე არ გამოვა. სხვანაირად თქვით თარიღები და რიცხვები.",
    },
}
_FACT = re.compile(r"\[(f\d+)\]")


def offline_model(role: Role, clock: Clock, branches: NamesBranches | None = None) -> OfflineModel:
    """A role that works without a provider, by its rules; `branches` returns the current ones."""
    rules = role.load(role.offline)
    return OfflineModel(rules, grammar(), clock, completes=completed, branches=branches)


def completed(text: str, before: Sequence[str], now: datetime) -> str:
    """A request completed by the ones before it, as the roles' rules complete theirs."""
    for role in roles().values():
        if role.completes is not None:
            text = role.load(role.completes)(text, before, now)
    return text


def need(turn: Turn, *calls: Call) -> Sequence[Call] | Finish:
    """These calls, or a refusal block for the first tool that this person may not use."""
    for call in calls:
        if call.tool not in turn.tools:
            return Finish(output={"blocks": [{"kind": "refusal", "tool": call.tool}]})
    return calls


def given(**args: Any) -> dict[str, Any]:
    """The arguments of a call that are not None."""
    return {name: value for name, value in args.items() if value is not None}


def answer_facts(turn: Turn) -> Finish:
    """Answer with everything the tools found; when they found nothing, their text decides nothing
    and nothing is invented."""
    ids: list[str] = []
    for _, text in turn.results:
        ids += [i for i in _FACT.findall(text) if i not in ids]
    blocks: list[dict[str, Any]] = [{"kind": "facts", "ids": ids}] if ids else []
    flaw = next(
        (text.removeprefix(REFUSED) for _, text in turn.results if text.startswith(REFUSED)), None
    )
    if flaw is not None:
        blocks.append({"kind": "question", "text": _FLAWS[turn.said.language][flaw], "options": []})
    if blocks:
        return Finish(output={"blocks": blocks})
    refused = next((name for name, text in turn.results if "Not allowed" in text), None)
    if refused is not None:
        return Finish(output={"blocks": [{"kind": "refusal", "tool": refused}]})
    return Finish(output={"blocks": [{"kind": "text", "text": "unavailable"}]})
