"""RentProg's part of a world file: cars and bookings."""

from __future__ import annotations

from pydantic import Field

from jarvis.kit.world import Moment, World, WorldIdentity, WorldRow, same_id_twice


class WorldCar(WorldRow):
    id: int
    branch: str
    name: str
    code: str
    plate: str
    year: int = 2020
    color: str = "белый"
    car_class: str = "Средний"
    transmission: str = "Автомат"
    fuel: str = "Бензин"
    seats: int = 5
    mileage: int = 50_000
    state: int | None = 1
    clean: bool = True
    active: bool = True
    deposit: int = 300
    price: int = 100


class WorldBooking(WorldRow):
    """`start`, `end`: `+1d 10:00` counts days from today in Tbilisi; `2026-03-12 10:00` is
    absolute."""

    id: int
    number: int
    branch: str
    car: int
    client: int
    start: Moment
    end: Moment
    state: str = "Новая"
    in_rent: bool = False
    technical: bool = False
    repair: bool = False
    price: int = 100
    place_start: str = "Офис"
    place_end: str = "Офис"
    responsible: int | None = None
    debt: int = 0
    due: int = 0
    deposit: int = 300
    description: str | None = None


class RentProgWorld(World):
    """A world with RentProg's records."""

    cars: list[WorldCar] = Field(default_factory=list[WorldCar])
    bookings: list[WorldBooking] = Field(default_factory=list[WorldBooking])

    def identities(self) -> list[WorldIdentity]:
        return super().identities() + [
            WorldIdentity(person=p.name, system="rentprog", key=str(p.rentprog_id))
            for p in self.staff
            if p.rentprog_id is not None
        ]

    def problems(self) -> list[str]:
        codes = {b.code for b in self.branches}
        cars, clients = {c.id for c in self.cars}, {c.id for c in self.clients}
        found = super().problems()
        found += [
            f"cars: {c.code}: no branch {c.branch}" for c in self.cars if c.branch not in codes
        ]
        found += [
            f"bookings: {b.number}: its car, client or branch does not exist"
            for b in self.bookings
            if b.car not in cars or b.client not in clients or b.branch not in codes
        ]
        found += same_id_twice("cars", [c.id for c in self.cars])
        return found + same_id_twice("bookings", [b.id for b in self.bookings])
