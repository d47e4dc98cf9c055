"""RentProg's records as a person looks at them."""

from __future__ import annotations

from collections.abc import Sequence

from jarvis.integrations.rentprog.sandbox.data import Data
from jarvis.integrations.rentprog.sandbox.words import COLUMNS, STATES, TABLES
from jarvis.kit.sandbox_manifest import Label, Table


def tables(data: Data) -> Sequence[Table]:
    """Cars, bookings (the newest first) and clients."""
    cars: list[list[Label]] = [
        [
            car["code"],
            car["number"],
            data.branch_names[car["company_id"]],
            "" if car["state"] is None else STATES.get(str(car["state"]), str(car["state"])),
            str(car["mileage"]),
        ]
        for car in data.cars.values()
    ]
    bookings: list[list[Label]] = [
        [
            f"№{booking['number']}",
            booking["car_code"],
            f"{booking['first_name']} {booking['last_name']}",
            booking["start_date"],
            booking["end_date"],
            booking["state"],
            str(sum(row["amount"] for row in data.owed.get(key, ())) or ""),
            booking["responsible"] or "",
        ]
        for key, booking in sorted(data.bookings.items(), reverse=True)
    ]
    clients: list[list[Label]] = [
        [f"{c['name']} {c['lastname']}", c["phone"] or "", c["category"]]
        for c in data.clients.values()
    ]
    return (
        _table("cars", "car plate branch state mileage", cars),
        _table("bookings", "number car client start end state debt responsible", bookings),
        _table("clients", "name phone category", clients),
    )


def _table(name: str, columns: str, rows: Sequence[Sequence[Label]]) -> Table:
    return Table(
        name=name, title=TABLES[name], columns=[COLUMNS[c] for c in columns.split()], rows=rows
    )
