"""What a person can do in RentProg's own pages; each change is followed by RentProg's webhook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from jarvis.integrations.rentprog.models import parse_moment
from jarvis.integrations.rentprog.sandbox.data import (
    Data,
    Fields,
    is_open,
    loose,
    new_booking,
    pick,
    shift,
)
from jarvis.integrations.rentprog.sandbox.words import CHANGES, FIELDS, STATES
from jarvis.kit.errors import ContractBroken, InvalidRequest
from jarvis.kit.sandbox_manifest import Change, ChangeField, Label, Title


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook to send: event, branch whose URL gets it, payload."""

    event: str
    company_id: int
    payload: Mapping[str, Any]


def offered(data: Data) -> list[Change]:
    """The changes with human names for their arguments."""
    cars = {str(k): _where(c, data) for k, c in data.cars.items()}
    live = {
        str(k): f"№{b['number']} · {b['car_code']}" for k, b in data.bookings.items() if is_open(b)
    }
    clients = {str(k): f"{c['name']} {c['lastname']}" for k, c in data.clients.items()}
    branches = {code: data.branch_names[company] for code, company in data.companies.items()}
    car, booking = _field("car", choices=cars), _field("booking", choices=live)
    client = _field("client", choices=clients)
    worker = _field("responsible", choices={str(k): name for k, name in data.workers.items()})
    return [
        _change("move_car", car, _field("branch", choices=branches)),
        _change("set_car_state", car, _field("state", choices=STATES)),
        _change("set_mileage", car, _field("mileage")),
        _change("extend_booking", booking, _field("days", "1")),
        _change(
            "change_booking", booking, _field("field", "location_end"), _field("value", "Аэропорт")
        ),
        _change("create_booking", car, client, worker, _field("start", "1"), _field("days", "2")),
        _change("swap_car", booking, car),
        _change("give_booking", booking, worker),
        _change("issue_booking", booking),
        _change("return_booking", booking),
        _change("cancel_booking", booking),
        _change("rename_client", client, _field("name"), _field("lastname")),
        _change("pay_debt", booking),
    ]


def _change(name: str, *fields: ChangeField) -> Change:
    return Change(name=name, title=CHANGES[name], fields=fields)


def _field(
    name: str, default: str = "", *, choices: Mapping[str, Label] | None = None
) -> ChangeField:
    return ChangeField(name=name, title=FIELDS[name], default=default, choices=choices)


def _where(car: Fields, data: Data) -> Title:
    code, branch = car["code"], data.branch_names[car["company_id"]]
    return Title(f"{code} · {branch.ru}", f"{code} · {branch.en}", f"{code} · {branch.ka}")


class Changes:
    """Applies changes to the data and says which webhooks follow."""

    def __init__(self, data: Data, user: str = "Оператор", *, from_api: bool = False) -> None:
        self.data = data
        self.user = user
        self.from_api = from_api

    def apply(self, name: str, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        """Make one change.

        Raises:
            InvalidRequest: unknown change or argument.
        """
        method = getattr(self, f"do_{name}", None)
        if method is None:
            raise InvalidRequest(f"RentProg has no change {name!r}")
        try:
            return method(args, now)
        except LookupError as error:
            raise InvalidRequest(f"{name}: {error} is needed") from None
        except (TypeError, ValueError, ArithmeticError, ContractBroken) as error:
            raise InvalidRequest(f"{name}: {error}") from None

    def do_move_car(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        car = pick(self.data.cars, args, "car")
        target = self._company(args)
        if car["company_id"] == target:
            raise InvalidRequest("the car is in that branch already")
        hooks = self.set("car", car, {"company_id": target}, now)
        return (
            [*hooks, Hook(event=hooks[0].event, company_id=target, payload=hooks[0].payload)]
            if args.get("both")
            else hooks
        )

    def do_set_car_state(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        return self.set(
            "car", pick(self.data.cars, args, "car"), {"state": int(args["state"])}, now
        )

    def do_set_mileage(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        return self.set(
            "car", pick(self.data.cars, args, "car"), {"mileage": int(args["mileage"])}, now
        )

    def do_extend_booking(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        booking = pick(self.data.bookings, args, "booking")
        days = int(args.get("days", 1))
        total = booking["days"] + days
        fields = {
            "end_date": shift(booking["end_date"], days),
            "days": total,
            "total": float(booking["price"] * total),
        }
        return self.set("booking", booking, fields | {"rental_cost": booking["price"] * total}, now)

    def do_change_booking(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        booking = pick(self.data.bookings, args, "booking")
        name = str(args["field"])
        if name not in booking or name == "id":
            raise InvalidRequest(f"a booking has no field {name!r}")
        value: Any = args.get("value")
        if (
            isinstance(value, str)
            and isinstance(booking[name], int)
            and value.lstrip("-").isdigit()
        ):
            value = int(value)
        return self.set("booking", booking, {name: value}, now)

    def do_create_booking(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        car, client = pick(self.data.cars, args, "car"), pick(self.data.clients, args, "client")
        start = now + timedelta(days=float(args.get("start", 1)))
        end = start + timedelta(days=float(args.get("days", 2)))
        booking_id = self.data.next_id(self.data.bookings)
        number = (
            max(int(b["number"]) for b in self.data.bookings.values()) + 1
            if self.data.bookings
            else 1
        )
        branch = next(
            code for code, company in self.data.companies.items() if company == car["company_id"]
        )
        booking = new_booking(
            self.data,
            now,
            booking_id,
            number,
            branch,
            car["id"],
            client["id"],
            start,
            end,
            car["_price"],
        )
        if args.get("responsible"):
            booking |= self._responsible(args)
        self.data.bookings[booking_id] = booking
        self.data.note(now, self.user, "booking", booking_id, "created", None, "Новая")
        return [self.created(booking)]

    def created(self, booking: Fields) -> Hook:
        """The webhook of a new booking."""
        return Hook(
            event="booking_create",
            company_id=booking["company_id"],
            payload={**booking, "created_from_api": self.from_api},
        )

    def do_swap_car(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        car = pick(self.data.cars, args, "car")
        fields = {"car_id": car["id"], "car_name": car["car_name"], "car_code": car["code"]}
        return self.set("booking", pick(self.data.bookings, args, "booking"), fields, now)

    def do_give_booking(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        return self.set(
            "booking", pick(self.data.bookings, args, "booking"), self._responsible(args), now
        )

    def _responsible(self, args: Mapping[str, Any]) -> Fields:
        worker = int(args["responsible"])
        if worker not in self.data.workers:
            raise InvalidRequest(f"no worker {worker}")
        return {"responsible_id": worker, "responsible": self.data.workers[worker]}

    def do_issue_booking(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        booking = pick(self.data.bookings, args, "booking")
        return self.set(
            "booking",
            booking,
            {"in_rent": True, "state": "Активная", "start_worker_id": 60004},
            now,
        )

    def do_return_booking(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        booking = pick(self.data.bookings, args, "booking")
        return self.set(
            "booking",
            booking,
            {"in_rent": False, "state": "Отъездила", "end_worker_id": 60004},
            now,
        )

    def do_cancel_booking(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        return self.set(
            "booking", pick(self.data.bookings, args, "booking"), {"state": "Отмена"}, now
        )

    def do_rename_client(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        client = pick(self.data.clients, args, "client")
        return self.set(
            "client", client, {"name": str(args["name"]), "lastname": str(args["lastname"])}, now
        )

    def do_pay_debt(self, args: Mapping[str, Any], now: datetime) -> list[Hook]:
        booking = pick(self.data.bookings, args, "booking")
        self.data.owed.pop(booking["id"], None)
        self.data.note(now, self.user, "booking", booking["id"], "payment", None, "оплата долга")
        return []

    def set(
        self,
        kind: Literal["car", "booking", "client"],
        record: Fields,
        fields: Mapping[str, Any],
        now: datetime,
    ) -> list[Hook]:
        """Lay fields over a record; the webhook holds what differs as [old, new]."""
        pairs: dict[str, Any] = {}
        for name, value in fields.items():
            old = record.get(name)
            if name.endswith("_date") and isinstance(value, str):
                value = loose(parse_moment(value))
            if old != value:
                pairs[name] = [old, value]
                record[name] = value
                self.data.note(now, self.user, kind, record["id"], name, old, value)
        company = record.get("company_id") or min(self.data.companies.values())
        if isinstance(pairs.get("company_id"), list):
            company = pairs["company_id"][0]
        payload = {**pairs, "id": record["id"], "updated_from_api": self.from_api}
        return [Hook(event=f"{kind}_update", company_id=company, payload=payload)]

    def _company(self, args: Mapping[str, Any]) -> int:
        value = str(args.get("branch", "")).strip().lower()
        for code, company in self.data.companies.items():
            if value in (code, str(company), self.data.branch_names[company].ru.lower()):
                return company
        raise InvalidRequest(f"no branch {value!r}")
