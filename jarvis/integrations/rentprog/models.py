"""RentProg's records in RentProg's words. Unknown fields are kept; null, "" and "null" all mean "not given"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Self, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from jarvis.kit.clock import TBILISI
from jarvis.kit.errors import ContractBroken

SYSTEM = "RentProg"
_LOCAL = re.compile(r"^\s*(\d{1,2})-(\d{1,2})-(\d{4})[ T]+(\d{1,2}):(\d{2})(?::\d{2})?\s*$")
_BLANK = (None, "", "null")


def parse_moment(text: str) -> datetime:
    """Aware UTC of a booking's `DD-MM-YYYY H:mm` (wall time in Tbilisi) or of an ISO time with its offset.

    Raises:
        ContractBroken: neither form; there is never a fall-back to "now".
    """
    found = _LOCAL.match(text)
    try:
        if found is not None:
            day, month, year, hour, minute = map(int, found.groups())
            return datetime(year, month, day, hour, minute, tzinfo=TBILISI).astimezone(UTC)
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ContractBroken(SYSTEM, f"a date that is none: {text[:40]!r}") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=TBILISI)
    return moment.astimezone(UTC)


def show_moment(moment: datetime) -> str:
    """The padded form that RentProg accepts everywhere."""
    return moment.astimezone(TBILISI).strftime("%d-%m-%Y %H:%M")


class Record(BaseModel):
    """One record. `given` names the fields that carry a value."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True)

    id: int
    _wire: dict[str, Any] = PrivateAttr(default_factory=dict[str, Any])

    @model_validator(mode="before")
    @classmethod
    def _drop_blanks(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        items = cast(Mapping[str, Any], data)
        return {k: v for k, v in items.items() if not (v is None or (isinstance(v, str) and v.strip() in _BLANK))}

    @property
    def given(self) -> frozenset[str]:
        return frozenset(self.model_fields_set)

    def raw(self) -> dict[str, Any]:
        """Everything RentProg sent, as it sent it."""
        return self._wire

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """The typed record, with what was sent kept beside it."""
        record = cls.model_validate(data)
        record._wire = dict(data)
        return record


class Car(Record):
    car_name: str | None = None
    code: str | None = None
    number: str | None = None
    vin: str | None = None
    year: int | None = None
    color: str | None = None
    car_class: str | None = None
    transmission: str | None = None
    fuel: str | None = None
    number_seats: int | None = None
    mileage: int | None = None
    state: int | None = None
    clean_state: bool | None = None
    active: bool | None = None
    deposit: Decimal | None = None
    store_place: str | None = None
    company_id: int | None = None


class Booking(Record):
    number: int | None = None
    active: bool | None = None
    state: str | None = None
    in_rent: bool | None = None
    archive: bool | None = None
    technical: bool | None = None
    repair: bool | None = None
    car_id: int | None = None
    client_id: int | None = None
    company_id: int | None = None
    start_date: str | None = None
    end_date: str | None = None
    days: int | None = None
    price: Decimal | None = None
    rental_cost: Decimal | None = None
    total: Decimal | None = None
    deposit: Decimal | None = None
    delivery: Decimal | None = None
    location_start: str | None = None
    location_end: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    responsible_id: int | None = None
    responsible: str | None = None
    start_worker_id: int | None = None
    end_worker_id: int | None = None
    source: str | None = None
    description: str | None = None
    updated_from_api: bool | None = None


class Client(Record):
    name: str | None = None
    lastname: str | None = None
    middlename: str | None = None
    phone: str | None = None
    email: str | None = None
    category: str | None = None
    language: str | None = None


class Receivable(Record):
    """Money a client owes (`debt`) or will pay at pick-up (`due`)."""

    booking_id: int
    kind: str
    amount: Decimal
    currency: str = "GEL"
    since: str | None = None


class HistoryEntry(Record):
    """One change of a booking: who, when, which field, from what to what."""

    created_at: str
    user_name: str | None = None
    field: str | None = None
    old: Any = None
    new: Any = None
    description: str | None = None


class Payment(Record):
    booking_id: int | None = None
    sum: Decimal
    currency: str = "GEL"
    group: str | None = None
    payment_type: str | None = None
    created_at: str | None = None


class Quote(BaseModel):
    """A car that RentProg offers for a period, with its price a day."""

    model_config = ConfigDict(extra="allow")

    car_id: int
    code: str | None = None
    price: Decimal | None = None
    currency: str = "GEL"


class Operation(BaseModel):
    """The state of one write over MCP. `preview` holds the changes as [old, new] by RentProg's field names."""

    model_config = ConfigDict(extra="allow")

    operation_id: str
    status: str
    preview_token: str | None = None
    preview: dict[str, Any] = Field(default_factory=dict)
    result: dict[str, Any] = Field(default_factory=dict)
    message: str | None = None

    @property
    def changes(self) -> dict[str, Any]:
        return cast(dict[str, Any], self.preview.get("changes") or {})


R = TypeVar("R", bound=BaseModel)


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
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ContractBroken(SYSTEM, f"{kind.__name__}.{place}: {first['msg']}") from None


def unwrap(body: object, name: str) -> list[dict[str, Any]]:
    """The records of any list envelope that was seen: bare, `data`, by model name, JSON:API items.

    Raises:
        ContractBroken: an unknown shape; an empty result is never guessed.
    """
    while isinstance(body, Mapping):
        box = cast(Mapping[str, Any], body)
        inner = next((box[key] for key in (name, "data", "items", "results") if key in box), None)
        if inner is None:
            raise ContractBroken(SYSTEM, f"a list of {name} in an unknown envelope: {sorted(box)[:5]}")
        body = inner
    if not isinstance(body, list):
        raise ContractBroken(SYSTEM, f"no list of {name} in the answer")
    rows: list[dict[str, Any]] = []
    for item in cast(list[Any], body):
        if not isinstance(item, Mapping):
            raise ContractBroken(SYSTEM, f"a {name} item that is no object")
        row = dict(cast(Mapping[str, Any], item))
        attributes = row.get("attributes")
        if isinstance(attributes, Mapping):
            row = {"id": row.get("id"), **cast(Mapping[str, Any], attributes)}
        rows.append(row)
    return rows
