"""The changes that the offline model's grammar knows: what is to be done, to which booking or car,
until when.

Only imperatives and infinitives are orders ("продли", "продлить", "extend"); a past tense asks
about the past.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from jarvis.kit.clock import local_date
from jarvis.kit.text import MESSAGE_CHARS, PLATE, fold
from jarvis.language.dates import NUMERIC, dated, day_words, spoken_date, weekday_of
from jarvis.language.entities import name_of, number_of

Verb = Literal["extend", "cancel", "move", "state", "note", "swap", "create", "times"]
ROLE: dict[Verb, str] = {
    "extend": "bookings",
    "cancel": "bookings",
    "note": "bookings",
    "swap": "bookings",
    "create": "bookings",
    "times": "bookings",
    "move": "fleet",
    "state": "fleet",
}
_VERBS: tuple[tuple[Verb, str], ...] = (
    (
        "note",
        r"\bзапиши\w*\s+в\s+(?:брон|№?\s?\d)|\bдобавь\w*\s+(?:заметку|комментарий)|\bnote\s+in\s+booking|\badd\s+a\s+note|ჩაწერე",
    ),
    (
        "swap",
        r"^\W*пересади(?:ть|те)?\b|\bпоменя(?:й|ть)\w*\s+(?:машину|тачку|авто)|^\W*move\s+booking\b|^\W*გადასვი",
    ),
    (
        "extend",
        r"\bпродли(?:ть|те)?\b|\b(?:накинь|накинуть|докинь|докинуть)\b|\bextend\b|გააგრძელე\w*|გაუგრძელე\w*|გავაგრძელოთ",
    ),
    (
        "cancel",
        r"\bотмени(?:ть|те)?\b.*(?:брон|заказ|№|\d{3,})|\bcancel\b.*(?:booking|#|\d{3,})|გააუქმე\w*.*(?:ჯავშან|№|\d{3,})",
    ),
    (
        "create",
        r"\b(?:создай|создать|оформи|оформить|заведи)\s+(?:новую\s+)?брон|\bзабронируй\w*|\bbook\s+(?!ing)|\bcreate\s+a\s+booking|დაჯავშნე",
    ),
    (
        "times",
        r"\b(?:перенеси|перенести|сдвинь|сдвинуть)\b.*(?:выдач|возврат|приём|прием)|\b(?:move|shift)\s+the\s+(?:pick-?up|return)\b"
        r"|\bместо\s+(?:выдачи|возврата)\b.*\b(?:поменяй|смени|поставь|измени)|\b(?:поменяй|смени|измени)\w*\s+место\s+(?:выдачи|возврата)",
    ),
    (
        "state",
        r"\bсн(?:ять|ими)\w*\b.*с\s+линии|\bверн(?:и|уть)\w*\b.*(?:на\s+линию|в\s+строй)|\bпостав(?:ь|ить)\w*\b.*(?:ремонт|состояни|не\s+выдавать"
        r"|обслуживан|можно\s+выдавать)|\bset\b.*\bstate\b|\b(?:put|take)\b.*(?:under repair|off "
        r"the line|back on the line)|ხაზიდან\s+მოხსენი",
    ),
    (
        "move",
        r"\b(?:перегони|перегнать|переведи|перевести|докати)(?:те)?\b|^\W*(?:move|transfer)\b.*\bto\b|გადაიყვანე\w*",
    ),
)
_STATES = (
    ("not_for_issue", r"не\s+выдавать|not\s+for\s+issue"),
    ("repair", r"ремонт|repair|სარემონტო"),
    ("critical", r"критич|critical"),
    ("needs_service", r"обслуживан|needs\s+service"),
    ("can_be_issued", r"можно\s+выдавать|на\s+линию|в\s+строй|can\s+be\s+issued|back\s+on"),
)
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
_SWAP = re.compile(
    r"(?:брон\w*|booking|ჯავშან\w*)?\s*№?(\d{3,6})\s+пересади\w*\s+на\s+(.+)$|move\s+booking\s+#?(\d{3,6})\s+to\s+(.+)$"
    r"|ჯავშანი?\s*№?(\d{3,6})\s+გადასვი\s+(.+)$",
    re.I,
)


_NOTE = re.compile(next(pattern for verb, pattern in _VERBS if verb == "note"), re.I)
_PRONOUN = re.compile(r"\b(?:её|ее|его|эту|этот|it|that one)\b", re.I)
_CORRECTION = re.compile(
    r"^\W*(?:(?:нет|не|лучше|no|rather)[,\s]+)*(?=(?:до|на|until|till|by|for)\b)", re.I
)
SHORT_WORDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One change. `asks`: moments that it may mean, when a person must choose; never guessed for a
    change."""

    verb: Verb
    text: str
    number: int | None = None
    day: date | None = None
    moment: datetime | None = None
    days: int | None = None
    note: str | None = None
    state: str | None = None
    other_car: str | None = None
    next_car: str | None = None
    name: str | None = None
    asks: Sequence[date] = ()
    vague: bool = False
    pickup: bool = False


def order_of(text: str, now: datetime) -> Order | None:
    """The change that a clause asks for."""
    verb: Verb | None = next(
        (name for name, pattern in _VERBS if re.search(pattern, text, re.I)), None
    )
    if verb is None:
        return None
    if verb == "note":
        head, _, note = text.partition(":")
        return Order(
            verb=verb, text=text, number=_number(head), note=note.strip().strip('«»"“”') or None
        )
    swap = _SWAP.search(text) if verb == "extend" else None
    main = text[: swap.start()] if swap else text
    day, moment, asks = _until(main, now)
    found = [g for g in swap.groups() if g] if swap else []
    other = (
        re.search(r"\b(?:на|to)\s+(?!\d{1,2}[.:])([^\d\W].*)$|\bმანქანაზე\s+(.+)$", text, re.I)
        if verb == "swap"
        else None
    )
    return Order(
        verb=verb,
        text=text,
        number=_number(main),
        day=day,
        moment=moment,
        asks=asks,
        days=_length(main),
        vague=bool(_VAGUE.search(main)),
        state=next((name for name, pattern in _STATES if re.search(pattern, text, re.I)), None)
        if verb == "state"
        else None,
        other_car=(other[1] or other[2]) if other else None,
        name=name_of(main),
        pickup=bool(re.search(r"выдач|pick-?up|გაცემ", text, re.I)),
        next_car=found[1].strip() if len(found) == 2 else None,
    )


def _number(text: str) -> int | None:
    return number_of(re.sub(r"\b\d{1,2}\.\d{1,2}\.\d{4}\b", " ", PLATE.sub(" ", text)))


def _length(text: str) -> int | None:
    counted = _N_DAYS.search(text)
    if counted:
        return int(counted[1] or counted[2])
    return next((days for days, pattern in _LENGTH if re.search(pattern, text, re.I)), None)


def _until(text: str, now: datetime) -> tuple[date | None, datetime | None, Sequence[date]]:
    """The day, or the moment, until which; or the days between which a person must choose."""
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
    return None, datetime(day.year, day.month, day.day, hour, minute), ()  # noqa: DTZ001  # a wall time for the tool


def orders_of(text: str, now: datetime) -> list[Order]:
    """Every change of a request: clauses are joined by "и", "and", "да"; a note keeps its own words
    to the end."""
    noted = _NOTE.search(text)
    if noted is not None:
        note = order_of(text[noted.start() :], now)
        return [*orders_of(text[: noted.start()], now), *([note] if note else [])]
    whole = order_of(text, now)
    if whole is None:
        return []
    clauses = re.split(
        r"\s+(?:и|and|და)\s+(?=(?:запиши|добавь|продли|отмени|перегони|переведи|поставь|сними|note|add|extend|cancel|put)\w*\b)",
        text,
        flags=re.I,
    )
    found = [order for clause in clauses if (order := order_of(clause, now)) is not None]
    return found or [whole]


def continued(text: str, before: Sequence[str], now: datetime) -> str:
    """A request completed by the one before it: whose "её" is meant, an answer to our question, a
    correction of an extension."""
    if not before:
        return text
    order, last = order_of(text, now), before[-1]
    if order is not None:
        number = _number(last) if order.number is None and _PRONOUN.search(text) else None
        return text if number is None else f"{text} №{number}"
    earlier = order_of(last, now)
    short = len(text.split()) <= SHORT_WORDS and "?" not in text
    if (
        earlier is None
        or earlier.verb != "extend"
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
