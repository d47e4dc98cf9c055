"""Telegram's HTML. What is `Markup` is HTML that we wrote; anything else is text and is escaped
where it is put in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

from markupsafe import Markup, escape

__all__ = ["Markup", "escape", "html", "joined", "lines", "written_before"]


def html(template: LiteralString, *values: object, **named: object) -> Markup:
    """A template of ours with values, as `str.format` puts them in: `html("<b>{}</b>", name)`."""
    return Markup(template).format(*values, **named)  # a literal: the type says so


def joined(separator: LiteralString, parts: Iterable[str]) -> Markup:
    """Parts with a separator of ours between them."""
    return Markup(separator).join(parts)  # a literal: the type says so


def lines(parts: Iterable[str]) -> Markup:
    """One part a line."""
    return joined("\n", parts)


def written_before(text: str) -> Markup:
    """HTML that Jarvis wrote and kept, such as the rest of a list or the text of a message."""
    return Markup(text)  # read from our own rows
