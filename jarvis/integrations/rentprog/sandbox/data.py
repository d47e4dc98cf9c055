"""RentProg's records inside the sandbox, in wire form, and the changes that a person can make to
them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jarvis.integrations.rentprog.models import parse_moment, show_moment
from jarvis.integrations.rentprog.sandbox.world import RentProgWorld
from jarvis.kit.clock import TBILISI
from jarvis.kit.errors import InvalidRequest
from jarvis.kit.sandbox_manifest import Title
from jarvis.kit.world import World, resolve

Fields = dict[str, Any]


@dataclass(slots=True)
class Data:
    """Cars, bookings and clients by id, the company of each branch, money owed and the action
    log."""

    companies: dict[str, int] = field(default_factory=dict[str, int])
    branch_names: dict[int, Title] = field(default_factory=dict[int, Title])
    cars: dict[int, Fields] = field(default_factory=dict[int, Fields])
    clients: dict[int, Fields] = field(default_factory=dict[int, Fields])
    bookings: dict[int, Fields] = field(default_factory=dict[int, Fields])
    owed: dict[int, list[Fields]] = field(default_factory=dict[int, list[Fields]])
    workers: dict[int, str] = field(default_factory=dict[int, str])
    log: list[Fields] = field(default_factory=list[Fields])

    def next_id(self, table: Mapping[int, Fields]) -> int:
        return max(table, default=80_000) + 1

    def note(
        self, now: datetime, user: str, kind: str, entity: int, name: str, old: Any, new: Any
    ) -> None:
        """One line of the action log."""
        self.log.append(
            {
                "id": len(self.log) + 1,
                "created_at": now.astimezone(TBILISI).isoformat(),
                "user_name": user,
                "entity_type": kind,
                "entity_id": entity,
                "field": name,
                "old": old,
                "new": new,
                "description": f"Параметр: {name}, было: {old}, стало: {new}",
            }
        )


def from_world(world: World, now: datetime) -> Data:
    """The records of a world around `now`."""
    held = world.part(RentProgWorld)
    data = Data(companies={b.code: b.company_id for b in world.branches})
    data.branch_names = {b.company_id: Title(b.ru, b.en, b.ka) for b in world.branches}
    data.workers = {p.rentprog_id: p.name for p in world.staff if p.rentprog_id is not None}
    for car in held.cars:
        data.cars[car.id] = {
            "id": car.id,
            "car_name": car.name,
            "code": car.code,
            "number": car.plate,
            "vin": f"TESTVIN{car.id:010d}",
            "year": car.year,
            "color": car.color,
            "transmission": car.transmission,
            "fuel": car.fuel,
            "car_class": car.car_class,
            "number_seats": car.seats,
            "engine_capacity": "1.5",
            "tank_value": 60,
            "mileage": car.mileage,
            "clean_state": car.clean,
            "tire_type": 1,
            "active": car.active,
            "state": car.state,
            "deposit": car.deposit,
            "price_hour": 0,
            "store_place": "office",
            "investor_id": None,
            "franchise": "null",
            "company_id": data.companies[car.branch],
            "description": None,
            "_price": car.price,
        }
    for client in world.clients:
        data.clients[client.id] = {
            "id": client.id,
            "name": client.name,
            "lastname": client.lastname,
            "middlename": None,
            "phone": client.phone,
            "email": client.email,
            "category": client.category,
            "passport_number": "null",
            "created_at": (now - timedelta(days=200)).astimezone(TBILISI).isoformat(),
        }
    for booking in held.bookings:
        start, end = resolve(booking.start, now), resolve(booking.end, now)
        fields = new_booking(
            data,
            now,
            booking.id,
            booking.number,
            booking.branch,
            booking.car,
            booking.client,
            start,
            end,
            booking.price,
        )
        fields |= {
            "state": booking.state,
            "in_rent": booking.in_rent,
            "technical": booking.technical,
            "repair": booking.repair,
            "location_start": booking.place_start,
            "location_end": booking.place_end,
            "deposit": booking.deposit,
            "description": booking.description,
            "responsible_id": booking.responsible,
            "responsible": data.workers.get(booking.responsible or 0),
            "start_worker_id": booking.responsible if booking.in_rent else None,
        }
        data.bookings[booking.id] = fields
        owed = [
            {"kind": kind, "amount": amount, "since": show_moment(end if kind == "debt" else start)}
            for kind, amount in (("debt", booking.debt), ("due", booking.due))
            if amount
        ]
        if owed:
            data.owed[booking.id] = owed
        data.note(
            start - timedelta(days=3),
            fields["responsible"] or "Оператор",
            "booking",
            booking.id,
            "created",
            None,
            booking.state,
        )
    return data


def new_booking(
    data: Data,
    now: datetime,
    booking_id: int,
    number: int,
    branch: str,
    car_id: int,
    client_id: int,
    start: datetime,
    end: datetime,
    price: int,
) -> Fields:
    """A booking record with the sums that follow from its days."""
    car, client = data.cars[car_id], data.clients[client_id]
    days = max(1, -((start - end) // timedelta(days=1)))
    return {
        "id": booking_id,
        "number": number,
        "created_at": now.astimezone(TBILISI).isoformat(),
        "active": True,
        "state": "Новая",
        "in_rent": False,
        "archive": False,
        "technical": False,
        "repair": False,
        "car_id": car_id,
        "car_name": car["car_name"],
        "car_code": car["code"],
        "company_id": data.companies[branch],
        "start_date": loose(start),
        "end_date": loose(end),
        "days": days,
        "additional_hours": 0,
        "price": price,
        "rental_cost": price * days,
        "total": float(price * days),
        "deposit": car["deposit"],
        "delivery": 0,
        "client_id": client_id,
        "first_name": client["name"],
        "last_name": client["lastname"],
        "client_category": client["category"],
        "location_start": "Офис",
        "location_end": "Офис",
        "responsible_id": None,
        "responsible": None,
        "start_worker_id": None,
        "end_worker_id": None,
        "source": "Сотрудник",
        "payments_type": "full",
        "description": "",
    }


def is_open(booking: Fields) -> bool:
    """Whether a booking is neither finished nor cancelled."""
    return bool(booking["active"]) and booking["state"] not in ("Отъездила", "Завершена", "Отмена")


def loose(moment: datetime) -> str:
    """RentProg's own spelling: the hour has no leading zero."""
    wall = moment.astimezone(TBILISI)
    return f"{wall:%d-%m-%Y} {wall.hour}:{wall:%M}"


def shift(text: str, days: int) -> str:
    """A booking date moved by whole days."""
    return loose(parse_moment(text) + timedelta(days=days))


def pick(table: Mapping[int, Fields], args: Mapping[str, Any], name: str) -> Fields:
    """The record that an argument names by id, plate, code or number.

    Raises:
        InvalidRequest: nothing by that name.
    """
    value = str(args.get(name, "")).strip()
    for key, record in table.items():
        if value in (str(key), str(record.get("number")), str(record.get("code"))):
            return record
    raise InvalidRequest(f"no {name} {value!r}")
