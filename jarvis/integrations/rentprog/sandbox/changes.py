"""What a person can do in RentProg's own pages; each change is followed by RentProg's webhook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from jarvis.integrations.rentprog.models import parse_moment
from jarvis.integrations.rentprog.sandbox.data import Data, Fields, loose, new_booking, pick, shift
from jarvis.kit.errors import InvalidRequest
from jarvis.kit.sandbox import Change, ChangeField

STATES = {
    "1": "можно выдавать",
    "2": "в ремонте",
    "3": "критическое",
    "4": "долгосрочная аренда",
    "5": "не выдавать",
    "6": "нужно обслуживание",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook to send: event, branch whose URL gets it, payload."""

    event: str
    company_id: int
    payload: Mapping[str, Any]


def offered(data: Data) -> list[Change]:
    """The changes with human names for their arguments."""
    cars = {
        str(k): f"{c['code']} · {data.branch_names[c['company_id']]}" for k, c in data.cars.items()
    }
    live = {
        str(k): f"№{b['number']} · {b['car_code']}"
        for k, b in data.bookings.items()
        if b["active"] and b["state"] not in ("Отъездила", "Завершена", "Отмена")
    }
    clients = {str(k): f"{c['name']} {c['lastname']}" for k, c in data.clients.items()}
    branches = {code: data.branch_names[company] for code, company in data.companies.items()}
    worker = ChangeField(
        name="responsible",
        title="Ответственный",
        choices={str(k): name for k, name in data.workers.items()},
    )
    car, booking = (
        ChangeField(name="car", title="Авто", choices=cars),
        ChangeField(name="booking", title="Бронь", choices=live),
    )
    return [
        Change(
            name="move_car",
            title="Авто переехало в другой филиал",
            fields=(car, ChangeField(name="branch", title="Куда", choices=branches)),
        ),
        Change(
            name="set_car_state",
            title="Сменилось состояние авто",
            fields=(car, ChangeField(name="state", title="Состояние", choices=STATES)),
        ),
        Change(
            name="set_mileage",
            title="Изменился пробег",
            fields=(car, ChangeField(name="mileage", title="Пробег, км")),
        ),
        Change(
            name="extend_booking",
            title="Бронь продлили",
            fields=(booking, ChangeField(name="days", title="На сколько суток", default="1")),
        ),
        Change(
            name="change_booking",
            title="Бронь изменили (любое поле)",
            fields=(
                booking,
                ChangeField(name="field", title="Поле", default="location_end"),
                ChangeField(name="value", title="Значение", default="Аэропорт"),
            ),
        ),
        Change(
            name="create_booking",
            title="Новая бронь",
            fields=(
                car,
                ChangeField(name="client", title="Клиент", choices=clients),
                worker,
                ChangeField(name="start", title="Через сколько суток", default="1"),
                ChangeField(name="days", title="На сколько суток", default="2"),
            ),
        ),
        Change(name="swap_car", title="На бронь поставили другое авто", fields=(booking, car)),
        Change(
            name="give_booking", title="У брони сменился ответственный", fields=(booking, worker)
        ),
        Change(name="issue_booking", title="Машину выдали", fields=(booking,)),
        Change(name="return_booking", title="Машину вернули", fields=(booking,)),
        Change(name="cancel_booking", title="Бронь отменили", fields=(booking,)),
        Change(
            name="rename_client",
            title="Клиента переименовали",
            fields=(
                ChangeField(name="client", title="Клиент", choices=clients),
                ChangeField(name="name", title="Имя"),
                ChangeField(name="lastname", title="Фамилия"),
            ),
        ),
        Change(name="pay_debt", title="Долг оплачен (вебхука нет)", fields=(booking,)),
    ]


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
        except (TypeError, ValueError) as error:
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
            if value in (code, str(company), self.data.branch_names[company].lower()):
                return company
        raise InvalidRequest(f"no branch {value!r}")
