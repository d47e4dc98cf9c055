"""Spelling across alphabets: Russian, Georgian and English words that sound alike fold to one form."""

from __future__ import annotations

import re

_CYRILLIC = dict(
    zip("абвгдежзийклмнопрстуфхцчшщъыьэюя",
        ["a", "b", "v", "g", "d", "e", "zh", "z", "i", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "h",
         "ts", "ch", "sh", "sh", "", "i", "", "e", "iu", "ia"], strict=True)
) | {"ё": "e"}  # fmt: skip
_GEORGIAN = dict(
    zip("აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
        ["a", "b", "g", "d", "e", "v", "z", "t", "i", "k", "l", "m", "n", "o", "p", "zh", "r", "s", "t", "u", "p", "k",
         "g", "q", "sh", "ch", "ts", "dz", "ts", "ch", "kh", "j", "h"], strict=True)
)  # fmt: skip

PLATE = re.compile(r"(?<!\w)[^\W\d_]{2,3}[ -]?\d{3}(?:[ -]?[^\W\d_]{2})?(?!\w)")
"""Two or three letters, three digits, and perhaps two more letters, in any alphabet."""


def latin(text: str) -> str:
    """Lower-case Latin letters of a Russian, Georgian or English text."""
    return "".join(_CYRILLIC.get(c, _GEORGIAN.get(c, c)) for c in text.casefold())


def fold(word: str) -> str:
    """A spelling that sounds the same in the three alphabets."""
    text = re.sub(r"[^a-z0-9]", "", latin(word))
    for old, new in (
        ("ck", "k"), ("ph", "f"), ("sch", "sh"), ("x", "ks"), ("w", "v"), ("q", "k"), ("ch", "č"), ("c", "k"), ("č", "ch"),
        ("y", "i"),
        ("dzh", "j"), ("j", "dzh"), ("kh", "h"),
    ):  # fmt: skip
        text = text.replace(old, new)
    text = re.sub(r"(.)\1", r"\1", text)
    return text[:-1] if len(text) > 4 and text.endswith("e") else text
