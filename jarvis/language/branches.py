"""Names of branches in text: in any of the three alphabets, and declined."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from jarvis.kit.text import fold
from jarvis.language.dates import stems

TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?|\d+")
# Short and declined forms of names that are used every day; other branches only have their names.
_EVERYDAY = {
    "tbilisi": stems("тбилис tbilisi თბილის"),
    "batumi": stems("батум batumi ბათუმ"),
    "kutaisi": stems("кутаис kutaisi ქუთაის"),
    "service-center": stems("сервисцентр servicecentre сервисн рустави სერვის"),
}
_GEORGIAN, _RUSSIAN = re.compile("[ა-ჰ]"), re.compile("[а-яё]")
_GEORGIAN_CASES = ("ი", "ის", "ში", "ს", "ზე", "თან", "დან", "იდან", "მდე", "ამდე")
# Endings of Russian names and what replaces them; a name that ends in another vowel never changes.
_RUSSIAN_CASES: Sequence[tuple[re.Pattern[str], Sequence[str]]] = (
    (re.compile("(?:ый|ий|ой)$"), ("ого", "ому", "ом", "ым", "его", "ему", "ем", "им")),
    (re.compile("(?:ая|яя)$"), ("ой", "ую", "ей", "юю")),
    (re.compile("[ая]$"), ("ы", "и", "е", "у", "ю", "ой", "ей")),
    (re.compile("[ьй]$"), ("и", "я", "ю", "ем", "е", "ью")),
    (re.compile("(?<=[бвгджзклмнпрстфхцчшщ])$"), ("а", "у", "ом", "е", "ы")),
)


_Phrase = tuple[str, Sequence[frozenset[str]]]  # a branch, and the forms of each word of its name


class BranchNames:
    """Finds the branch that a text names.

    Args:
        names: Each branch's names, in any language, by its code.
    """

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        phrases = [
            (code, phrase)
            for code, spelled in names.items()
            for name in spelled
            if (phrase := [_forms(word) for word in TOKEN.findall(name)])
        ]
        phrases.sort(key=lambda found: -len(found[1]))
        self._long = [found for found in phrases if len(found[1]) > 1]
        self._short = [found for found in phrases if len(found[1]) == 1]
        self._everyday = {code: known for code, known in _EVERYDAY.items() if code in names}

    def find(self, words: Sequence[str]) -> str | None:
        """The code of the branch that folded words name; longer names are tried first."""
        return _said(self._long, words) or self._daily(words) or _said(self._short, words)

    def begin(self, words: Sequence[str]) -> bool:
        """Whether folded words begin with the name of a branch."""
        return any(self.find(words[:n]) and not self.find(words[1:n]) for n in (1, 2))

    def _daily(self, words: Sequence[str]) -> str | None:
        for code, known in self._everyday.items():
            if any(word.startswith(stem) for word in words for stem in known):
                return code
        return None


EVERYDAY = BranchNames({code: () for code in _EVERYDAY})
"""The branches that everybody speaks of, where nobody says which there are."""


def _said(phrases: Sequence[_Phrase], words: Sequence[str]) -> str | None:
    for code, phrase in phrases:
        for start in range(len(words) - len(phrase) + 1):
            said = words[start : start + len(phrase)]
            if all(word in forms for word, forms in zip(said, phrase, strict=True)):
                return code
    return None


def _forms(word: str) -> frozenset[str]:
    """The folded forms of a word of a name in a sentence."""
    return frozenset(fold(form) for form in (word, *_declined(word.casefold())))


def _declined(word: str) -> Iterator[str]:
    if _GEORGIAN.search(word):
        yield from (word.removesuffix("ი") + case for case in _GEORGIAN_CASES)
    elif _RUSSIAN.search(word):
        ending, cases = next(
            ((e, cases) for e, cases in _RUSSIAN_CASES if e.search(word)), (None, ())
        )
        if ending is not None:
            yield from (ending.sub(case, word) for case in cases)
    else:
        yield f"{word}s"
