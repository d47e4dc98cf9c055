"""The form of `agents/<role>/intents.yaml`: the words of a role's requests, and the conditions
under which a request asks for an intent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from jarvis.kit.actor import LANGUAGES, Language
from jarvis.language.dates import matches_stem, stems

ENTITIES = frozenset({"branch", "car", "name", "number", "period"})
"""Signs that every request is read for, whatever the roles know."""
SHARED: Mapping[str, tuple[str, ...]] = {
    "how": stems("как how როგორ"),
    "more": stems("еще ещё more კიდევ"),
    "same": stems("ту же тот же его ее её эту этот same that it იგივე იმავ"),
}
"""Signs of a talk that goes on: they are about no matter of its own."""
_NEVER = "(?!)"
_OPEN = re.compile(r"\{(\w+)\}")
LatinWords = Mapping[Language, re.Pattern[str]]
"""Words in Latin letters that show a language."""


def _compiled(text: object) -> object:
    return re.compile(text, re.IGNORECASE) if isinstance(text, str) else text


def _stems(text: object) -> object:
    return stems(text) if isinstance(text, str) else text


Stems = Annotated[tuple[str, ...], BeforeValidator(_stems)]
"""Beginnings of words in any alphabet, written in one line."""
Regex = Annotated[re.Pattern[str], BeforeValidator(_compiled)]
"""A regular expression; capitals count only where it says `(?-i:...)`."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sign(_Part):
    """Words that tell what a request is about. `name`: a person's name may follow them, with
    capitals or in `any` letters."""

    stems: Stems
    name: Literal["capitals", "any"] | None = None


class Phrase(_Part):
    """Several words that mean a sign, perhaps `instead_of` the sign of one of them."""

    sign: str
    match: Regex
    instead_of: str | None = None


class Condition(_Part):
    """What a request must contain: the expression, and the signs. Entities are signs too."""

    match: Regex | None = None
    any_of: frozenset[str] = frozenset()
    all_of: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()

    def holds(self, text: str, signs: frozenset[str]) -> bool:
        """Whether a request with these signs meets the whole condition."""
        return (
            (self.match is None or self.match.search(text) is not None)
            and (not self.any_of or bool(self.any_of & signs))
            and self.all_of <= signs
            and not self.none_of & signs
        )


class Intent(_Part):
    """Something that people ask for, and the tool that does it.

    A request asks for it when the `verb` is found and, where conditions are given, one of `when`
    holds; of several intents the one with the lowest `rank` is chosen, and one without a rank comes
    last. `changes`: it is a write. `help` and `welcome` are its positions among the suggestions on
    the help page and in the welcome. In examples `{car}`, `{booking}` and `{client}` are
    placeholders for what the reader may see.
    """

    id: str
    tool: str | None = None
    changes: bool = False
    rank: int = 100
    verb: Regex | None = None
    when: tuple[Condition, ...] = ()
    help: int | None = None
    welcome: int | None = None
    examples: Mapping[Language, tuple[str, ...]] = Field(
        default_factory=dict[Language, tuple[str, ...]]
    )

    @model_validator(mode="after")
    def _in_every_language(self) -> Intent:
        if self.tool is not None and not all(self.examples.get(lang) for lang in LANGUAGES):
            raise ValueError(f"the intent {self.id} has no example in some language")
        for example in (e for found in self.examples.values() for e in found):
            if set("{}") & set(_OPEN.sub("", example)):
                raise ValueError(f"the intent {self.id} has a broken placeholder: {example}")
        return self

    @property
    def names(self) -> frozenset[str]:
        """The placeholders of its examples, such as `car`."""
        examples = "".join(e for found in self.examples.values() for e in found)
        return frozenset(_OPEN.findall(examples))

    def example(self, named: Mapping[str, str]) -> Mapping[str, str] | None:
        """An example in every language with the placeholders filled; None when a value is
        missing."""
        found: dict[str, str] = {}
        for language, examples in self.examples.items():
            whole = [e for e in examples if set(_OPEN.findall(e)) <= named.keys()]
            if not whole:
                return None
            found[language] = whole[0].format(**named)
        return found

    def asked(self, text: str, signs: frozenset[str]) -> bool:
        """Whether a request with these signs asks for it."""
        if self.verb is not None and self.verb.search(text) is None:
            return False
        holds = any(condition.holds(text, signs) for condition in self.when)
        return holds if self.when else self.verb is not None


class Intents(_Part):
    """The intents of one role with their words.

    `latin`: expressions of whole words in Latin letters, by the language that they indicate.
    `cars`: names of cars. `numbered`: nouns before a number that is not three digits of a car;
    `named`: nouns before a name in an alphabet without capitals; both are expressions. `values`:
    tables of the values of a slot, each with its expression; the first match is taken. `slots`:
    expressions whose groups are slots.
    """

    words: Mapping[str, Sign] = Field(default_factory=dict[str, Sign])
    phrases: tuple[Phrase, ...] = ()
    latin: Mapping[Language, str] = Field(default_factory=dict[Language, str])
    cars: Stems = ()
    numbered: str = _NEVER
    named: str = _NEVER
    values: Mapping[str, Mapping[str, Regex]] = Field(
        default_factory=dict[str, Mapping[str, Regex]]
    )
    slots: Mapping[str, Regex] = Field(default_factory=dict[str, Regex])
    intents: tuple[Intent, ...] = ()

    def intent(self, name: str) -> Intent:
        """An intent by its id.

        Raises:
            KeyError: the file has none of that name.
        """
        return {intent.id: intent for intent in self.intents}[name]

    def value(self, table: str, text: str, among: Iterable[str] | None = None) -> str | None:
        """The first value of a table (or `among` some of it) that a text names."""
        rows = self.values[table]
        names = rows if among is None else [name for name in rows if name in set(among)]
        return next((name for name in names if rows[name].search(text)), None)

    def without(self, table: str, text: str) -> str:
        """A text without the words that name a value of a table."""
        for pattern in self.values[table].values():
            text = pattern.sub(" ", text)
        return text


def latin_words(parts: Iterable[Intents]) -> LatinWords:
    """The words in Latin letters of several roles, by language."""
    found: dict[Language, list[str]] = {}
    for part in parts:
        for language, words in part.latin.items():
            found.setdefault(language, []).append(words)
    return {
        language: re.compile(rf"\b(?:{'|'.join(words)})\b", re.IGNORECASE)
        for language, words in found.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An intent that a request asks for, and its role."""

    role: str
    intent: Intent


class Grammar:
    """The words and intents of several roles as one.

    Raises:
        ValueError: two roles know a sign by one name, or it is named like an entity.
    """

    def __init__(self, roles: Mapping[str, Intents]) -> None:
        self._words: dict[str, Sign] = {name: Sign(stems=found) for name, found in SHARED.items()}
        for role, intents in roles.items():
            if double := (self._words.keys() | ENTITIES) & intents.words.keys():
                raise ValueError(f"{role}: {sorted(double)} are signs already")
            self._words |= intents.words
        parts = list(roles.values())
        self._phrases = [phrase for part in parts for phrase in part.phrases]
        self.latin = latin_words(parts)
        self.cars = tuple(car for part in parts for car in part.cars)
        self.numbered = re.compile("|".join(part.numbered for part in parts) or _NEVER, re.I)
        self.named = re.compile(
            rf"(?:{'|'.join(part.named for part in parts) or _NEVER})"
            r"\s+([ა-ჰ]{3,}(?:\s+[ა-ჰ]{3,})?)"
        )
        self.number = re.compile(
            rf"(?:№|#|(?:{self.numbered.pattern})\s+|\bпо\s+|\bon\s+)№?#?\s*(\d{{3,6}})\b"
            r"|(?:№|#)\s*(\d{1,6})|(?<![\d.:-])\b((?!20\d\d\b)\d{4,6})\b(?![.:-]\d)",
            re.I,
        )
        named = {name: sign.name for name, sign in self._words.items() if sign.name}
        self.beside_names = frozenset(named)
        self.beside_any_name = frozenset(name for name, how in named.items() if how == "any")
        ranked = [Asked(role=name, intent=i) for name, part in roles.items() for i in part.intents]
        self.ranked: Sequence[Asked] = sorted(ranked, key=lambda asked: asked.intent.rank)

    def signs(self, text: str, words: Sequence[str]) -> frozenset[str]:
        """The signs in a request; `words` are its words, folded."""
        found = {
            name
            for name, sign in self._words.items()
            if any(matches_stem(word, stem) for word in words for stem in sign.stems)
        }
        for phrase in self._phrases:
            if phrase.match.search(text):
                found.discard(phrase.instead_of or "")
                found.add(phrase.sign)
        return frozenset(found)

    def explains(self, word: str) -> bool:
        """Whether a folded word belongs to some sign."""
        return any(matches_stem(word, stem) for sign in self._words.values() for stem in sign.stems)

    def known(self) -> frozenset[str]:
        """All signs."""
        return ENTITIES | self._words.keys() | {phrase.sign for phrase in self._phrases}

    def first(
        self, text: str, signs: frozenset[str], *, of: Sequence[str] = (), verbs: bool = False
    ) -> Asked | None:
        """The intent that a request asks for; `of` some roles only, or only by a verb."""
        return next(
            (
                asked
                for asked in self.ranked
                if (not of or asked.role in of)
                and (asked.intent.verb is not None or not verbs)
                and asked.intent.asked(text, signs)
            ),
            None,
        )
