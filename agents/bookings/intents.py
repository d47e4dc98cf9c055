"""The changes of bookings and cars that a request asks for: which change, of which record, until
when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from agents.grammar import asked, grammar, read
from jarvis.app.role import roles
from jarvis.kit.clock import local_date
from jarvis.kit.text import MESSAGE_CHARS, PLATE, fold
from jarvis.language.branches import EVERYDAY, BranchNames
from jarvis.language.dates import NUMERIC, dated, day_words, spoken_date, weekday_of
from jarvis.language.entities import name_of, number_of

CHANGED_BY = ("bookings", "fleet")
_TIME = re.compile(
    r"(?<![\d.])(\d{1,2}):(\d{2})(?!\d)|(?<!\d)(?:\bв|\bк|\bat)\s+(\d{1,2})(?![\d.:]|\s*(?:дн|сут))"
)
_LENGTH = (
    (
        1,
        r"накин\w*\s+(?:ещё\s+|еще\s+)?(?:день|сутки)\b|на\s+(?:один\s+|ещё\s+|еще\s+)?(?:день|сутки)\b|(?:for|by)\s+(?:a|one)\s+day|ერთი\s+დღ",
    ),
    (2, r"на\s+(?:двое|два)\s+(?:сут|дн)|by\s+two\s+days"),
    (7, r"на\s+неделю|(?:for|by)\s+a\s+week|ერთი\s+კვირ"),
)
_N_DAYS = re.compile(
    r"(?:на|for|by|накин\w*|докин\w*)\s+(?:ещё\s+|еще\s+)?(\d{1,2})\s*(?:дн|ден|сут|days?)|(\d{1,2})\s*დღ",
    re.I,
)
_NEXT = re.compile(r"следующ\w+|\bnext\b|მომავალ", re.I)
_VAGUE = re.compile(
    r"на\s+(?:пару|несколько)\s+(?:дн|сут)|через\s+пару|на\s+днях|for\s+a\s+(?:few|couple)", re.I
)
_PRONOUN = re.compile(r"\b(?:её|ее|его|эту|этот|it|that one)\b", re.I)
_CORRECTION = re.compile(
    r"^\W*(?:(?:нет|не|лучше|no|rather)[,\s]+)*(?=(?:до|на|until|till|by|for)\b)", re.I
)
SHORT_WORDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: the intent with its role and tool, and the slots that were said.

    `asks`: the days that it may mean, of which a person must choose; never guessed for a change.
    """

    intent: str
    role: str
    tool: str
    text: str
    number: int | None = None
    day: date | None = None
    moment: datetime | None = None
    days: int | None = None
    note: str | None = None
    other_car: str | None = None
    next_car: str | None = None
    name: str | None = None
    asks: Sequence[date] = ()
    vague: bool = False
    pickup: bool = False


def change_of(text: str, now: datetime, branches: BranchNames = EVERYDAY) -> Change | None:
    """The change that a clause asks for."""
    found = asked(read(text, now, branches), *CHANGED_BY, verbs=True)
    if found is None or found.intent.tool is None:
        return None
    intent, slots = found.intent.id, roles()["bookings"].intents.slots
    whose = Change(intent=intent, role=found.role, tool=found.intent.tool, text=text)
    if intent == "note":
        head, _, note = text.partition(":")
        return replace(whose, number=_number(head), note=note.strip().strip('«»"“”') or None)
    swap = slots["next_car"].search(text) if intent == "extend" else None
    main = text[: swap.start()] if swap else text
    day, moment, asks = _until(main, now)
    following = [g for g in swap.groups() if g] if swap else []
    other = slots["other_car"].search(text) if intent == "swap" else None
    return replace(
        whose,
        number=_number(main),
        day=day,
        moment=moment,
        asks=asks,
        days=_length(main),
        vague=bool(_VAGUE.search(main)),
        other_car=(other[1] or other[2]) if other else None,
        name=name_of(main, grammar(), branches),
        pickup=bool(slots["pickup"].search(text)),
        next_car=following[1].strip() if len(following) == 2 else None,
    )


def _number(text: str) -> int | None:
    return number_of(re.sub(r"\b\d{1,2}\.\d{1,2}\.\d{4}\b", " ", PLATE.sub(" ", text)), grammar())


def _length(text: str) -> int | None:
    counted = _N_DAYS.search(text)
    if counted:
        return int(counted[1] or counted[2])
    return next((days for days, pattern in _LENGTH if re.search(pattern, text, re.I)), None)


def _until(text: str, now: datetime) -> tuple[date | None, datetime | None, Sequence[date]]:
    """The day, or the moment, until which; or the days of which a person must choose."""
    clock = _TIME.search(NUMERIC.sub(" ", text))
    hour, minute = (int(clock[1] or clock[3]), int(clock[2] or 0)) if clock else (None, 0)
    today = local_date(now)
    numeric = NUMERIC.search(text)
    named = (int(numeric[1]), int(numeric[2])) if numeric else spoken_date(text)
    day: date | None = None
    if named:
        day = dated(*named, today, int(numeric[3]) if numeric and numeric[3] else None)
        if day is None:
            return None, None, ()
    else:
        words = [fold(w) for w in re.findall(r"[^\W\d_]+", text)]
        weekday = next((n for word in words if (n := weekday_of(word)) is not None), None)
        if weekday is not None:
            day = today + timedelta(days=(weekday - today.weekday()) % 7)
            if _NEXT.search(text) or day == today:
                first = day if day != today else today
                return None, None, (first, first + timedelta(days=7))
        else:
            offset = next((n for word in words if (n := day_words(word)) is not None), None)
            day = None if offset is None else today + timedelta(days=offset)
    if day is None or hour is None or hour > 23 or minute > 59:
        return day, None, ()
    return None, datetime(day.year, day.month, day.day, hour, minute), ()  # noqa: DTZ001  # a local time for the tool


def changes_of(text: str, now: datetime, branches: BranchNames = EVERYDAY) -> list[Change]:
    """Every change of a request: clauses are joined by "и", "and", "და"; a note extends to the end
    of the text."""
    intents = roles()["bookings"].intents
    noting = intents.intent("note").verb
    noted = noting.search(text) if noting is not None else None
    if noted is not None:
        note = change_of(text[noted.start() :], now, branches)
        before = changes_of(text[: noted.start()], now, branches)
        return [*before, *([note] if note else [])]
    whole = change_of(text, now, branches)
    if whole is None:
        return []
    clauses = intents.slots["clause"].split(text)
    found = [c for clause in clauses if (c := change_of(clause, now, branches)) is not None]
    return found or [whole]


def continued(text: str, before: Sequence[str], now: datetime) -> str:
    """Complete a request by the one before it: a pronoun, an answer to our question, a correction
    of an extension."""
    if not before:
        return text
    change, last = change_of(text, now), before[-1]
    if change is not None:
        number = _number(last) if change.number is None and _PRONOUN.search(text) else None
        return text if number is None else f"{text} №{number}"
    earlier = change_of(last, now)
    short = len(text.split()) <= SHORT_WORDS and "?" not in text
    if (
        earlier is None
        or earlier.intent != "extend"
        or not short
        or not (found := _CORRECTION.match(text))
    ):
        return text
    rest = text[found.end() :]
    if not any(_until(rest, now)) and _length(rest) is None:
        return text
    if earlier.number is not None:
        return f"продли {earlier.number} {rest}"
    complete = earlier.day or earlier.moment or earlier.days or earlier.asks
    return text if complete or len(last) + len(rest) >= MESSAGE_CHARS else f"{last} {rest}"
