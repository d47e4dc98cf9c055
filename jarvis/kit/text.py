"""Text from outside: what may be stored and shown of it, and one spelling for words of three
alphabets that sound alike.

Every border (Telegram, web, vendors, models, the command line) cleans with `clean` or `line`; JSON
that is stored unchanged goes through `storable`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import cast

MESSAGE_CHARS = 4096
"""The longest message of a person, as Telegram has it; the one limit of every request, wherever it
is read."""
LINE_CHARS = 500
"""The longest name, place or title that is kept of a record."""
MAX_DEPTH = 100
"""The maximal nesting of JSON from outside; deeper levels are replaced by a note."""
MAX_DIGITS = 1000
# the replacements of U+0000 and of a lone surrogate where JSON is stored unchanged
NOTHING, BROKEN = "\u2400", "\ufffd"

# Control signs but tab and line feed, U+007F to U+009F, the signs that turn the direction of a line
# around, and the replacement of U+0000 in stored records.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb\u2400]"
)
_BREAK = re.compile("\r\n|[\r\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile(r"\s+")

_CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюя",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "zh",
            "z",
            "i",
            "i",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "h",
            "ts",
            "ch",
            "sh",
            "sh",
            "",
            "i",
            "",
            "e",
            "iu",
            "ia",
        ],
        strict=True,
    )
) | {"ё": "e"}
_GEORGIAN = dict(
    zip(
        "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
        [
            "a",
            "b",
            "g",
            "d",
            "e",
            "v",
            "z",
            "t",
            "i",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "zh",
            "r",
            "s",
            "t",
            "u",
            "p",
            "k",
            "g",
            "q",
            "sh",
            "ch",
            "ts",
            "dz",
            "ts",
            "ch",
            "kh",
            "j",
            "h",
        ],
        strict=True,
    )
)

PLATE = re.compile(r"(?<!\w)[^\W\d_]{2,3}[ -]?\d{3}(?:[ -]?[^\W\d_]{2})?(?!\w)")
"""Two or three letters, three digits, and perhaps two more letters, in any alphabet."""


def clean(text: str, limit: int | None = None) -> str:
    """Text without characters that nobody wrote on purpose: U+0000 and other control characters,
    bidi overrides. Line breaks of every kind become `\\n`; a lone surrogate becomes U+FFFD. Cut to
    `limit` characters.
    """
    text = _CONTROL.sub("", _BREAK.sub("\n", _paired(text)))
    return text if limit is None else text[:limit]


def line(text: str, limit: int = LINE_CHARS) -> str:
    """The same as one line: blanks of every kind are one space each."""
    return _BLANKS.sub(" ", clean(text)).strip()[:limit].rstrip()


def whole(text: str, digits: int = 18) -> int | None:
    """A number of at most this many ASCII digits and nothing else; `str.isdigit` also takes "²",
    which is no number."""
    return int(text) if 0 < len(text) <= digits and text.isascii() and text.isdigit() else None


def storable(value: object, depth: int = 0) -> object:
    """A JSON value as PostgreSQL can keep it, with what it cannot keep replaced visibly.

    U+0000 becomes U+2400, a lone surrogate U+FFFD, NaN and infinities their names, a number of more
    than 1,000 digits or a level deeper than 100 a note in angle brackets. Everything else is as it
    was.
    """
    if isinstance(value, str):
        return _paired(value).replace("\0", NOTHING)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, int):
        return (
            value if value.bit_length() < MAX_DIGITS * 3 else "<a number of more than 1,000 digits>"
        )
    if isinstance(value, Mapping | list | tuple):
        if depth >= MAX_DEPTH:
            return "<nested too deep>"
        if isinstance(value, Mapping):
            items = cast(Mapping[object, object], value)
            return {
                storable(key if isinstance(key, str) else str(key)): storable(item, depth + 1)
                for key, item in items.items()
            }
        return [storable(item, depth + 1) for item in cast(Sequence[object], value)]
    return value


def _paired(text: str) -> str:
    if _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def latin(text: str) -> str:
    """Lower-case Latin letters of a Russian, Georgian or English text."""
    return "".join(_CYRILLIC.get(c, _GEORGIAN.get(c, c)) for c in text.casefold())


def fold(word: str) -> str:
    """A spelling that sounds the same in the three alphabets."""
    text = re.sub(r"[^a-z0-9]", "", latin(word))
    for old, new in (
        ("ck", "k"),
        ("ph", "f"),
        ("sch", "sh"),
        ("x", "ks"),
        ("w", "v"),
        ("q", "k"),
        ("ch", "č"),
        ("c", "k"),
        ("č", "ch"),
        ("y", "i"),
        ("dzh", "j"),
        ("j", "dzh"),
        ("kh", "h"),
    ):
        text = text.replace(old, new)
    text = re.sub(r"(.)\1", r"\1", text)
    return text[:-1] if len(text) > 4 and text.endswith("e") else text
