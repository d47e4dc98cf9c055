"""Dates in text, in Russian, English and Georgian: days, weekends, weeks, parts of a day, hours,
lengths.

A read takes the default meaning and the answer states it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from jarvis.kit.clock import TBILISI, at_local, local_date
from jarvis.kit.text import PLATE, fold


def stems(text: str) -> tuple[str, ...]:
    """Fold the words to the one spelling in which they are compared."""
    return tuple(fold(word) for word in text.split())


_DAYS = {
    _name: offset
    for names, offset in (
        ("сегодня сегодняш седн today tonight დღეს დღევანდ", 0),
        ("завтра завтраш tomorrow tmrw ხვალ ხვალინდ", 1),
        ("послезавтра ზეგ", 2),
        ("вчера yesterday გუშინ", -1),
    )
    for _name in stems(names)
}
_WEEKDAYS = {
    _name: number
    for number, names in enumerate(
        (
            "понедельн пн monday mon ორშაბათ",
            "вторник вт tuesday tue სამშაბათ",
            "сред ср wednesday wed ოთხშაბათ",
            "четверг чт thursday thu ხუთშაბათ",
            "пятниц пт friday fri პარასკევ",
            "суббот сб saturday sat შაბათ",
            "воскрес вс sunday sun კვირა",
        )
    )
    for _name in stems(names)
}
_MONTHS = {
    _name: number
    for number, names in enumerate(
        (
            "январ january jan იანვ",
            "феврал february feb თებერვ",
            "март march mar მარტ",
            "апрел april apr აპრილ",
            "май мая may მაის",
            "июн june jun ივნის",
            "июл july jul ივლის",
            "август august aug აგვისტ",
            "сентябр september sep სექტემბ",
            "октябр october oct ოქტომბ",
            "ноябр november nov ნოემბ",
            "декабр december dec დეკემბ",
        ),
        1,
    )
    for _name in stems(names)
}
_RUSSIAN_MONTHS = "янв|фев|мар|апр|мая|май|июн|июл|авг|сен|окт|ноя|дек"
_ENGLISH_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
NUMERIC = re.compile(r"(?<!\d)(\d{1,2})\.(\d{1,2})(?:\.(\d{4}))?(?!\d)")
YEARS = range(2000, 2101)
OPENS, CLOSES = time(9), time(20)  # working hours: a weekend begins and ends with them
_NEXT_WEEK = re.compile(r"следующ\w+\s+недел|next\s+week|მომავალ\s+კვირას", re.I)
_NOON = re.compile(r"\bnoon\b|\bполдень\b|\bполудня\b", re.I)
_HALF_DAY = re.compile(r"\b(\d{1,2})\s*(am|pm)\b", re.I)
_HOUR = re.compile(
    r"\b(?:к|с|до|в|at|from|to|till|until)\s+(\d{1,2})(?::\d{2})?(?!\d|[.\-/]\d|\s*(?:д[нe]|по\b|"
    + _RUSSIAN_MONTHS
    + "))",
    re.I,
)
_WEEKEND = stems("выходн выхи выхах weekend უქმე შაბათ-კვირა შაბათკვირა")
_WEEK = stems("недел week კვირაში")
# Parts of a day in local hours; a night ends in the next morning.
_PARTS = {
    _name: hours
    for names, hours in (
        ("утром утро morning დილით", (9, 12)),
        ("днем днём afternoon დღისით", (12, 18)),
        ("вечером вечер evening საღამოს", (18, 22)),
        ("ночью ночь night ღამით", (22, 30)),
    )
    for _name in stems(names)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A half-open period in UTC; `whole_days` when no hour was named."""

    start: datetime
    end: datetime
    whole_days: bool


def matches_stem(word: str, stem: str) -> bool:
    """Whether a word begins with a stem; a long stem may have one letter wrong, a short one must be
    equal."""
    if len(stem) <= 3:
        return word == stem
    return word.startswith(stem) or (
        len(stem) >= 6 and len(word) >= 5 and _one_edit(word[: len(stem)], stem)
    )


def _one_edit(a: str, b: str) -> bool:
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1


def period_of(text: str, words: list[str], now: datetime) -> Period | None:
    """The period that a request names; None when it names none.

    "к 10" and "до пятницы" are moments: a start or an end; a bare day means the whole day.
    """
    explicit = _explicit(text, now)
    if explicit is not None:
        return explicit
    today = local_date(now)
    days = _days(words, today)
    if any(word.startswith(stem) for word in words for stem in _WEEKEND):
        saturday = today + timedelta(days=(5 - today.weekday()) % 7 if today.weekday() < 6 else -1)
        begin = at_local(saturday, OPENS)
        return Period(
            start=max(begin, now) if begin < now else begin,
            end=at_local(saturday + timedelta(days=1), CLOSES),
            whole_days=False,
        )
    if _NEXT_WEEK.search(text):
        monday = today + timedelta(days=7 - today.weekday())
        return _whole(monday, monday + timedelta(days=6))
    if not days and any(matches_stem(word, stem) for word in words for stem in _WEEK):
        return _whole(today, today + timedelta(days=6 - today.weekday()))
    length = _length(text)
    if length is not None:
        first = days[0] if days else today
        begin = at_local(first, time(10))
        return Period(start=begin, end=begin + timedelta(days=length), whole_days=False)
    if not days:
        return None
    return _from_days(text, words, days, now)


def _from_days(text: str, words: list[str], days: list[date], now: datetime) -> Period:
    first, last = days[0], days[-1]
    if last < first:
        last += timedelta(days=7)
    hours = _hours(text)
    until_only = (
        len(days) == 1 and re.search(r"\b(?:до|until|till)\s+(?!\d)", text, re.I) is not None
    )
    if until_only and not hours:
        return Period(start=now, end=at_local(first, CLOSES), whole_days=False)
    if not hours:
        part = next((_PARTS[word] for word in words if word in _PARTS), None)
        if part is not None and len(days) == 1:
            midnight = at_local(first, time.min)
            return Period(
                start=midnight + timedelta(hours=part[0]),
                end=midnight + timedelta(hours=part[1]),
                whole_days=False,
            )
        return _whole(first, last)
    begin = at_local(first, time(hours[0]))
    if len(hours) > 1:
        return Period(start=begin, end=at_local(last, time(hours[1])), whole_days=False)
    end = at_local(last, time(hours[0])) if last > first else begin + timedelta(days=1)
    return Period(start=begin, end=end, whole_days=False)


def _whole(first: date, last: date) -> Period:
    start = at_local(first, time.min)
    return Period(start=start, end=at_local(last + timedelta(days=1), time.min), whole_days=True)


def _days(words: list[str], today: date) -> list[date]:
    found: list[date] = []
    for word in words:
        for stem, offset in _DAYS.items():
            if word.startswith(stem) and (len(stem) > 3 or word == stem or stem in ("zeg",)):
                found.append(today + timedelta(days=offset))
                break
        else:
            for stem, number in _WEEKDAYS.items():
                if (len(stem) <= 3 and word == stem) or (len(stem) > 3 and word.startswith(stem)):
                    found.append(today + timedelta(days=(number - today.weekday()) % 7))
                    break
    return found[:2]


def weekday_of(word: str) -> int | None:
    """The weekday that a folded word names; Monday is 0."""
    return next(
        (
            n
            for stem, n in _WEEKDAYS.items()
            if word == stem or (len(stem) > 3 and word.startswith(stem))
        ),
        None,
    )


def day_words(word: str) -> int | None:
    """How many days from today a folded word means: today, tomorrow, the day after."""
    return next(
        (
            n
            for stem, n in _DAYS.items()
            if word == stem or (len(stem) > 3 and word.startswith(stem))
        ),
        None,
    )


def is_day(word: str) -> bool:
    """Whether a folded word names a day, a month, a week or a part of a day."""
    tables = (*_DAYS, *_WEEKDAYS, *_MONTHS, *_WEEKEND, *_WEEK, *_PARTS)
    return any(matches_stem(word, stem) for stem in tables)


def _hours(text: str) -> list[int]:
    """Hours with a preposition or a colon: "к 10", "с 10 до 18", "в 9:30", "до вечера"."""
    plain = _NOON.sub(" 12pm ", PLATE.sub(" ", text))
    plain = _HALF_DAY.sub(
        lambda m: f" at {int(m[1]) % 12 + (12 if m[2].lower() == 'pm' else 0)}:00 ", plain
    )
    found = [int(h) for h in _HOUR.findall(plain)]
    if re.search(r"до\s+вечера|till\s+(?:the\s+)?evening", plain, re.I):
        found.append(20)
    return [hour for hour in found if 0 <= hour <= 23][:2]


def _length(text: str) -> int | None:
    found = re.search(
        r"\bна\s+(\d{1,2})\s*(?:дн|дня|день|дней|сут)|\bfor\s+(\d{1,2})\s+days?|(\d{1,2})\s+დღ",
        text,
        re.I,
    )
    if found is None:
        return 7 if re.search(r"\bна неделю\b|\bfor a week\b", text, re.I) else None
    return int(found[1] or found[2] or found[3])


def _explicit(text: str, now: datetime) -> Period | None:
    """Dates by number: "с 5 по 8 декабря", "5.12", "5–8.12", "March 5"."""
    today = local_date(now)
    spoken = re.search(
        rf"(?:с\s+)?(\d{{1,2}})(?:\s*(?:по|до|-|–)\s*(\d{{1,2}}))?\s+((?:{_RUSSIAN_MONTHS})[а-я]*)",
        text,
        re.I,
    )
    english = re.search(
        rf"\b((?:{_ENGLISH_MONTHS})[a-z]*)\s+(\d{{1,2}})(?!\d)(?:\s*(?:to|-|–)\s*(\d{{1,2}}))?",
        text,
        re.I,
    )
    dotted = re.search(r"(?<!\d)(\d{1,2})(?:\s*[-–]\s*(\d{1,2}))?\.(\d{1,2})(?!\d)", text)
    if spoken and (month := _month(spoken[3])):
        first, last = int(spoken[1]), int(spoken[2] or spoken[1])
    elif english and (month := _month(english[1])):
        first, last = int(english[2]), int(english[3] or english[2])
    elif dotted:
        first, last, month = int(dotted[1]), int(dotted[2] or dotted[1]), int(dotted[3])
    else:
        return None
    end = dated(last, month, today)
    begin = None if end is None else dated(first, month, today, end.year)
    return None if begin is None or end is None else _whole(begin, max(begin, end))


def dated(day: int, month: int, today: date, year: int | None = None) -> date | None:
    """The date of a day and month; without a year the next one, or one of the last 60 days. None
    when there is no such date."""
    try:
        found = date(today.year if year is None else year, month, day)
        if year is None and found < today - timedelta(days=60):
            found = date(today.year + 1, month, day)
    except ValueError:
        return None
    return found if found.year in YEARS else None


def impossible_date(text: str, now: datetime) -> str | None:
    """The first date in a text that does not exist, or not in that year, as it was written:
    `29.02`, `31 апреля`, `01.01.9999`."""
    today = local_date(now)
    for found in NUMERIC.finditer(text):
        day, month, year = int(found[1]), int(found[2]), int(found[3]) if found[3] else None
        if 1 <= day <= 31 and 1 <= month <= 12 and dated(day, month, today, year) is None:
            return found[0]
    spoken = spoken_date(text)
    if spoken is not None and 1 <= spoken[0] <= 31 and dated(*spoken, today) is None:
        return f"{spoken[0]:02}.{spoken[1]:02}"
    return None


def spoken_date(text: str) -> tuple[int, int] | None:
    """Day and month of "15 марта" or "march 15"."""
    spoken = re.search(rf"(?<!\d)(\d{{1,2}})\s+((?:{_RUSSIAN_MONTHS})[а-я]*)", text, re.I)
    if spoken and (month := _month(spoken[2])):
        return int(spoken[1]), month
    english = re.search(rf"\b((?:{_ENGLISH_MONTHS})[a-z]*)\s+(\d{{1,2}})(?!\d)", text, re.I)
    if english and (month := _month(english[1])):
        return int(english[2]), month
    return None


def _month(word: str) -> int | None:
    folded = fold(word)
    return next(
        (n for stem, n in _MONTHS.items() if folded.startswith(stem[:3]) and len(folded) >= 3), None
    )


def wall(moment: datetime) -> str:
    """The form in which tools take times: local wall clock, `2026-03-14T10:00`."""
    return moment.astimezone(TBILISI).strftime("%Y-%m-%dT%H:%M")
