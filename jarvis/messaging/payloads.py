"""Buttons that any room may show: a request, the rest of a list, a report that something is
wrong."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BeforeValidator

from jarvis.kit.text import MESSAGE_CHARS
from jarvis.messaging.callbacks import Former, Payload


def _cut(text: object) -> object:
    return text[:MESSAGE_CHARS] if isinstance(text, str) else text


class Ask(Payload):
    """Its press stands for the person's next request, of which no more is read than of a
    message."""

    kind: ClassVar[str] = "ask"
    former: ClassVar[tuple[Former, ...]] = (Former(kind="ask", text=r"(?P<request>[^{].*)"),)

    request: Annotated[str, BeforeValidator(_cut)]


class ShowPage(Payload):
    """The rest of a list as it was read then: HTML of its head, its rows and its last line."""

    kind: ClassVar[str] = "page"

    head: str
    rows: tuple[str, ...]
    tail: str


class ReportProblem(Payload):
    """The person says that something is wrong."""

    kind: ClassVar[str] = "report"
    former: ClassVar[tuple[Former, ...]] = (Former(kind="report", text="report"),)
