"""The catalogue of fixed sentences: Project Fluent files, one a language (ru, en, ka) in the folder
`words` of each package. A key of the code, `list.none`, is the message `list-none` of the files."""

from __future__ import annotations

import logging
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.resources.abc import Traversable

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import FluentInt, FluentNumber
from fluent.syntax import ast

from jarvis.kit.errors import InvalidRequest
from jarvis.messaging.markup import Markup, escape

PACKAGES = ("jarvis.messaging", "jarvis.orchestrator", "jarvis.domains")
FALLBACK = "ru"  # the language of a sentence that a language lacks
_PART_MAX = 2_000  # characters of a value that the library takes; it refuses more than 2,500
_log = logging.getLogger(__name__)

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

_COLUMN = {"en": 0, "ka": 1}


@dataclass(frozen=True, slots=True)
class Broken:
    """An entry of a file that is no message."""

    where: str
    why: str


class _Language:
    """The sentences of one language."""

    def __init__(self, language: str) -> None:
        self.bundle = FluentBundle([language], use_isolating=False)
        self.broken: list[Broken] = []
        self.names: set[str] = set()
        for where, page in _pages(language):
            text = page.read_text(encoding="utf-8")
            resource = FluentResource(text)
            self.bundle.add_resource(resource)
            for entry in resource.body:
                self._take(entry, where, text)

    def _take(self, entry: ast.EntryType, where: str, text: str) -> None:
        if isinstance(entry, ast.Junk):
            why = "; ".join(note.message or "" for note in entry.annotations)
            line = text.count("\n", 0, entry.span.start if entry.span else 0) + 1
            self.broken.append(Broken(f"{where}:{line}", why))
        elif isinstance(entry, ast.Message):
            if entry.id.name in self.names:
                self.broken.append(Broken(where, f"{entry.id.name} is a sentence already"))
            self.names.add(entry.id.name)


def _pages(language: str) -> Iterator[tuple[str, Traversable]]:
    for name in PACKAGES:
        package = import_module(name)
        folders = [m.name for m in pkgutil.iter_modules(package.__path__, f"{name}.") if m.ispkg]
        for folder in (name, *folders):
            page = files(folder) / "words" / f"{language}.ftl"
            if page.is_file():
                yield f"{folder.replace('.', '/')}/words/{language}.ftl", page


@cache
def _language(language: str) -> _Language:
    """One language, read when its first sentence is asked for."""
    read = _Language(language)
    for broken in read.broken:
        _log.error("%s: %s", broken.where, broken.why)
    return read


def say(key: str, language: str, /, **values: object) -> Markup:
    """One sentence of the catalogue as HTML.

    Args:
        key: Of the sentence.
        language: ru, en or ka; a sentence that it lacks is said in Russian.
        values: Whole numbers choose the plural form and are shown without thousands; `Markup` is
            put in as it is, anything else is text and is escaped.

    Raises:
        InvalidRequest: no such key; a test reads every key that the code names.
    """
    named = {name: _number(value) or escape(value) for name, value in values.items()}
    return Markup(_formatted(key, language, named))  # every value was escaped


def label(key: str, language: str, /, **values: object) -> str:
    """The same as plain text, for what shows no HTML: buttons, toasts, what somebody is to ask."""
    named = {name: _number(value) or str(value) for name, value in values.items()}
    return _formatted(key, language, named)


def _number(value: object) -> FluentNumber | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return FluentInt(value, useGrouping=False)
    return None


def _formatted(key: str, language: str, values: Mapping[str, FluentNumber | str]) -> str:
    name = _name(key)
    sentences = _language(language)
    if name not in sentences.names:
        if name not in _language(FALLBACK).names:
            raise InvalidRequest(f"the catalogue has no {key!r}")
        _log.error("%s is not said in %s", key, language)
        sentences = _language(FALLBACK)
    short: dict[str, object] = {}
    long: dict[str, str] = {}
    for variable, value in values.items():
        if isinstance(value, str) and len(value) > _PART_MAX:
            # stands where the value belongs until the library is done
            short[variable] = mark = f"\ufdd0{len(long)}\ufdd1"
            long[mark] = value
        else:
            short[variable] = value
    pattern = sentences.bundle.get_message(name).value
    assert pattern is not None, f"{key} has no text"
    said, errors = sentences.bundle.format_pattern(pattern, short)
    for error in errors:
        _log.error("%s in %s: %s", key, language, error)
    text = str(said)
    for mark, value in long.items():
        text = text.replace(mark, value)
    return text


def _name(key: str) -> str:
    return key.replace(".", "-")


def known(key: str) -> bool:
    """Whether the catalogue has the key."""
    return _name(key) in _language(FALLBACK).names


def vendor_word(text: str, language: str) -> str:
    """A name of RentProg in the reader's language."""
    found = _VENDOR_WORDS.get(text.strip().casefold())
    return text if found is None or language == "ru" else found[_COLUMN[language]]


def keys(language: str = FALLBACK) -> frozenset[str]:
    """Every key of the catalogue in a language."""
    return frozenset(name.replace("-", ".") for name in _language(language).names)


def broken(language: str) -> list[Broken]:
    """Entries of a language's files that nobody can say."""
    return _language(language).broken
