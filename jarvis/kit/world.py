"""The sandbox world: the company's branches, people and clients at the start of a demo or test
(docs/world.md). A vendor's own data is a subclass in its sandbox."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import cache
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    create_model,
)

from jarvis.kit.actor import Language, Role
from jarvis.kit.clock import TBILISI, at_local, local_date
from jarvis.kit.errors import InvalidRequest

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster, where libyaml is there
_RELATIVE = re.compile(r"^(?P<sign>[+-])(?P<days>\d+)d (?P<hour>\d{1,2}):(?P<minute>\d{2})$")

Moment = Annotated[str, StringConstraints(pattern=r"^([+-]\d+d|\d{4}-\d{2}-\d{2}) \d{1,2}:\d{2}$")]
WorldT = TypeVar("WorldT", bound="World")


class WorldRow(BaseModel):
    """One row of a world file: no unknown fields, never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WorldBranch(WorldRow):
    code: str
    ru: str
    en: str
    ka: str
    company_id: int
    rents: bool = True


class WorldPerson(WorldRow):
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


class WorldClient(WorldRow):
    id: int
    name: str
    lastname: str
    phone: str | None = None
    email: str | None = None
    category: str = "Новый"


class WorldIdentity(WorldRow):
    """The identity of a person of the world in one outside system."""

    person: str
    system: str
    key: str


class WorldChat(WorldRow):
    """A chat that Jarvis knows from the start: its id in the outside system, its purpose, and the
    titles of existing topics, in their order."""

    chat_id: int
    title: str
    purpose: str
    branch: str | None = None
    employee: str | None = None
    topics: dict[int, str] = {}


class World(WorldRow):
    """The part of a world that belongs to no vendor. A vendor's part adds its keys to the file: a
    subclass with fields that have defaults, so that a world without them is still a world."""

    name: str
    branches: list[WorldBranch] = Field(min_length=1)
    staff: list[WorldPerson]
    clients: list[WorldClient] = []

    def part(self, kind: type[WorldT]) -> WorldT:
        """This world as one vendor's sandbox sees it.

        Raises:
            InvalidRequest: the world was read without that vendor.
        """
        if not isinstance(self, kind):
            raise InvalidRequest(f"this world has no {kind.__name__}")
        return self

    def identities(self) -> list[WorldIdentity]:
        """Who people are in outside systems; a part adds those of its vendor to
        `super().identities()`."""
        return []

    def chats(self) -> list[WorldChat]:
        """Chats that have a purpose already; a part adds its own to `super().chats()`."""
        return []

    def problems(self) -> list[str]:
        """Inconsistencies of the world; a part adds its own to `super().problems()`."""
        codes, people = {b.code for b in self.branches}, {p.name for p in self.staff}
        found = [
            f"staff: {p.name}: no branch {p.branch}"
            for p in self.staff
            if p.branch and p.branch not in codes
        ]
        found += [
            f"staff: {p.name}: no manager {p.manager}"
            for p in self.staff
            if p.manager not in {None, *people}
        ]
        return found + same_id_twice("clients", [c.id for c in self.clients])


def same_id_twice(label: str, ids: Sequence[int]) -> list[str]:
    """The problem of rows that share an id; none when each has its own."""
    return [f"{label}: the same id twice"] if len(ids) != len(set(ids)) else []


def resolve(moment: str, now: datetime) -> datetime:
    """Aware UTC of a world's moment; relative ones count from the Tbilisi day of `now`."""
    match = _RELATIVE.match(moment)
    if match is None:
        return datetime.strptime(moment, "%Y-%m-%d %H:%M").replace(tzinfo=TBILISI)
    days = int(match["days"]) * (1 if match["sign"] == "+" else -1)
    return at_local(
        local_date(now) + timedelta(days=days), time(int(match["hour"]), int(match["minute"]))
    )


@cache
def joined(parts: tuple[type[World], ...]) -> type[World]:
    """The model of a whole world file: the base and the keys of every part.

    Raises:
        ValueError: two parts want the same key.
    """
    owners: dict[str, type[World]] = {}
    for part in parts:
        for key in part.model_fields.keys() - World.model_fields.keys():
            if key in owners:
                raise ValueError(f"{part.__name__} and {owners[key].__name__} both hold {key!r}")
            owners[key] = part
    return create_model("World", __base__=parts) if parts else World


def read_world(text: str, name: str, kind: type[WorldT]) -> WorldT:
    """A world from YAML.

    Args:
        text: The file.
        name: How the file is called in errors.
        kind: The model of the whole file, as `joined` makes it.

    Raises:
        InvalidRequest: names the file, the place in it and what is wrong.
    """
    try:
        world = kind.model_validate(yaml.load(text, _LOADER))  # both are safe loaders
    except yaml.YAMLError as error:
        raise InvalidRequest(f"{name}: not YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        raise InvalidRequest(
            f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        ) from None
    if problems := world.problems():
        raise InvalidRequest(f"{name}: " + "; ".join(problems[:5]))
    return world
