"""What the public API gives to read: records by number, lists by pages, searches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, cast

from litestar import Response

from jarvis.integrations.rentprog.sandbox.data import Data, Fields, is_open

Envelope = Literal["bare", "data", "jsonapi"]


def public(record: Fields | Any) -> Any:
    """What everybody may see of a record; rubbish that a test put in its place goes out as it
    is."""
    if not isinstance(record, dict):
        return record
    return {k: v for k, v in cast(Fields, record).items() if not k.startswith("_")}


def answer(content: object) -> Response[Any]:
    """Any JSON that a vendor can send, half surrogate pairs and NaN too."""
    return Response(json.dumps(content).encode(), media_type="application/json")


class PublicReads:
    """The reads of one company; `envelope` is what lists come in."""

    def __init__(self, data: Data, company: int, envelope: Envelope) -> None:
        self._data = data
        self._company = company
        self._envelope: Envelope = envelope

    def answer(self, path: str, query: Mapping[str, str]) -> Response[Any]:
        """What a GET of this path gets."""
        data, company = self._data, self._company
        cars = {k: c for k, c in data.cars.items() if c["company_id"] == company}
        bookings = {
            k: b
            for k, b in data.bookings.items()
            if b["company_id"] == company and not b["archive"]
        }
        page = int(query.get("page", 1))
        noun, _, tail = path.partition("/")
        if noun in ("cars", "car") and tail:
            return self._one(cars, tail)
        if noun in ("bookings", "booking") and tail:
            return self._one(bookings, tail)
        if noun in ("clients", "client") and tail:
            return self._one(data.clients, tail)
        if path in ("all_cars_full", "all_cars", "cars"):
            return self._list("cars", list(cars.values()), page, 25)
        if path == "all_bookings":
            return self._list("bookings", list(bookings.values()), page, 10)
        if path in ("active_bookings", "unactive_bookings"):
            wanted = path == "active_bookings"
            rows = [b for b in bookings.values() if is_open(b) is wanted]
            return self._list("bookings", rows, page, 10)
        if path in ("all_clients", "clients"):
            return self._list("clients", list(data.clients.values()), page, 25)
        if path == "car_data_with_bookings":
            return self._car_with_bookings(cars, bookings, query)
        if path in ("search_bookings", "search_cars", "search_clients"):
            return self._search(
                path,
                {"search_cars": cars, "search_bookings": bookings}.get(path, data.clients),
                query,
            )
        return Response({"error": "not found"}, status_code=404)

    def _car_with_bookings(
        self, cars: Mapping[int, Fields], bookings: Mapping[int, Fields], query: Mapping[str, str]
    ) -> Response[Any]:
        car = cars.get(int(query.get("car_id", 0)))
        if car is None:
            return Response({"error": "not found"}, status_code=404)
        mine = [public(b) for b in bookings.values() if b["car_id"] == car["id"] and is_open(b)]
        return answer(
            {
                **public(car),
                "active_bookings": mine,
                "prices": [],
                "seasons": [],
                "price_periods": [],
            }
        )

    def _search(
        self, path: str, table: Mapping[int, Fields], query: Mapping[str, str]
    ) -> Response[Any]:
        text = query.get("query", "").lower()
        if len(text) < 3:
            return Response({"error": "query is too short"}, status_code=422)
        rows = [r for r in table.values() if any(text in str(v).lower() for v in r.values())]
        return self._list(path.removeprefix("search_"), rows, int(query.get("page", 1)), 25)

    def _one(self, table: Mapping[int, Fields], tail: str) -> Response[Any]:
        record = table.get(int(tail)) if tail.isdigit() else None
        return (
            Response({"error": "not found"}, status_code=404)
            if record is None
            else answer(public(record))
        )

    def _list(self, name: str, rows: list[Fields], page: int, size: int) -> Response[Any]:
        chosen = [public(row) for row in rows[(page - 1) * size : page * size]]
        if self._envelope == "data":
            return answer({"data": chosen})
        if self._envelope == "jsonapi":
            items = [{"id": str(r["id"]), "type": name[:-1], "attributes": r} for r in chosen]
            return answer({name: {"data": items}})
        return answer(chosen)
