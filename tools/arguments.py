"""The types of tools' arguments: every text, number and date of a model is bounded and clean before
a tool sees it.

A value outside its bounds goes back to the model with the bound; what a person says in vain is
answered, never raised.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field

from jarvis.kit.clock import TBILISI
from jarvis.kit.text import MESSAGE_CHARS, clean, line

FIRST_YEAR, LAST_YEAR = 2000, 2100
MAX_NUMBER = 999_999_999
MAX_DAYS = 366
CHOICE_CHARS = 120
# Kinds of values that are data, as a tool's schema names them until it is offered to a model.
BRANCH_CODE, SERVICE_CHAT = "branch-code", "service-chat"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
D = TypeVar("D", date, datetime)


def cleaned(value: object) -> object:
    """Remove characters from a model's text that nobody types on purpose."""
    return clean(value) if isinstance(value, str) else value


def one_line(value: object) -> object:
    """The same as one line."""
    return line(value, MESSAGE_CHARS) if isinstance(value, str) else value


def _written(value: object) -> object:
    """Accept only a written date: a bare number would be read as seconds since 1970."""
    if not isinstance(value, date) and not (isinstance(value, str) and _DATE.match(value)):
        raise ValueError("a date is written as 2026-03-14, or with its hour as 2026-03-14T10:00")
    return value


def _sane(value: D) -> D:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"a date lies in the years {FIRST_YEAR} to {LAST_YEAR}")
    return value


Said = Annotated[str, BeforeValidator(one_line), Field(max_length=MESSAGE_CHARS)]
"""How a person named a car, a client, a colleague, or a whole question: at most as long as their
message."""
Words = Annotated[str, BeforeValidator(cleaned), Field(max_length=MESSAGE_CHARS)]
"""A person's words that are to be kept, line breaks included."""
Name = Annotated[str, BeforeValidator(one_line), Field(min_length=1, max_length=120)]
Place = Annotated[str, BeforeValidator(one_line), Field(min_length=1, max_length=200)]
Code = Annotated[str, BeforeValidator(one_line), Field(min_length=1, max_length=40)]
Branch = Annotated[
    str,
    BeforeValidator(one_line),
    Field(max_length=40, json_schema_extra={"format": BRANCH_CODE}),
]
"""The code of a branch that exists: `tools.choices` puts the codes into the schema."""
ServiceChat = Annotated[
    str,
    BeforeValidator(one_line),
    Field(max_length=40, json_schema_extra={"format": SERVICE_CHAT}),
]
"""What a service chat is for, as the registry of chats has it."""
Number = Annotated[int, Field(ge=1, le=MAX_NUMBER)]
"""The number of a booking."""
Days = Annotated[int, Field(ge=1, le=MAX_DAYS)]
Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_sane)]
Day = Annotated[date, BeforeValidator(_written), AfterValidator(_sane)]


def aware(moment: datetime) -> datetime:
    """A time without an offset as Tbilisi's; one with an offset unchanged."""
    return moment.replace(tzinfo=TBILISI) if moment.tzinfo is None else moment


def again(request: str, choice: str) -> str:
    """A request with what was chosen for it, as a button repeats it: never longer than a
    message."""
    tail = f" ({choice[:CHOICE_CHARS]})"
    return request[: MESSAGE_CHARS - len(tail)] + tail
