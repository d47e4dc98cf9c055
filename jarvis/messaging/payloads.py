"""Buttons that any feature may show: a request, the next page of a list, a report of a problem."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from jarvis.kit.text import MESSAGE_CHARS
from jarvis.messaging.callbacks import Former, Payload


def _cut(text: object) -> object:
    return text[:MESSAGE_CHARS] if isinstance(text, str) else text


class Ask(Payload):
    """Send the person's next request, cut to the length that is read of a message."""

    kind: ClassVar[str] = "ask"
    former: ClassVar[tuple[Former, ...]] = (Former(kind="ask", text=r"(?P<request>[^{].*)"),)

    request: Annotated[str, BeforeValidator(_cut)]


class ShowPage(Payload):
    """Show the next page of a list as it was read then: HTML of its head, its rows and its last
    line."""

    kind: ClassVar[str] = "page"

    head: str
    rows: tuple[str, ...]
    tail: str


class ReportProblem(Payload):
    """Report that something is wrong."""

    kind: ClassVar[str] = "report"
    former: ClassVar[tuple[Former, ...]] = (Former(kind="report", text="report"),)
