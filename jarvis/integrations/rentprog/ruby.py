"""A recursive-descent parser of Ruby's `inspect` of a Hash, as RentProg puts it into webhook
payloads.

Accepts `"k"=>v`, `:k=>v`, `k: v`, strings with escapes, numbers (BigDecimal notation too), nil,
booleans, symbols, arrays, nested hashes, bare dates and times, and `#<…>` objects as opaque text.
Source: RentProg webhooks (geodrive's reports); Ruby's documentation of `inspect`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from jarvis.kit.wire import MAX_DIGITS

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

_NUMBER = re.compile(r"[+-]?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w:.-])")
_SYMBOL = re.compile(r"[A-Za-z_]\w*(?:[?!]|=(?!>))?")
_LABEL = re.compile(r"([A-Za-z_]\w*[?!]?):(?!:)\s*")
_PLAIN = re.compile(r'[^"\\]*')
_WORD = re.compile(r"(nil|true|false|NaN|-?Infinity)(?!\w)")
_TIME = re.compile(
    r"(?:[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4}"
    r"(?: \d{2}:\d{2}:\d{2}(?:\.\d+)?(?: [A-Z]{1,5})?(?: [+-]\d{2}(?::?\d{2})?)*)?"
    r"|\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?: ?(?:UTC|Z|[+-]\d{2}:?\d{2}))?)?)"
)
_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "e": "\x1b",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "s": " ",
    "0": "\0",
}
_WORDS: dict[str, Any] = {"nil": None, "true": True, "false": False}


_STRING = re.compile(r'("(?:[^"\\\0]++|\\["\\nrtbf])*+")')  # whose escapes mean the same in both
# Between strings: a string of another kind, a symbol or a label, a word that Ruby has not, a number
# without end.
_NO_JSON = re.compile(rf'["\\:]|null|[\w.+-]{{{MAX_DIGITS + 1}}}')


class RubyError(ValueError):
    """The text is not an inspected Ruby value; the message names the position."""


def parse(text: str) -> Any:
    """The value of one inspected Ruby literal.

    Hashes become dicts with string keys, symbols and bare times become strings.

    Raises:
        RubyError: the text is malformed, longer than 256 KiB or nested deeper than 20.
    """
    if len(text.encode(errors="replace")) > MAX_BYTES:
        raise RubyError("longer than 256 KiB")
    plain = as_json(text)
    return parse_whole(text) if plain is None else plain


def as_json(text: str) -> Any:
    """The fast path for text that differs from JSON only by its arrows and nil, as most of
    RentProg's: a sixth of the time. None for any other or malformed text, which `parse_whole` then
    reads.
    """
    pieces = _STRING.split(text)
    between = "\0".join(pieces[::2])
    if (
        between.count("\0") != len(pieces) // 2
        or _NO_JSON.search(between)
        or between.count("{") + between.count("[") > MAX_DEPTH
    ):
        return None
    pieces[::2] = between.replace("=>", ":").replace("nil", "null").split("\0")
    try:
        return json.loads("".join(pieces), strict=False, parse_constant=_no_json)
    except (ValueError, RecursionError):
        return None


def _no_json(word: str) -> Any:
    raise ValueError(word)


def parse_whole(text: str) -> Any:
    """The same by the complete parser.

    Raises:
        RubyError: as `parse`.
    """
    parser = _Parser(text)
    value = parser.value(0)
    parser.space()
    if parser.at < len(text):
        raise parser.error("unexpected text after the value")
    return value


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def error(self, problem: str) -> RubyError:
        return RubyError(f"{problem} at {self.at}")

    def space(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1

    def take(self, token: str) -> bool:
        self.space()
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def match(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group()

    def value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise self.error("nested too deep")
        self.space()
        head = self.text[self.at : self.at + 1]
        if head == "{":
            return self.hash(depth)
        if head == "[":
            return self.array(depth)
        if head == '"':
            return self.string()
        if head == ":":
            return self.symbol()
        if head == "#":
            return self.opaque()
        return self.bare()

    def hash(self, depth: int) -> dict[str, Any]:
        self.at += 1
        result: dict[str, Any] = {}
        if self.take("}"):
            return result
        while True:
            key = self.key(depth)
            result[key] = self.value(depth + 1)
            if self.take("}"):
                return result
            if not self.take(","):
                raise self.error("expected , or }")

    def key(self, depth: int) -> str:
        self.space()
        label = _LABEL.match(self.text, self.at)
        if label is not None:
            self.at = label.end()
            return label.group(1)
        quoted = self.text[self.at : self.at + 1] == '"'
        key = self.value(depth + 1)
        if (
            quoted
            and self.text.startswith(":", self.at)
            and not self.text.startswith("=>", self.at)
        ):
            self.at += 1
        elif not self.take("=>"):
            raise self.error("expected =>")
        return key if isinstance(key, str) else str(key)

    def array(self, depth: int) -> list[Any]:
        self.at += 1
        result: list[Any] = []
        if self.take("]"):
            return result
        while True:
            result.append(self.value(depth + 1))
            if self.take("]"):
                return result
            if not self.take(","):
                raise self.error("expected , or ]")

    def string(self) -> str:
        self.at += 1
        out: list[str] = []
        while True:
            plain = _PLAIN.match(self.text, self.at)
            assert plain is not None  # it may be empty
            out.append(plain.group())
            self.at = plain.end() + 1
            if self.at > len(self.text):
                self.at = len(self.text)
                raise self.error("the string does not end")
            if self.text[self.at - 1] == '"':
                return "".join(out)
            out.append(self.escape())

    def escape(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char == "u":
            return self.unicode()
        if char == "x":
            digits = self.match(re.compile(r"[0-9A-Fa-f]{1,2}"))
            if digits is None:
                raise self.error("bad \\x escape")
            return chr(int(digits, 16))
        if not char:
            raise self.error("the string ends in an escape")
        return _ESCAPES.get(char, char)

    def unicode(self) -> str:
        if self.text.startswith("{", self.at):
            end = self.text.find("}", self.at)
            digits = self.text[self.at + 1 : end] if end > 0 else ""
            self.at = end + 1
        else:
            digits = self.text[self.at : self.at + 4]
            self.at += 4
        try:
            points = [int(part, 16) for part in digits.split()]
            text = "".join(map(chr, points))
        except (ValueError, OverflowError):
            raise self.error("bad \\u escape") from None
        if not points or any(0xD800 <= point <= 0xDFFF for point in points):
            raise self.error("bad \\u escape")
        return text

    def symbol(self) -> str:
        self.at += 1
        if self.text.startswith('"', self.at):
            return self.string()
        name = self.match(_SYMBOL)
        if name is None:
            raise self.error("bad symbol")
        return name

    def opaque(self) -> str:
        start, depth, quoted = self.at, 0, False
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\" and quoted:
                self.at += 1
            elif char == '"':
                quoted = not quoted
            elif char == "<" and not quoted:
                depth += 1
            elif char == ">" and not quoted and not self.text.startswith("=>", self.at - 1):
                depth -= 1
                if depth == 0:
                    self.at += 1
                    return self.text[start : self.at]
            self.at += 1
        raise self.error("the object does not end")

    def bare(self) -> Any:
        word = self.match(_WORD)
        if word is not None:
            return _WORDS.get(word, word)
        moment = self.match(_TIME)
        if moment is not None:
            return moment.strip()
        number = self.match(_NUMBER)
        if number is None:
            raise self.error("unexpected character")
        plain = number.replace("_", "")
        if len(plain) > MAX_DIGITS:
            return plain  # as in JSON: it fits no column and is refused where a number is needed
        return float(plain) if any(c in plain for c in ".eE") else int(plain)


def dump(value: Any) -> str:
    """The `inspect` text of a JSON-like value (used by the sandbox)."""
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dict):
        items: dict[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]  # JSON-like by contract
        return "{" + ", ".join(f"{dump(str(k))}=>{dump(v)}" for k, v in items.items()) + "}"
    if isinstance(value, list):
        rows: list[Any] = value  # pyright: ignore[reportUnknownVariableType]  # JSON-like by contract
        return "[" + ", ".join(map(dump, rows)) + "]"
    text = (
        str(value)
        .replace("\\", "\\\\")
        .replace('"', '\\"')
        .replace("\n", "\\n")
        .replace("\t", "\\t")
    )
    return '"' + text.replace("#{", "\\#{").replace("\r", "\\r").replace("\x1b", "\\e") + '"'
