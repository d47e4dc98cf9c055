"""What the offline model understands of a short request in Russian, English or Georgian: words,
dates, branch, number.

All words are folded to one Latin spelling first, so that "где", "gde" and a typo of one letter meet
the same stem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from jarvis.kit.actor import Language
from jarvis.kit.text import PLATE, fold
from jarvis.language.branches import EVERYDAY, TOKEN, BranchNames
from jarvis.language.dates import Period, hits, is_day, period_of, stems

ENGLISH_WORDS = 4  # so many Latin words that are no known transliteration are English
_NUMBER = re.compile(
    r"(?:№|#|брон\w*\s+|договор\w*\s+|booking\s+|ჯავშან\w*\s+|\bпо\s+|\bon\s+)№?#?\s*(\d{3,6})\b|(?:№|#)\s*(\d{1,6})"
    r"|(?<![\d.:-])\b((?!20\d\d\b)\d{4,6})\b(?![.:-]\d)",
    re.I,
)


_EVERYWHERE, _ALL, _BRANCH = (
    stems("везде everywhere ყველგან"),
    stems("все всех всем all ყველა"),
    stems("филиал branch ფილიალ"),
)
_LEXICON: dict[str, tuple[str, ...]] = {
    "where": stems("где where სად куда находится местоположен"),
    "who_has": stems("ездит ვისთან ვის-ჰყავს"),
    "took": stems("брал брала брали катал катала катались ездил ездила had drove"),
    "free": stems(
        "свобод free available თავისუფ автомат automatic механик доступн семиместн полноприводн "
        "4x4 4х4"
    ),
    "repair": stems("ремонт repair რემონტ"),
    "cars": stems("машин авто cars car fleet парк автопарк მანქან тачк"),
    "condition": stems("состоян пробег выдавать мыт mileage condition state მდგომარ გარბენ"),
    "debts": stems(
        "долг долги должен должны должник хвост хвосты минус минуса висит висят debt debts owe "
        "owes owing დავალიან გადასახდელ"
    ),
    "due": stems("брать доплат к-оплате due"),
    "pickups": stems("выдач выдаём выдаем забира pickup pickups pick-up pick-ups გაცემ გასაცემ"),
    "returns": stems(
        "возврат возвращает возвращают вернет вернёт вернут прием приём приемк сда сдает сдаёт "
        "сдают сдаст сдадут"
    )
    + stems("returns returning return back დაბრუნ ბრუნდ აბრუნ"),
    "overdue": stems("просроч опазд overdue late"),
    "conflicts": stems(
        "накладк пересек пересеч конфликт overlap overlapping conflict conflicts გადაფარ"
    ),
    "changed": stems(
        "менял изменил изменила перенес перенёс двигал двинул трогал тронул moved changed edited "
        "შეცვალა შეცვ"
    ),
    "booking": stems("брон бронь брони броней booking bookings reservation ჯავშან"),
    "plan": stems("план расписан сводк plan schedule summary გეგმ"),
    "client": stems("клиент клиента клиенты client customer კლიენტ"),
    "contact": stems("телефон контакт номер-телефон phone contact ტელეფონ კონტაქტ"),
    "guide": stems(
        "умеешь можешь помощь помоги правила правилам правило инструкц шаги help rules rule "
        "შეგიძლია დახმარ წეს"
    ),
    "how": stems("как how როგორ"),
    "off": stems("стих стихи погод шутк анекдот рецепт joke poem weather story песн"),
    "more": stems("еще ещё more კიდევ"),
    "same": stems("ту же тот же его ее её эту этот same that it იგივე იმავ"),
}
# What stands on the yard or can be given, without the word "free".
_OFFER = re.compile(
    r"\bчто\s+есть\b|\bесть\s+(?:что|ли)\b|\bесть\s*\?|\bна\s+площадке\b|\bна\s+линии\b|\bпуст(?:ая|ые|ой)\b|\bчто\s+можем\s+дать\b"
    r"|\banything\b|რა\s+გვაქვს",
    re.I,
)
_FOLLOW = re.compile(
    r"^\s*(?:а|и|and|what about|ხოლო|და)\s+(?:в|по|на|для|у|for|in|on|если)?\b", re.I
)
_MODELS = stems(
    "малибу рав рав4 приус соната джимни фиеста элантра туксон туссан джук жук спортейдж аутлендер "
    "форестер камри королла рио "
    "мустанг кросстрек ренегат вито malibu rav rav4 prius sonata jimny fiesta elantra tucson juke "
    "sportage outlander forester "
    "соня сонька сонку тушка икстрейл хитрила крузак прадик прадо кашкай кашик аутик спортик "
    "ქაშქაი სონატა პრიუსი მალიბუ "
    "camry corolla rio mustang crosstrek renegade vito tesla мерседес тойота хендай хёндай toyota "
    "hyundai kia ford nissan subaru"
)

Intent = Literal[
    "where",
    "who_has",
    "took",
    "free",
    "repair",
    "cars",
    "condition",
    "debts",
    "due",
    "pickups",
    "returns",
    "overdue",
    "conflicts",
    "changed",
    "booking",
    "plan",
    "client",
    "contact",
    "guide",
    "how",
    "off",
    "more",
    "same",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What stands in a request. Empty fields were not said; `branches` are those that it was read
    with."""

    text: str
    now: datetime
    language: Language
    intents: frozenset[str]
    branch: str | None
    everywhere: bool
    period: Period | None
    number: int | None
    car: bool
    name: str | None
    follow_up: bool
    branches: BranchNames = EVERYDAY

    def has(self, *intents: Intent) -> bool:
        return any(intent in self.intents for intent in intents)


def understand(
    text: str, now: datetime, branches: BranchNames = EVERYDAY, *, default: Language = "ru"
) -> Understood:
    """Read one request, in which these branches may be named."""
    words = [fold(word) for word in TOKEN.findall(text)]
    intents = {
        name
        for name, stems in _LEXICON.items()
        if any(hits(word, stem) for word in words for stem in stems)
    }
    if re.search(r"\bу кого\b|\bwho has\b|\bu kogo\b", text, re.I):
        intents.add("who_has")
    if _OFFER.search(text):
        intents.add("free")
    if re.search(r"можно\s+(?:ли\s+)?выдавать", text, re.I):
        intents.discard("pickups")
        intents.add("condition")
    if re.search(r"\bчто у меня\b|\bмой день\b|\bwhat do i have\b", text, re.I):
        intents.add("plan")
    number = number_of(text)
    car = _car(text, words, number)
    period, branch = period_of(text, words, now), branches.find(words)
    named = (
        name_of(text, branches)
        if intents & {"client", "contact", "debts", "booking", "took"} or not intents
        else None
    )
    if named is None and number is None and not car and intents & {"booking", "client", "contact"}:
        named = _unexplained(text, branches)
    return Understood(
        text=text,
        now=now,
        language=language_of(text, default),
        intents=frozenset(intents),
        branch=branch,
        everywhere=_everywhere(words),
        period=period,
        number=number,
        car=car,
        name=named,
        follow_up=bool(_FOLLOW.match(text)) or ("same" in intents and len(words) <= 7),
        branches=branches,
    )


def language_of(text: str, default: Language = "ru") -> Language:
    """The language of a request by its letters; Russian or Georgian in Latin letters by a few
    common words."""
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
    letters = re.findall(r"[a-z]{2,}", lowered)
    if re.search(
        r"\b(gde|chto|kto|skolko|svobodn\w*|zavtra|segodnya|dolg\w*|mashin\w*|pokazhi|bron\w*)\b",
        lowered,
    ):
        return "ru"
    if re.search(
        r"\b(gamarjoba|sad|sadaa|aris|ra|rodis|romeli|vis|vin|xval|khval|brundeba|tavisupal\w*|manqana|javshani)\b",
        lowered,
    ):
        return "ka"
    english = (
        r"\b(the|is|are|what|which|who|where|show|how|for|in|can|do|booking|free|today|tomorrow|this"
        r"|any|of|a)\b|'s\b"
    )
    return "en" if re.search(english, lowered) or len(letters) >= ENGLISH_WORDS else default


def _everywhere(words: list[str]) -> bool:
    """Whether all branches are meant: "везде", "по всем филиалам"."""
    return any(word in _EVERYWHERE for word in words) or any(
        a in _ALL and b.startswith(_BRANCH) for a, b in pairwise(words)
    )


def number_of(text: str) -> int | None:
    """A booking's number: with its sign or word, or four digits and more; three digits alone are a
    car."""
    found = _NUMBER.search(text)
    return int(found[1] or found[2] or found[3]) if found else None


def _car(text: str, words: list[str], number: int | None) -> bool:
    if PLATE.search(text):
        return True
    if any(word.rstrip("0123456789") in _MODELS or _model(word) for word in words):
        return True
    return (
        number is None
        and bool(re.search(r"[^\W\d_]{3,}\s+\d{3}(?!\d)", text))
        and not re.search(r"брон|booking|ჯავშან", text, re.I)
    )


def _model(word: str) -> bool:
    return any(
        len(model) >= 5
        and len(word) >= 5
        and word[:5] == model[:5]
        and abs(len(word) - len(model)) <= 2
        for model in _MODELS
    )


def name_of(text: str, branches: BranchNames = EVERYDAY) -> str | None:
    """A person's name: capitalised words that do not begin the sentence, or that stand alone."""
    found = re.findall(
        r"(?<![.!?]\s)(?<!^)\b[A-ZА-ЯЁ][a-zа-яёა-ჰ]{2,}(?:\s+[A-ZА-ЯЁ][a-zа-яё]{2,})?", text
    )
    if not found:
        found = re.findall(r"^[A-ZА-ЯЁ][a-zа-яё]{2,}\s+[A-ZА-ЯЁ][a-zа-яё]{2,}", text)
    georgian = re.search(r"კლიენტი?\s+([ა-ჰ]{3,}(?:\s+[ა-ჰ]{3,})?)", text)
    if georgian:
        return georgian[1]
    names = [name for name in found if not branches.begin([fold(word) for word in name.split()])]
    return names[0] if names else None


_PLAIN = frozenset(
    stems(
        "что как где для это этого есть все или при над под про мне нам вам нас сейчас щас теперь "
        "покажи показать дай скажи открой "
        "найди какой какая какие сколько когда кто его ещё еще свою мои мой моя наш наши "
        "пожалуйста клиента клиенту what which show "
        "find tell give open the are for with from please who has have რა რომელი მაჩვენე არის"
    )
)


def _unexplained(text: str, branches: BranchNames) -> str | None:
    """Words that nothing else explains: perhaps a person's name in small letters."""
    left = [
        word
        for word in re.findall(r"[^\W\d_]{4,}", text)
        if (folded := fold(word)) not in _PLAIN
        and not is_day(folded)
        and branches.find([folded]) is None
        and not _model(folded)
        and not any(hits(folded, stem) for stems_ in _LEXICON.values() for stem in stems_)
    ]
    return " ".join(left[:2]) or None
