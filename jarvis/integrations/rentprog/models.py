"""RentProg's records in RentProg's words. Unknown fields are kept; null, "" and "null" all mean
"not given"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Self, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from jarvis.kit.clock import TBILISI
from jarvis.kit.errors import ContractBroken
from jarvis.kit.money import MAX_AMOUNT
from jarvis.kit.text import clean, line

SYSTEM = "RentProg"
_LOCAL = re.compile(r"^\s*(\d{1,2})-(\d{1,2})-(\d{4})[ T]+(\d{1,2}):(\d{2})(?::\d{2})?\s*$")
_BLANK = (None, "", "null")
MAX_ID = 2**63 - 1
YEARS = range(2000, 2101)
"""Valid years of a rental; another one is a typing error."""

# Limits of our columns. Control characters are removed from free text; other values that do not fit
# are refused, naming the field.
Id = Annotated[int, Field(ge=0, le=MAX_ID)]
Count = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Amount = Annotated[Decimal, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
Line = Annotated[str, AfterValidator(line)]
Free = Annotated[str, AfterValidator(clean)]


def parse_moment(text: str) -> datetime:
    """Aware UTC of a booking's `DD-MM-YYYY H:mm` (wall time in Tbilisi) or of an ISO time with its
    offset.

    Raises:
        ContractBroken: neither form, or a year outside 2000 to 2100; there is never a fall-back to
            "now".
    """
    found = _LOCAL.match(text)
    try:
        if found is not None:
            day, month, year, hour, minute = map(int, found.groups())
            moment = datetime(year, month, day, hour, minute, tzinfo=TBILISI)
        else:
            moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ContractBroken(SYSTEM, f"a date that is none: {text[:40]!a}") from None
    if moment.year not in YEARS:
        raise ContractBroken(SYSTEM, f"a date of no year of ours: {text[:40]!a}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=TBILISI)
    return moment.astimezone(UTC)


def show_moment(moment: datetime) -> str:
    """The padded form that RentProg accepts everywhere."""
    return moment.astimezone(TBILISI).strftime("%d-%m-%Y %H:%M")


class Record(BaseModel):
    """One record. `given` names the fields that carry a value."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    id: Id
    _wire: dict[str, Any] = PrivateAttr(default_factory=dict[str, Any])

    @model_validator(mode="before")
    @classmethod
    def _drop_blanks(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        items = cast(Mapping[str, Any], data)
        return {
            k: v
            for k, v in items.items()
            if not (v is None or (isinstance(v, str) and v.strip() in _BLANK))
        }

    @property
    def given(self) -> frozenset[str]:
        return frozenset(self.model_fields_set)

    def raw(self) -> dict[str, Any]:
        """The record as RentProg sent it."""
        return self._wire

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The typed record, which keeps the raw one."""
        record = cls.model_validate(data)
        record._wire = dict(data)
        return record


class Car(Record):
    car_name: Line | None = None
    code: Line | None = None
    number: Line | None = None
    vin: Line | None = None
    year: Count | None = None
    color: Line | None = None
    car_class: Line | None = None
    transmission: Line | None = None
    fuel: Line | None = None
    number_seats: Count | None = None
    mileage: Count | None = None
    state: Count | None = None
    clean_state: bool | None = None
    active: bool | None = None
    deposit: Amount | None = None
    store_place: Line | None = None
    company_id: Id | None = None


class Booking(Record):
    number: Id | None = None
    active: bool | None = None
    state: Line | None = None
    in_rent: bool | None = None
    archive: bool | None = None
    technical: bool | None = None
    repair: bool | None = None
    car_id: Id | None = None
    client_id: Id | None = None
    company_id: Id | None = None
    start_date: Line | None = None
    end_date: Line | None = None
    days: Count | None = None
    price: Amount | None = None
    rental_cost: Amount | None = None
    total: Amount | None = None
    deposit: Amount | None = None
    delivery: Amount | None = None
    location_start: Line | None = None
    location_end: Line | None = None
    first_name: Line | None = None
    last_name: Line | None = None
    responsible_id: Id | None = None
    responsible: Line | None = None
    start_worker_id: Id | None = None
    end_worker_id: Id | None = None
    source: Line | None = None
    description: Free | None = None
    updated_from_api: bool | None = None


class Client(Record):
    name: Line | None = None
    lastname: Line | None = None
    middlename: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    category: Line | None = None
    language: Line | None = None


class Receivable(Record):
    """Money a client owes (`debt`) or will pay at pick-up (`due`)."""

    booking_id: Id
    kind: Line
    amount: Amount
    currency: Line = "GEL"
    since: Line | None = None


class HistoryEntry(Record):
    """One change of a booking: who, when, which field, from what to what."""

    created_at: Line
    user_name: Line | None = None
    field: Line | None = None
    old: Any = None
    new: Any = None
    description: Free | None = None


class Payment(Record):
    booking_id: Id | None = None
    sum: Amount
    currency: Line = "GEL"
    group: Line | None = None
    payment_type: Line | None = None
    created_at: Line | None = None


class Quote(BaseModel):
    """A car that RentProg offers for a period, with its price a day."""

    model_config = ConfigDict(extra="allow")

    car_id: Id
    code: Line | None = None
    price: Amount | None = None
    currency: Line = "GEL"


class Operation(BaseModel):
    """The state of one write over MCP. `preview` holds the changes as [old, new] by RentProg's
    field names."""

    model_config = ConfigDict(extra="allow")

    operation_id: str
    status: Line
    preview_token: str | None = None
    preview: dict[str, Any] = Field(default_factory=dict)
    result: dict[str, Any] = Field(default_factory=dict)
    message: Line | None = None

    @property
    def changes(self) -> dict[str, Any]:
        return cast(dict[str, Any], self.preview.get("changes") or {})


R = TypeVar("R", bound=BaseModel)
_ID = TypeAdapter(Id)


def parse_record(kind: type[R], data: object) -> R:
    """One typed record.

    Raises:
        ContractBroken: names the field that does not fit.
    """
    try:
        if issubclass(kind, Record) and isinstance(data, Mapping):
            return kind.read(cast(Mapping[str, Any], data))
        return kind.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ContractBroken(SYSTEM, f"{kind.__name__}.{place}: {first['msg']}") from None


def key_of(raw: Mapping[str, Any]) -> str:
    """The outside id of a raw record, as text.

    Raises:
        ContractBroken: it has none, or one that RentProg does not give.
    """
    try:
        return str(_ID.validate_python(raw.get("id")))
    except ValidationError as error:
        raise ContractBroken(
            SYSTEM, f"no id of a record: {error.errors(include_url=False)[0]['msg']}"
        ) from None


def unwrap(body: object, name: str, *, strict: bool = True) -> list[dict[str, Any]]:
    """The records of any list envelope that was seen: bare, `data`, by model name, JSON:API items.

    Not `strict`: an item that is no object is a record without an id under the name `item`, to be
    refused alone.

    Raises:
        ContractBroken: an unknown shape; an empty result is never guessed.
    """
    while isinstance(body, Mapping):
        box = cast(Mapping[str, Any], body)
        inner = next((box[key] for key in (name, "data", "items", "results") if key in box), None)
        if inner is None:
            raise ContractBroken(
                SYSTEM, f"a list of {name} in an unknown envelope: {sorted(box)[:5]}"
            )
        body = inner
    if not isinstance(body, list):
        raise ContractBroken(SYSTEM, f"no list of {name} in the answer")
    rows: list[dict[str, Any]] = []
    for item in cast(list[Any], body):
        if not isinstance(item, Mapping):
            if strict:
                raise ContractBroken(SYSTEM, f"a {name} item that is no object")
            item = {"item": item}
        row = dict(cast(Mapping[str, Any], item))
        attributes = row.get("attributes")
        if isinstance(attributes, Mapping):
            row = {"id": row.get("id"), **cast(Mapping[str, Any], attributes)}
        rows.append(row)
    return rows
