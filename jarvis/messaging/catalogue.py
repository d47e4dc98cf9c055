"""The catalogue of fixed sentences, by key and language (ru, en, ka), gathered from the module
`words` of each package. Values are inserted by code, never declined."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from jarvis.kit.errors import InvalidRequest

PACKAGES = ("jarvis.messaging", "jarvis.orchestrator", "jarvis.domains")

# RentProg's names of classes, gearboxes and categories; others are shown as RentProg has them.
_VENDOR_WORDS: dict[str, tuple[str, str]] = {
    "автомат": ("automatic", "ავტომატი"),
    "автоматическая": ("automatic", "ავტომატი"),
    "механика": ("manual", "მექანიკა"),
    "механическая": ("manual", "მექანიკა"),
    "вариатор": ("CVT", "ვარიატორი"),
    "эконом": ("economy", "ეკონომი"),
    "средний": ("mid-size", "საშუალო"),
    "бизнес": ("business", "ბიზნესი"),
    "премиум": ("premium", "პრემიუმი"),
    "внедорожник": ("SUV", "ჯიპი"),
    "кроссовер": ("crossover", "კროსოვერი"),
    "минивэн": ("minivan", "მინივენი"),
    "кабриолет": ("convertible", "კაბრიოლეტი"),
    "спорт": ("sports", "სპორტული"),
    "седан": ("sedan", "სედანი"),
    "хэтчбек": ("hatchback", "ჰეჩბეკი"),
    "универсал": ("estate", "უნივერსალი"),
    "электро": ("electric", "ელექტრო"),
    "гибрид": ("hybrid", "ჰიბრიდი"),
    "новый": ("new", "ახალი"),
    "постоянный": ("regular", "მუდმივი"),
    "лояльный": ("loyal", "ერთგული"),
}

_COLUMN = {"ru": 0, "en": 1, "ka": 2}


def _modules() -> Iterator[str]:
    for name in PACKAGES:
        package = import_module(name)
        folders = [m.name for m in pkgutil.iter_modules(package.__path__, f"{name}.") if m.ispkg]
        for folder in (name, *folders):
            if find_spec(f"{folder}.words") is not None:
                yield f"{folder}.words"


@cache
def _words() -> Mapping[str, tuple[str, str, str]]:
    """Every sentence, read at the first use.

    Raises:
        ValueError: two packages have a sentence of one key.
    """
    found: dict[str, tuple[str, str, str]] = {}
    for module in _modules():
        words: Mapping[str, tuple[str, str, str]] = import_module(module).WORDS
        if double := found.keys() & words.keys():
            raise ValueError(f"{module}: {sorted(double)} are sentences of another package too")
        found.update(words)
    return found


def say(key: str, language: str, /, **values: object) -> str:
    """Return a sentence of the catalogue with its values.

    Raises:
        InvalidRequest: no such key; a test reads every key that the code names.
    """
    entry = _words().get(key)
    if entry is None:
        raise InvalidRequest(f"the catalogue has no {key!r}")
    text = entry[_COLUMN[language]]
    return text.format(**values) if values else text


def known(key: str) -> bool:
    """Whether the catalogue has the key."""
    return key in _words()


def vendor_word(text: str, language: str) -> str:
    """A name of RentProg in the reader's language."""
    known = _VENDOR_WORDS.get(text.strip().casefold())
    return text if known is None or language == "ru" else known[_COLUMN[language] - 1]


def keys() -> frozenset[str]:
    """Every key of the catalogue."""
    return frozenset(_words())
