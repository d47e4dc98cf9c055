"""A planned write: what will be sent after approval, and everything that its card shows.

Each part is JSON in the approval's row and is read back as the same types. The owner of the write
provides names and presentation of parts; amounts are minor units of their currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    PlainSerializer,
    Tag,
)

from jarvis.kit.money import Currency, Money

# one spelling of times in stored and digested values
Moment = Annotated[datetime, PlainSerializer(datetime.isoformat, when_used="json")]


class Part(BaseModel):
    """A part of an approval. Unknown fields, as a newer version may have stored, are ignored."""

    model_config = ConfigDict(frozen=True)


class Subject(Part):
    """What a write changes: its kind and id, and what a card names it by.

    `name` is the name of a subject that has neither a number nor a car.
    """

    kind: str
    id: UUID
    name: str | None = None
    number: int | None = None
    car: str | None = None
    plate: str | None = None
    branch: str | None = None
    client_first: str | None = None
    client_last: str | None = None


class MomentChange(Part):
    """A change of a time."""

    type: Literal["moment"] = "moment"
    field: str
    old: Moment | None = None
    new: Moment


class MoneyChange(Part):
    """A change of an amount, in minor units."""

    type: Literal["money"] = "money"
    field: str
    old: int | None = None
    new: int
    currency: Currency = "GEL"


class TextChange(Part):
    """A change of a text."""

    type: Literal["text"] = "text"
    field: str
    old: str | None = None
    new: str


class CodeChange(Part):
    """A change of a value of a closed list, such as a branch, a state or a role; `type` names the
    list."""

    type: str
    field: str
    old: str | int | None = None
    new: str | int


_PLAIN = ("moment", "money", "text")


def _type_of(change: Any) -> str:
    found = cast(object, change["type"] if isinstance(change, Mapping) else change.type)
    return found if isinstance(found, str) and found in _PLAIN else "code"


FieldChange = Annotated[
    Annotated[MomentChange, Tag("moment")]
    | Annotated[MoneyChange, Tag("money")]
    | Annotated[TextChange, Tag("text")]
    | Annotated[CodeChange, Tag("code")],
    Discriminator(_type_of),
]


class Price(Part):
    """What it costs, in minor units.

    `old` is None for something new; `delta` what is added; `days` times `rate` when it is charged
    by the day. `basis`: the source's quote for the time, the subject's own price, or the total that
    the source's preview named.
    """

    old: int | None
    new: int
    currency: Currency
    delta: int
    days: int | None
    rate: int | None
    basis: Literal["quote", "booking", "preview"]

    def money(self, minor: int) -> Money:
        """One of its amounts."""
        return Money(minor, self.currency)


class PaidWarning(Part):
    """Something was paid already, in minor units."""

    kind: Literal["paid"] = "paid"
    minor: int
    currency: Currency


class CollisionWarning(Part):
    """Another booking is close: `tight` follows at once, `pickup` is planned on the same car."""

    kind: Literal["tight", "pickup"]
    number: int | None
    start: Moment | None


WriteWarning = Annotated[PaidWarning | CollisionWarning, Field(discriminator="kind")]


class PlannedWrite(Part):
    """One write as it will be sent, and everything its card shows.

    `kind` names the effect, whose handler gets `args` unchanged. `title` is the change's name, one
    of those that the owner of the kind has texts for. `shown` is the version of the fields that the
    card shows of the subject: a change of one of them voids the card. `undo` holds the arguments of
    the reverse write of the same kind. `as_of`: when the source was read. `critical`: two people
    decide.
    """

    kind: str
    target: str
    args: Mapping[str, JsonValue]
    title: str
    subject: Subject
    shown: Mapping[str, JsonValue]
    changes: tuple[FieldChange, ...]
    source: str
    as_of: Moment
    branch: str | None
    price: Price | None = None
    warnings: tuple[WriteWarning, ...] = ()
    undo: Mapping[str, JsonValue] | None = None
    critical: bool = False

    def stored(self) -> dict[str, JsonValue]:
        """As JSON, without what columns of their own hold: the subject's kind and id, `shown`."""
        about = self.subject.model_dump(mode="json", exclude={"kind", "id"})
        return {
            **self.model_dump(mode="json", exclude={"subject", "shown", "critical"}),
            "about": about,
        }

    @classmethod
    def read(
        cls,
        stored: Mapping[str, JsonValue],
        *,
        subject_kind: str,
        subject_id: UUID,
        shown: Mapping[str, JsonValue],
    ) -> PlannedWrite:
        """From its row; whether it is critical is stored with the card."""
        about = cast(Mapping[str, JsonValue], stored["about"])
        subject = {**about, "kind": subject_kind, "id": subject_id}
        return cls.model_validate({**stored, "subject": subject, "shown": shown})
