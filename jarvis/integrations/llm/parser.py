"""What the offline model understands of a short request in Russian, English or Georgian: words, dates, branch, number.

All words are folded to one Latin spelling first, so that "где", "gde" and a typo of one letter meet the same stem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from jarvis.kit.actor import Language
from jarvis.kit.clock import TBILISI, at_local, local, local_date
from jarvis.kit.text import PLATE, fold

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?|\d+")
_NUMBER = re.compile(r"(?:№|#|брон\w*\s+|booking\s+|ჯავშან\w*\s+|\bпо\s+)№?#?\s*(\d{3,6})\b|(?:№|#)\s*(\d{1,6})", re.I)
_CLOCK = re.compile(r"(?<![\d.])(\d{1,2})(?::(\d{2}))?(?![\d.])")


def _stems(text: str) -> tuple[str, ...]:
    return tuple(fold(word) for word in text.split())


_DAYS = {
    _name: offset
    for names, offset in (
        ("сегодня сегодняш седн today tonight დღეს დღევანდ", 0),
        ("завтра завтраш tomorrow ხვალ ხვალინდ", 1),
        ("послезавтра ზეგ", 2),
        ("вчера yesterday გუშინ", -1),
    )
    for _name in _stems(names)
}
_WEEKDAYS = {
    _name: number
    for number, names in enumerate(
        (
            "понедельн пн monday mon ორშაბათ", "вторник вт tuesday tue სამშაბათ", "сред ср wednesday wed ოთხშაბათ",
            "четверг чт thursday thu ხუთშაბათ", "пятниц пт friday fri პარასკევ", "суббот сб saturday sat შაბათ",
            "воскрес вс sunday sun კვირა",
        )
    )
    for _name in _stems(names)
}  # fmt: skip
_MONTHS = {
    _name: number
    for number, names in enumerate(
        (
            "январ january jan იანვ", "феврал february feb თებერვ", "март march mar მარტ", "апрел april apr აპრილ",
            "май мая may მაის", "июн june jun ივნის", "июл july jul ივლის", "август august aug აგვისტ",
            "сентябр september sep სექტემბ", "октябр october oct ოქტომბ", "ноябр november nov ნოემბ",
            "декабр december dec დეკემბ",
        ),
        1,
    )
    for _name in _stems(names)
}  # fmt: skip
_RUSSIAN_MONTHS = "янв|фев|мар|апр|мая|май|июн|июл|авг|сен|окт|ноя|дек"
_ENGLISH_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_HOUR = re.compile(
    r"\b(?:к|с|до|в|at|from|to|till|until)\s+(\d{1,2})(?::\d{2})?(?!\d|[.\-/]\d|\s*(?:д[нe]|по\b|" + _RUSSIAN_MONTHS + "))", re.I
)
_WEEKEND = _stems("выходн weekend უქმე შაბათ-კვირა შაბათკვირა")
_WEEK = _stems("недел week კვირაში")
_BRANCHES = {
    "tbilisi": _stems("тбилис tbilisi თბილის"), "batumi": _stems("батум batumi ბათუმ"),
    "kutaisi": _stems("кутаис kutaisi ქუთაის"), "service-center": _stems("сервисцентр servicecentre сервисн рустави სერვის"),
}  # fmt: skip
_FROM, _TO, _AT = _stems("с со from დან"), _stems("до по to until till მდე"), _stems("к at в на")
_PARTS = {_name: hour for names, hour in (("утром утра morning დილ", 9), ("днем днём afternoon", 13),
          ("вечер вечером вечера evening საღამ", 18), ("ночь ночью night ღამ", 22)) for _name in _stems(names)}  # fmt: skip

_LEXICON: dict[str, tuple[str, ...]] = {
    "where": _stems("где where სად куда находится местоположен"),
    "who_has": _stems("ездит ვისთან"),
    "took": _stems("брал брала брали катал катала катались ездил ездила had drove"),
    "free": _stems("свобод free available თავისუფ автомат automatic механик доступн"),
    "repair": _stems("ремонт repair რემონტ"),
    "cars": _stems("машин авто cars car fleet парк автопарк მანქან тачк"),
    "condition": _stems("состоян пробег выдавать мыт mileage condition state მდგომარ გარბენ"),
    "debts": _stems("долг долги должен должны должник debt debts owe owes owing დავალიან"),
    "due": _stems("брать доплат к-оплате due"),
    "pickups": _stems("выдач выдаём выдаем pickup pickups pick-up pick-ups გაცემ"),
    "returns": _stems("возврат возвращает возвращают вернет вернёт вернут прием приём приемк сда returns returning return დაბრუნ"),
    "overdue": _stems("просроч опазд overdue late"),
    "conflicts": _stems("накладк пересек пересеч конфликт overlap overlapping conflict conflicts გადაფარ"),
    "changed": _stems("менял изменил изменила перенес перенёс правил-бронь changed edited შეცვალა შეცვ"),
    "booking": _stems("брон бронь брони броней booking bookings reservation ჯავშან"),
    "plan": _stems("план расписан plan schedule გეგმ"),
    "client": _stems("клиент клиента клиенты client customer კლიენტ"),
    "contact": _stems("телефон контакт номер-телефон phone contact ტელეფონ კონტაქტ"),
    "guide": _stems("умеешь можешь помощь помоги правила правилам правило инструкц шаги help rules rule შეგიძლია დახმარ წეს"),
    "how": _stems("как how როგორ"),
    "off": _stems("стих стихи погод шутк анекдот рецепт joke poem weather story песн"),
    "more": _stems("еще ещё more კიდევ"),
    "same": _stems("ту же тот же его ее её эту этот same that it იგივე იმავ"),
}
_FOLLOW = re.compile(r"^\s*(?:а|и|and|what about|ხოლო|და)\s+(?:в|по|на|для|у|for|in|on|если)?\b", re.I)
_MODELS = _stems(
    "малибу рав рав4 приус соната джимни фиеста элантра туксон туссан джук жук спортейдж аутлендер форестер камри королла рио "
    "мустанг кросстрек ренегат вито malibu rav rav4 prius sonata jimny fiesta elantra tucson juke sportage outlander forester "
    "camry corolla rio mustang crosstrek renegade vito tesla мерседес тойота хендай хёндай toyota hyundai kia ford nissan subaru"
)

Intent = Literal[
    "where", "who_has", "took", "free", "repair", "cars", "condition", "debts", "due", "pickups", "returns", "overdue", "conflicts",
    "changed", "booking", "plan", "client", "contact", "guide", "how", "off", "more", "same",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A half-open period in UTC; `whole_days` when no hour was named."""

    start: datetime
    end: datetime
    whole_days: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What stands in a request. Empty fields were not said."""

    text: str
    now: datetime
    language: Language
    intents: frozenset[str]
    branch: str | None
    period: Period | None
    number: int | None
    car: bool
    name: str | None
    follow_up: bool

    def has(self, *intents: Intent) -> bool:
        return any(intent in self.intents for intent in intents)


def understand(text: str, now: datetime, *, default: Language = "ru") -> Understood:
    """Read one request."""
    words = [fold(word) for word in _WORD.findall(text)]
    intents = {name for name, stems in _LEXICON.items() if any(_hits(word, stem) for word in words for stem in stems)}
    if re.search(r"\bу кого\b|\bwho has\b|\bu kogo\b", text, re.I):
        intents.add("who_has")
    if re.search(r"можно\s+(?:ли\s+)?выдавать", text, re.I):
        intents.discard("pickups")
        intents.add("condition")
    if re.search(r"\bчто у меня\b|\bмой день\b|\bwhat do i have\b", text, re.I):
        intents.add("plan")
    number = _number(text)
    car = _car(text, words, number)
    named = _name(text) if intents & {"client", "contact", "debts"} or not intents else None
    return Understood(
        text=text, now=now, language=language_of(text, default), intents=frozenset(intents), branch=branch_of(words),
        period=period_of(text, words, now), number=number, car=car, name=named,
        follow_up=bool(_FOLLOW.match(text)) or ("same" in intents and len(words) <= 7),
    )  # fmt: skip


def language_of(text: str, default: Language = "ru") -> Language:
    """The language of a request by its letters; Russian or Georgian in Latin letters by a few common words."""
    plain = PLATE.sub(" ", text)
    georgian = len(re.findall(r"[\u10d0-\u10ff]", plain))
    cyrillic = len(re.findall(r"[а-яёА-ЯЁ]", plain))
    latin = len(re.findall(r"[a-zA-Z]", plain))
    if georgian > max(cyrillic, 2):
        return "ka"
    if cyrillic > 1 and cyrillic >= latin / 3:
        return "ru"
    if latin <= 2:
        return default
    lowered = f" {plain.casefold()} "
    if re.search(r"\b(gde|chto|kto|skolko|svobodn\w*|zavtra|segodnya|dolg\w*|mashin\w*|pokazhi|bron\w*)\b", lowered):
        return "ru"
    if re.search(r"\b(sad|aris|ra|romeli|xval|khval|tavisupal\w*|manqana|javshani)\b", lowered):
        return "ka"
    english = r"\b(the|is|are|what|which|who|where|show|how|for|in|can|do|booking|free|today|tomorrow|this|any|of|a)\b|'s\b"
    return "en" if re.search(english, lowered) else default


def branch_of(words: list[str]) -> str | None:
    """The branch that a request names."""
    for code, stems in _BRANCHES.items():
        if any(word.startswith(stem) for word in words for stem in stems):
            return code
    return None


def _hits(word: str, stem: str) -> bool:
    if len(stem) <= 3:
        return word == stem
    return word.startswith(stem) or (len(stem) >= 6 and len(word) >= 5 and _one_edit(word[: len(stem)], stem))


def _one_edit(a: str, b: str) -> bool:
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1


def _number(text: str) -> int | None:
    found = _NUMBER.search(text)
    return int(found[1] or found[2]) if found else None


def _car(text: str, words: list[str], number: int | None) -> bool:
    if PLATE.search(text):
        return True
    if any(word.rstrip("0123456789") in _MODELS or _model(word) for word in words):
        return True
    return (
        number is None and bool(re.search(r"[^\W\d_]{3,}\s+\d{3}(?!\d)", text)) and not re.search(r"брон|booking|ჯავშან", text, re.I)
    )


def _model(word: str) -> bool:
    return any(len(model) >= 5 and len(word) >= 5 and word[:5] == model[:5] and abs(len(word) - len(model)) <= 2 for model in _MODELS)


def _name(text: str) -> str | None:
    """A person's name: capitalised words that do not begin the sentence, or that stand alone."""
    found = re.findall(r"(?<![.!?]\s)(?<!^)\b[A-ZА-ЯЁ][a-zа-яёა-ჰ]{2,}(?:\s+[A-ZА-ЯЁ][a-zа-яё]{2,})?", text)
    if not found:
        found = re.findall(r"^[A-ZА-ЯЁ][a-zа-яё]{2,}\s+[A-ZА-ЯЁ][a-zа-яё]{2,}", text)
    georgian = re.search(r"კლიენტი?\s+([ა-ჰ]{3,}(?:\s+[ა-ჰ]{3,})?)", text)
    if georgian:
        return georgian[1]
    names = [name for name in found if branch_of([fold(name)]) is None]
    return names[0] if names else None


# dates


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
        return _whole(max(saturday, today), saturday + timedelta(days=1), now)
    if not days and any(_hits(word, stem) for word in words for stem in _WEEK):
        return _whole(today, today + timedelta(days=6 - today.weekday()), now)
    length = _length(text)
    if length is not None:
        first = days[0] if days else today
        begin = _moment(first, time(10), now)
        return Period(start=begin, end=begin + timedelta(days=length), whole_days=False)
    if not days:
        return None
    return _from_days(text, words, days, now)


def _from_days(text: str, words: list[str], days: list[date], now: datetime) -> Period:
    first, last = days[0], days[-1]
    if last < first:
        last += timedelta(days=7)
    hours = _hours(text, words)
    until_only = len(days) == 1 and re.search(r"\b(?:до|until|till)\s+(?!\d)", text, re.I) is not None
    if until_only and not hours:
        return Period(start=now, end=at_local(first, time(20)), whole_days=False)
    if not hours:
        return _whole(first, last, now)
    begin = _moment(first, time(hours[0]), now)
    if len(hours) > 1:
        return Period(start=begin, end=at_local(last, time(hours[1])), whole_days=False)
    end = at_local(last, time(hours[0])) if last > first else begin + timedelta(days=1)
    return Period(start=begin, end=end, whole_days=False)


def _moment(day: date, wall: time, now: datetime) -> datetime:
    return at_local(day, wall)


def _whole(first: date, last: date, now: datetime) -> Period:
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


def _hours(text: str, words: list[str]) -> list[int]:
    """Hours that are named with a preposition or a colon: "к 10", "с 10 до 18", "в 9:30", "до вечера"."""
    plain = PLATE.sub(" ", text)
    found = [int(h) for h in _HOUR.findall(plain)]
    if re.search(r"до\s+вечера|till\s+(?:the\s+)?evening", plain, re.I):
        found.append(20)
    return [hour for hour in found if 0 <= hour <= 23][:2]


def _length(text: str) -> int | None:
    found = re.search(r"\bна\s+(\d{1,2})\s*(?:дн|дня|день|дней|сут)|\bfor\s+(\d{1,2})\s+days?|(\d{1,2})\s+დღ", text, re.I)
    if found is None:
        return 7 if re.search(r"\bна неделю\b|\bfor a week\b", text, re.I) else None
    return int(found[1] or found[2] or found[3])


def _explicit(text: str, now: datetime) -> Period | None:
    """Dates by number: "с 5 по 8 декабря", "5.12", "5–8.12", "March 5"."""
    year, today = local(now).year, local_date(now)
    spoken = re.search(rf"(?:с\s+)?(\d{{1,2}})(?:\s*(?:по|до|-|–)\s*(\d{{1,2}}))?\s+((?:{_RUSSIAN_MONTHS})[а-я]*)", text, re.I)
    english = re.search(rf"\b((?:{_ENGLISH_MONTHS})[a-z]*)\s+(\d{{1,2}})(?!\d)(?:\s*(?:to|-|–)\s*(\d{{1,2}}))?", text, re.I)
    dotted = re.search(r"(?<!\d)(\d{1,2})(?:\s*[-–]\s*(\d{1,2}))?\.(\d{1,2})(?!\d)", text)
    if spoken and (month := _month(spoken[3])):
        first, last = int(spoken[1]), int(spoken[2] or spoken[1])
    elif english and (month := _month(english[1])):
        first, last = int(english[2]), int(english[3] or english[2])
    elif dotted:
        first, last, month = int(dotted[1]), int(dotted[2] or dotted[1]), int(dotted[3])
    else:
        return None
    try:
        begin, end = date(year, month, first), date(year, month, last)
    except ValueError:
        return None
    if end < today - timedelta(days=60):
        begin, end = begin.replace(year=year + 1), end.replace(year=year + 1)
    return _whole(begin, max(begin, end), now)


def _month(word: str) -> int | None:
    folded = fold(word)
    return next((n for stem, n in _MONTHS.items() if folded.startswith(stem[:3]) and len(folded) >= 3), None)


def wall(moment: datetime) -> str:
    """The form in which tools take times: local wall clock, `2026-03-14T10:00`."""
    return moment.astimezone(TBILISI).strftime("%Y-%m-%dT%H:%M")
