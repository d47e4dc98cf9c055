"""The intents of the workspace role: check-lists, photos, topics, people, branches, service
chats."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from agents.bookings.intents import CHANGED_BY
from agents.grammar import asked, read
from jarvis.app.role import roles
from jarvis.kit.text import fold
from jarvis.language.branches import EVERYDAY, BranchNames
from jarvis.language.entities import Understood
from jarvis.language.grammar import Intents

MEDIA_KINDS = ("issue", "return", "damage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One intent with its tool; what was not said is None. `car`: the words that name a car."""

    intent: str
    tool: str
    number: int | None = None
    car: str | None = None
    branch: str | None = None
    kind: str | None = None
    words: str | None = None
    name: str | None = None
    role: str | None = None
    chat: str | None = None
    news: str | None = None
    mode: str = "instant"


def wanted_of(text: str, now: datetime, branches: BranchNames = EVERYDAY) -> Wanted | None:
    """The intent of a request to the workspace; a verb of a change of bookings or cars takes
    precedence."""
    said = read(text, now, branches)
    found = asked(said, "workspace", *CHANGED_BY, verbs=True)
    if found is None or found.role != "workspace" or found.intent.tool is None:
        return None
    wanted = Wanted(intent=found.intent.id, tool=found.intent.tool, branch=said.branch)
    verb = found.intent.verb.search(text) if found.intent.verb is not None else None
    return _read(wanted, said, verb) if verb is not None else None


def _read(wanted: Wanted, said: Understood, verb: re.Match[str]) -> Wanted:
    """The slots of an intent."""
    text, intents = said.text, roles()["workspace"].intents
    match wanted.intent:
        case "subscribe":
            rest = intents.without("chat", text)
            return replace(
                wanted,
                chat=intents.value("chat", text),
                news=intents.value("news", rest),
                mode=intents.value("mode", text) or "instant",
            )
        case "post":
            head, _, words = text.partition(":")
            return replace(wanted, car=head, words=words.strip().strip('«»"“”') or None)
        case "branch":
            return replace(wanted, name=next(said for said in verb.groups() if said).strip())
        case "hire" | "grant":
            return _person(wanted, said, verb, intents)
        case "media" | "topic":
            kind = intents.value("kind", text, MEDIA_KINDS) if wanted.intent == "media" else None
            car = text if said.number is None else None
            return replace(wanted, kind=kind, number=said.number, car=car)
        case _:
            number = said.number or _bare(text)
            car = text if said.car and number is None else None
            return replace(wanted, kind=intents.value("kind", text), number=number, car=car)


def _person(wanted: Wanted, said: Understood, verb: re.Match[str], intents: Intents) -> Wanted:
    text, branches = said.text, said.branches
    names = [str(name) for name in intents.slots["name"].findall(text[verb.end() :])]
    name = next((n for n in names if branches.find([fold(w) for w in n.split()]) is None), None)
    rest = text[text.index(name) + len(name) :] if name else text[verb.end() :]
    return replace(wanted, name=name, role=intents.value("role", rest))


def _bare(text: str) -> int | None:
    found = re.search(r"(?<![\d.:-])(\d{4,6})(?![\d.:-])", text)
    return int(found[1]) if found else None
