"""Finds cars by what people call them: "рав TT-123", "приус", "Малибу 235", a plate in look-alike
letters.

Several candidates lead to a question, never to a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rapidfuzz import fuzz

from jarvis.kit.text import PLATE, fold

# What a typed character may stand for on a plate: by shape, sound or keyboard place; O↔0 and I↔1
# by position.
_PLATE_SIGNS: dict[str, str] = {
    "А": "A",
    "В": "BV",
    "Е": "E",
    "К": "K",
    "М": "M",
    "Н": "HN",
    "О": "O0",
    "Р": "PR",
    "С": "CS",
    "Т": "T",
    "У": "YU",
    "Х": "XH",
    "Б": "B",
    "Г": "G",
    "Д": "D",
    "Л": "L",
    "Ф": "F",
    "И": "I",
    "З": "Z3",
    "П": "P",
    "Й": "J",
    "Ж": "J",
    "Ц": "C",
    "Э": "E",
    "Я": "Y",
    "Ю": "U",
    "Ч": "C",
    "Ш": "W",
    "ა": "A",
    "ბ": "B",
    "ც": "C",
    "დ": "D",
    "ე": "E",
    "ფ": "F",
    "გ": "G",
    "ჰ": "H",
    "ი": "I",
    "ჯ": "J",
    "კ": "K",
    "ლ": "L",
    "მ": "M",
    "ნ": "N",
    "ო": "O",
    "პ": "P",
    "ქ": "Q",
    "რ": "R",
    "ს": "S",
    "ტ": "T",
    "უ": "U",
    "ვ": "V",
    "წ": "W",
    "ხ": "X",
    "ყ": "Y",
    "ზ": "Z",
    "თ": "T",
    "O": "O0",
    "0": "0O",
    "I": "I1",
    "1": "1I",
}
_DIGITS = re.compile(r"(?<![\d№#.:])\d{2,3}(?![\d.:]|-[оыйе])")
_WORD = re.compile(r"[^\W\d_]+\d?")
# Nicknames by model, both in the folded spelling.
_ALIASES = {
    _nick: model
    for model, nicks in {
        "sportag": "sporteidzh sportiedzh sportik",
        "tukson": "tusan tuson tushka tushku tushki",
        "dzhuk": "zhuk zhuka",
        "outlander": "autlender autlander autik aut autika autiku",
        "rav": "rafik ravchik rafchik",
        "prado": "pradik pradika kruzak kruzaka",
        "sonata": "sonia soniu soni sonka sonku sonki",
        "kashkai": "kashik kashika",
        "kstrail": "ikstreil hitrila hitrilu",
    }.items()
    for _nick in nicks.split()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CarName:
    """The names of one car."""

    id: UUID
    code: str | None
    name: str | None
    plate_key: str | None
    branch: str | None

    @property
    def model(self) -> str:
        """The model as staff say it: the code without its three digits."""
        return re.sub(r"\s*\d{2,3}$", "", self.code or self.name or "")

    @property
    def digits(self) -> str | None:
        """The three plate digits."""
        found = re.search(r"\d{3}", self.plate_key or "") or re.search(
            r"(\d{2,3})$", self.code or ""
        )
        return found.group() if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Cars that match a name. `near`: none matches, but these differ by one character."""

    cars: Sequence[UUID]
    near: Sequence[UUID] = field(default_factory=tuple[UUID, ...])
    said: str = ""


def plate_key(plate: str | None) -> str | None:
    """A stored plate without spaces and hyphens, in capitals."""
    key = re.sub(r"[\W_]", "", plate or "").upper()
    return key or None


def show_plate(key: str | None) -> str:
    """`AA-123-AA`; other forms as stored."""
    if key and re.fullmatch(r"[A-Z]{2}\d{3}[A-Z]{2}", key):
        return f"{key[:2]}-{key[2:5]}-{key[5:]}"
    return key or ""


def handle(label: str, key: str | None) -> str:
    """A label that fits one car only: its name with the plate behind it."""
    return f"{label} ({show_plate(key)})" if key else label


def plate_mismatches(said: str, key: str) -> int:
    """How many characters of `said` cannot stand for those of the plate; 99 when the lengths
    differ."""
    signs = re.sub(r"[\W_]", "", said).upper()
    if len(signs) != len(key):
        return 99
    return sum(
        1 for sign, real in zip(signs, key, strict=True) if real not in _PLATE_SIGNS.get(sign, sign)
    )


def find_cars(said: str, cars: Iterable[CarName]) -> Found:
    """Find the cars that a phrase names by plate, by digits, by model, or by a mix of them."""
    fleet = list(cars)
    plate = PLATE.search(said)
    if plate is not None:
        found = _by_plate(plate.group(), fleet, said)
        if found is not None:
            return found
    named = _by_model(said, fleet)
    digits = [d for d in _DIGITS.findall(said) if named or len(d) == 3]
    if digits:
        wanted = {d.zfill(3) for d in digits}
        pool = named or fleet
        numbered = [c for c in pool if (c.digits or "").zfill(3) in wanted]
        if numbered:
            return Found(cars=[c.id for c in numbered], said=said)
        near = [c for c in pool if any(_one_off(d, (c.digits or "").zfill(3)) for d in wanted)]
        return Found(cars=(), near=[c.id for c in near[:3]], said=said)
    return Found(cars=[c.id for c in named], said=said)


def _by_plate(said: str, fleet: Sequence[CarName], whole: str) -> Found | None:
    short = re.sub(r"[\W_]", "", said)
    exact = [c for c in fleet if c.plate_key and plate_mismatches(said, c.plate_key) == 0]
    if not exact and len(short) in (5, 6):  # the beginning of a plate: "рав TT-123"
        exact = [
            c
            for c in fleet
            if c.plate_key and plate_mismatches(said, c.plate_key[: len(short)]) == 0
        ]
        named = {c.id for c in _by_model(whole.replace(said, " "), fleet)}
        exact = [c for c in exact if not named or c.id in named]
        if not exact:
            return None
    if exact:
        return Found(cars=[c.id for c in exact], said=said)
    near = [c for c in fleet if c.plate_key and plate_mismatches(said, c.plate_key) == 1]
    return Found(cars=(), near=[c.id for c in near[:3]], said=said)


def _by_model(said: str, fleet: Sequence[CarName]) -> list[CarName]:
    words = [
        _ALIASES.get(w, w) for w in (fold(word) for word in _WORD.findall(said)) if len(w) >= 3
    ]
    best: list[CarName] = []
    top = 0.0
    for car in fleet:
        score = max((_alike(word, part) for word in words for part in _parts(car)), default=0.0)
        if score >= 82 and score > top + 1:
            best, top = [car], score
        elif score >= 82 and abs(score - top) <= 1:
            best.append(car)
    return best


def _parts(car: CarName) -> set[str]:
    return {fold(word) for word in _WORD.findall(f"{car.model} {car.name or ''}") if len(word) >= 3}


def _alike(word: str, part: str) -> float:
    word, part = word.rstrip("0123456789"), part.rstrip("0123456789")
    if not part or not word:
        return 0.0
    if word == part:
        return 100.0
    if len(part) < 5:
        return 90.0 if word.startswith(part) and len(word) <= len(part) + 2 else 0.0
    return fuzz.ratio(word, part) if abs(len(word) - len(part)) <= 2 else 0.0


def _one_off(said: str, real: str) -> bool:
    return len(said) == len(real) and sum(a != b for a, b in zip(said, real, strict=True)) == 1
