"""Facts that any feature may show (help, choices, what is missing, refused or switched off), and
the facts of one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from jarvis.engine.freshness import Freshness
from jarvis.engine.switches import Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a tool found: typed, with source and age. Code renders it; a model only refers to its
    id.

    `blocks_card`: it must be resolved before a card is shown for the writes that the run planned.
    """

    blocks_card: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpFact(Fact):
    """What Jarvis can do for this person: example requests, by language."""

    examples: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One candidate: what distinguishes it (a plate, a masked phone, a branch's code, a car's
    state), and the request that choosing it sends."""

    label: str
    request: str
    plate: str = ""
    phone: str = ""
    branch: str | None = None
    state: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceFact(Fact):
    """Several records match what was said; a person chooses. `kind`: car, client, booking,
    employee."""

    blocks_card: ClassVar[bool] = True

    kind: str
    said: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFact(Fact):
    """Nothing of that name is in our copy, which is as old as `fresh` says. `near` differ by one
    character, or are in another branch."""

    blocks_card: ClassVar[bool] = True

    kind: str
    said: str
    fresh: Freshness
    near: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalFact(Fact):
    """This person may not: the tool, or the branch that is outside their scope, and whom to ask."""

    blocks_card: ClassVar[bool] = True

    tool: str
    branch: str | None
    ask: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFact(Fact):
    """A change that is impossible: the tool, the reason as a key of the catalogue, and the values
    of its sentence."""

    blocks_card: ClassVar[bool] = True

    tool: str
    reason: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchedOffFact(Fact):
    """An administrator has switched this off, or to read-only."""

    blocks_card: ClassVar[bool] = True

    tool: str
    switch: Switch


@dataclass(slots=True)
class FactBook:
    """Facts of one run by id: f1, f2, …"""

    facts: dict[str, Fact] = field(default_factory=dict[str, Fact])

    def add(self, fact: Fact) -> str:
        """Add a fact; returns its id."""
        key = f"f{len(self.facts) + 1}"
        self.facts[key] = fact
        return key
