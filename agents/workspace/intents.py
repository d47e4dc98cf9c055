"""What the offline model's grammar knows of the company's own house: check-lists, photos, topics,
people, branches, service chats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from agents.bookings.intents import order_of
from jarvis.kit.text import fold
from jarvis.language.branches import EVERYDAY, BranchNames
from jarvis.language.entities import understand

Errand = Literal[
    "post", "hire", "branch", "subscribe", "grant", "start", "status", "media", "topic"
]
_CHECKLIST = r"чек-?\s?лист|check-?\s?list|ჩეკ-?ლისტ"
_CHAT = (
    ("leaders", r"руководител|leaders|ხელმძღვ"),
    ("sales", r"продаж|\bsales|გაყიდვ"),
    ("marketing", r"маркетинг|marketing|მარკეტინგ"),
)
_BRANCH = re.compile(
    r"\b(?:добавь|добавить|открой|открыть|создай|создать|заведи)\w*\s+(?:новый\s+)?филиал\s+([^\W\d_][\w-]*(?:\s[^\W\d_][\w-]*)?)"
    r"|\badd\s+(?:a\s+)?(?:new\s+)?branch\s+([^\W\d_][\w-]*)",
    re.I,
)
_VERBS: tuple[tuple[Errand, str], ...] = (
    (
        "post",
        r"\b(?:напиши|написать|опубликуй|оставь|post|write)\b.*\b(?:в\s+тем[уе]|to\s+(?:the\s+)?topic)\b|თემაში\s.*დაწერე|დაწერე\s.*თემა",
    ),
    (
        "hire",
        r"\b(?:прими|принять|возьми|оформи)(?:те)?\s+на\s+работу\b|\b(?:найми|нанять)\b|\bновый\s+сотрудник\b|^\W*hire\b|აიყვანე",
    ),
    ("branch", _BRANCH.pattern),
    (
        "grant",
        r"\b(?:сделай|назначь|назначить|повысь|переведи|перевести)(?:те)?\b|^\W*(?:make|appoint|promote|transfer)\b",
    ),
    (
        "start",
        rf"\b(?:начни|начать|открой|открыть|запусти|заведи)(?:те)?\b.*(?:{_CHECKLIST})|^\W*(?:please\s+)?(?:start|open|begin)\b.*(?:{_CHECKLIST})"
        rf"|(?:დაიწყე|გახსენი).*(?:{_CHECKLIST})|^\W*(?:начни|начать|запусти)\s+(?:приём|прием|выдач|возврат)",
    ),
    ("status", _CHECKLIST),
    ("media", r"\b(?:фото\w*|фотк\w*|снимк\w*|материал\w*|photos?|pictures?)\b|ფოტო"),
    ("topic", r"\bтем[ауы]\b|\btopic\b|თემა"),
)
_SUBSCRIBE = re.compile(
    r"\b(?:подпиши|отпиши|присылай|отправляй|сообщай|subscribe|unsubscribe)\w*\b", re.I
)
_OFF = re.compile(r"\b(?:не\s+(?:присылай|отправляй|сообщай)|отпиши|unsubscribe)", re.I)
_ROLES = (
    ("admin", r"админ|\badmin|ადმინ"),
    ("director", r"директор|director|დირექტორ"),
    ("department_head", r"руководител\w*\s+отдел|department\s+head"),
    ("branch_head", r"руководител|начальник|\bhead\b|ხელმძღვ"),
    ("sales", r"продаж|\bsales"),
    ("marketing", r"маркет|marketing"),
    ("accountant", r"бухгалтер|accountant|ბუღალტ"),
    ("mechanic", r"механик|mechanic|მექანიკ"),
    ("prompt_engineer", r"промпт|prompt"),
    ("employee", r"сотрудник|оператор|менеджер|employee|თანამშრომ"),
)
_NEWS = (
    ("booking_cancelled", r"отмен|cancel|გაუქმ"),
    ("booking_returned", r"возврат|returns?\b|დაბრუნ"),
    ("booking_issued", r"выдач|pick-?up|issue|გაცემ"),
    ("car_moved", r"перегон|переезд|moves?\b"),
    ("car_problem", r"проблем|поломк|problem|პრობლემ"),
    ("checklist_gaps", _CHECKLIST),
    ("booking_created", r"брон|booking|ჯავშ"),
)
_KINDS = (
    ("issue", r"выдач|pick-?up|\bissue|გაცემ"),
    ("return", r"возврат|приём|прием|\breturn|დაბრუნ|მიღებ"),
    ("daily", r"ежедневн|daily|ყოველდღ"),
    ("damage", r"поврежд|царапин|damage|დაზიან"),
    ("problem", r"проблем|problem|პრობლემ"),
)
_NAME = re.compile(r"\b([A-ZА-ЯЁ][a-zа-яё'-]+\s+[A-ZА-ЯЁ][a-zа-яё'-]+)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One errand; what was not said is None. `car`: the words that name a car."""

    errand: Errand
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


def errand_of(text: str, now: datetime, branches: BranchNames = EVERYDAY) -> Wanted | None:
    """The errand that a request asks for."""
    said = understand(text, now, branches)
    chat = _first(_CHAT, text)
    if _SUBSCRIBE.search(text) and chat is not None:
        rest = re.sub("|".join(pattern for _, pattern in _CHAT), " ", text, flags=re.I)
        mode = (
            "off"
            if _OFF.search(text)
            else "digest"
            if re.search(r"дайджест|сводк|digest|вечером", text, re.I)
            else "instant"
        )
        return Wanted(
            errand="subscribe", chat=chat, news=_first(_NEWS, rest), mode=mode, branch=said.branch
        )
    for errand, pattern in _VERBS:
        found = re.search(pattern, text, re.I)
        if found is not None and (wanted := _read(errand, text, found, now, branches)) is not None:
            return wanted
    return None


def _read(
    errand: Errand, text: str, found: re.Match[str], now: datetime, branches: BranchNames
) -> Wanted | None:
    """The slots of an errand; None when the words mean something else after all."""
    said = understand(text, now, branches)
    if errand == "post":
        head, _, words = text.partition(":")
        return Wanted(errand=errand, car=head, words=words.strip().strip('«»"“”') or None)
    if errand == "branch":
        named = _BRANCH.search(text)
        return Wanted(errand=errand, name=(named[1] or named[2]).strip() if named else None)
    if errand in ("hire", "grant"):
        name = next(
            (
                n
                for n in _NAME.findall(text[found.end() :])
                if branches.find([fold(w) for w in n.split()]) is None
            ),
            None,
        )
        if errand == "grant" and (name is None or said.car):
            return None
        rest = text[text.index(name) + len(name) :] if name else text[found.end() :]
        return Wanted(errand=errand, name=name, role=_first(_ROLES, rest), branch=said.branch)
    if errand in ("media", "topic"):
        if order_of(text, now) is not None or not (said.car or said.number):
            return None
        kind = (
            _first([k for k in _KINDS if k[0] in ("issue", "return", "damage")], text)
            if errand == "media"
            else None
        )
        return Wanted(
            errand=errand, kind=kind, number=said.number, car=text if said.number is None else None
        )
    number = said.number or _bare(text)
    return Wanted(
        errand=errand,
        kind=_first(_KINDS, text),
        number=number,
        car=text if said.car and number is None else None,
        branch=said.branch,
    )


def _bare(text: str) -> int | None:
    found = re.search(r"(?<![\d.:-])(\d{4,6})(?![\d.:-])", text)
    return int(found[1]) if found else None


def _first(table: Sequence[tuple[str, str]], text: str) -> str | None:
    return next((name for name, pattern in table if re.search(pattern, text, re.I)), None)
