"""The entities that the offline model reads in a short request in Russian, English or Georgian:
signs, dates, branch, number. What the words mean to a role comes from the roles' intents, as a
grammar.

All words are first folded to one Latin spelling, so that "где", "gde" and a typo of one letter
match the same stem.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from jarvis.kit.actor import Language
from jarvis.kit.text import PLATE, fold
from jarvis.language.branches import EVERYDAY, TOKEN, BranchNames
from jarvis.language.dates import Period, is_day, period_of, stems
from jarvis.language.grammar import Grammar, LatinWords

ENGLISH_WORDS = 4  # this many Latin words that are no known transliteration count as English
# Common words; the words of people's work are in the roles' intents.
_COMMON: LatinWords = {
    "ru": re.compile(r"\b(?:gde|chto|kto|skolko|zavtra|segodnya|pokazhi)\b"),
    "ka": re.compile(r"\b(?:gamarjoba|sad|sadaa|aris|ra|rodis|romeli|vis|vin|xval|khval)\b"),
    "en": re.compile(
        r"\b(?:the|is|are|what|which|who|where|show|how|for|in|can|do|today|tomorrow|this|any|of|a)\b"
        r"|'s\b"
    ),
}
_EVERYWHERE, _ALL, _BRANCH = (
    stems("везде everywhere ყველგან"),
    stems("все всех всем all ყველა"),
    stems("филиал branch ფილიალ"),
)
_FOLLOW = re.compile(
    r"^\s*(?:а|и|and|what about|ხოლო|და)\s+(?:в|по|на|для|у|for|in|on|если)?\b", re.I
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """The entities of a request. Empty fields were not said; `signs` say what it is about;
    `branches` are those that it was read with."""

    text: str
    now: datetime
    language: Language
    signs: frozenset[str]
    branch: str | None
    everywhere: bool
    period: Period | None
    number: int | None
    car: bool
    name: str | None
    follow_up: bool
    branches: BranchNames = EVERYDAY

    def has(self, *signs: str) -> bool:
        """Whether it shows any of these signs."""
        return any(sign in self.signs for sign in signs)

    @property
    def shows(self) -> frozenset[str]:
        """The signs and entities, for the conditions of intents."""
        named = {
            "branch": self.branch is not None,
            "car": self.car,
            "name": self.name is not None,
            "number": self.number is not None,
            "period": self.period is not None,
        }
        return self.signs | {entity for entity, said in named.items() if said}


def understand(
    text: str,
    now: datetime,
    grammar: Grammar,
    branches: BranchNames = EVERYDAY,
    *,
    default: Language = "ru",
) -> Understood:
    """Read one request with the words of the grammar and the names of these branches."""
    words = [fold(word) for word in TOKEN.findall(text)]
    signs = grammar.signs(text, words)
    number = number_of(text, grammar)
    car = _car(text, words, number, grammar)
    period, branch = period_of(text, words, now), branches.find(words)
    plain = not signs or signs & grammar.beside_names
    named = name_of(text, grammar, branches) if plain else None
    if named is None and number is None and not car and signs & grammar.beside_any_name:
        named = _unexplained(text, grammar, branches)
    return Understood(
        text=text,
        now=now,
        language=language_of(text, default, grammar.latin),
        signs=signs,
        branch=branch,
        everywhere=_everywhere(words),
        period=period,
        number=number,
        car=car,
        name=named,
        follow_up=bool(_FOLLOW.match(text)) or ("same" in signs and len(words) <= 7),
        branches=branches,
    )


def language_of(text: str, default: Language, words: LatinWords) -> Language:
    """The language of a request by its letters; for Latin letters by a few common words, and by
    `words`."""
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
    for language, common in _COMMON.items():
        known = words.get(language)
        if common.search(lowered) or (known is not None and known.search(lowered)):
            return language
    return "en" if len(letters) >= ENGLISH_WORDS else default


def _everywhere(words: list[str]) -> bool:
    """Whether all branches are meant: "везде", "по всем филиалам"."""
    return any(word in _EVERYWHERE for word in words) or any(
        a in _ALL and b.startswith(_BRANCH) for a, b in pairwise(words)
    )


def number_of(text: str, grammar: Grammar) -> int | None:
    """The number of a record: after its sign or noun, or with four digits and more; three digits
    alone are a car."""
    found = grammar.number.search(text)
    return int(found[1] or found[2] or found[3]) if found else None


def _car(text: str, words: list[str], number: int | None, grammar: Grammar) -> bool:
    if PLATE.search(text):
        return True
    if any(word.rstrip("0123456789") in grammar.cars or _model(word, grammar) for word in words):
        return True
    return (
        number is None
        and bool(re.search(r"[^\W\d_]{3,}\s+\d{3}(?!\d)", text))
        and not grammar.numbered.search(text)
    )


def _model(word: str, grammar: Grammar) -> bool:
    return any(
        len(model) >= 5
        and len(word) >= 5
        and word[:5] == model[:5]
        and abs(len(word) - len(model)) <= 2
        for model in grammar.cars
    )


def name_of(text: str, grammar: Grammar, branches: BranchNames = EVERYDAY) -> str | None:
    """A person's name: capitalised words that do not begin the sentence, or that stand alone."""
    found = re.findall(
        r"(?<![.!?]\s)(?<!^)\b[A-ZА-ЯЁ][a-zа-яёა-ჰ]{2,}(?:\s+[A-ZА-ЯЁ][a-zа-яё]{2,})?", text
    )
    if not found:
        found = re.findall(r"^[A-ZА-ЯЁ][a-zа-яё]{2,}\s+[A-ZА-ЯЁ][a-zа-яё]{2,}", text)
    georgian = grammar.named.search(text)
    if georgian:
        return georgian[1]
    names = [name for name in found if not branches.begin([fold(word) for word in name.split()])]
    return names[0] if names else None


_PLAIN = frozenset(
    stems(
        "что как где для это этого есть все или при над под про мне нам вам нас сейчас щас теперь "
        "покажи показать дай скажи открой "
        "найди какой какая какие сколько когда кто его ещё еще свою мои мой моя наш наши "
        "пожалуйста what which show "
        "find tell give open the are for with from please who has have რა რომელი მაჩვენე არის"
    )
)


def _unexplained(text: str, grammar: Grammar, branches: BranchNames) -> str | None:
    """Words that match nothing else: perhaps a person's name in small letters."""
    left = [
        word
        for word in re.findall(r"[^\W\d_]{4,}", text)
        if (folded := fold(word)) not in _PLAIN
        and not is_day(folded)
        and branches.find([folded]) is None
        and not _model(folded, grammar)
        and not grammar.explains(folded)
    ]
    return " ".join(left[:2]) or None
