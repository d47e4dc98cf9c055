"""The sandbox world: who works, which cars, clients and bookings exist when a demo or a test begins
(docs/world.md)."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from jarvis.kit.actor import Language, Role
from jarvis.kit.clock import TBILISI, at_local, local_date
from jarvis.kit.errors import InvalidRequest

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster, where libyaml is there
_RELATIVE = re.compile(r"^(?P<sign>[+-])(?P<days>\d+)d (?P<hour>\d{1,2}):(?P<minute>\d{2})$")

Moment = Annotated[str, StringConstraints(pattern=r"^([+-]\d+d|\d{4}-\d{2}-\d{2}) \d{1,2}:\d{2}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WorldBranch(_Part):
    code: str
    ru: str
    en: str
    ka: str
    company_id: int
    rents: bool = True


class WorldPerson(_Part):
    """`telegram_id` absent: no Telegram; `dismissed`: left the company, still has Telegram."""

    name: str
    role: Role | Literal["stranger"]
    branch: str | None = None
    all_branches: bool = False
    department: str | None = None
    manager: str | None = None
    language: Language = "ru"
    telegram_id: int | None = None
    rentprog_id: int | None = None
    dismissed: bool = False


class WorldCar(_Part):
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


class WorldClient(_Part):
    id: int
    name: str
    lastname: str
    phone: str | None = None
    email: str | None = None
    category: str = "Новый"


class WorldBooking(_Part):
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


class WorldGroup(_Part):
    title: str
    members: list[str]


FIRST_GROUP, FIRST_FORUM = 5001, 6001  # how a world's groups and forums are numbered in Telegram


def group_id(number: int) -> int:
    """A supergroup's id as clients show it: marked by -100 in front."""
    return -(10**12 + number)


class WorldForum(_Part):
    """A group of the company with the bot in it: the forum of a branch, or (`purpose`) the archive,
    the main chat of cars, a service chat, the clients or the tasks of an `employee`; `topics` were
    made before. People may not write in the archive."""

    title: str
    branch: str | None = None
    employee: str | None = None
    purpose: Literal[
        "branch_forum", "archive", "hq", "leaders", "sales", "marketing", "personal", "tasks"
    ] = "branch_forum"
    members: list[str]
    topics: list[str] = []

    @property
    def topical(self) -> bool:
        """Service chats have no topics."""
        return self.purpose not in ("leaders", "sales", "marketing")


class World(_Part):
    """Everything the sandboxes load and Jarvis's own staff list begins with."""

    name: str
    branches: list[WorldBranch] = Field(min_length=1)
    staff: list[WorldPerson]
    cars: list[WorldCar] = []
    clients: list[WorldClient] = []
    bookings: list[WorldBooking] = []
    groups: list[WorldGroup] = []
    forums: list[WorldForum] = []

    def company(self, branch: str) -> int:
        """RentProg's company id of a branch code."""
        return next(b.company_id for b in self.branches if b.code == branch)


def resolve(moment: str, now: datetime) -> datetime:
    """Aware UTC of a world's moment; relative ones count from the Tbilisi day of `now`."""
    match = _RELATIVE.match(moment)
    if match is None:
        return datetime.strptime(moment, "%Y-%m-%d %H:%M").replace(tzinfo=TBILISI)
    days = int(match["days"]) * (1 if match["sign"] == "+" else -1)
    return at_local(
        local_date(now) + timedelta(days=days), time(int(match["hour"]), int(match["minute"]))
    )


def load_world(path: Path | None = None) -> World:
    """Read a world file, or the built-in one.

    Raises:
        InvalidRequest: names the file, the place in it and what is wrong.
    """
    if path is None:
        return _built_in()
    try:
        return _read(path.read_text(encoding="utf-8"), path.name)
    except OSError as error:
        raise InvalidRequest(f"{path}: {error.strerror}") from None


@cache
def _built_in() -> World:
    return _read(
        files("jarvis.kit").joinpath("worlds/geodrive.yaml").read_text(encoding="utf-8"),
        "built-in world",
    )


def _read(text: str, name: str) -> World:
    try:
        world = World.model_validate(yaml.load(text, _LOADER))  # both are safe loaders
    except yaml.YAMLError as error:
        raise InvalidRequest(f"{name}: not YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidRequest(
            f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        ) from None
    _check(world, name)
    return world


def _check(world: World, name: str) -> None:
    codes = {b.code for b in world.branches}
    cars, clients = {c.id for c in world.cars}, {c.id for c in world.clients}
    people = {p.name for p in world.staff}
    problems = [
        f"cars: {c.code}: no branch {c.branch}" for c in world.cars if c.branch not in codes
    ]
    problems += [
        f"staff: {p.name}: no branch {p.branch}"
        for p in world.staff
        if p.branch and p.branch not in codes
    ]
    problems += [
        f"staff: {p.name}: no manager {p.manager}"
        for p in world.staff
        if p.manager not in {None, *people}
    ]
    problems += [
        f"forums: {f.title}: no employee {f.employee}"
        for f in world.forums
        if f.employee not in {None, *people}
    ]
    for booking in world.bookings:
        if booking.car not in cars or booking.client not in clients or booking.branch not in codes:
            problems.append(f"bookings: {booking.number}: its car, client or branch does not exist")
    for label, ids in (
        ("cars", [c.id for c in world.cars]),
        ("clients", [c.id for c in world.clients]),
        ("bookings", [b.id for b in world.bookings]),
    ):
        if len(ids) != len(set(ids)):
            problems.append(f"{label}: the same id twice")
    if problems:
        raise InvalidRequest(f"{name}: " + "; ".join(problems[:5]))
