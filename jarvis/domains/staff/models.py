"""Employees and branches as the rest of the product reads them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jarvis.kit.actor import Language, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch with its names."""

    id: UUID
    code: str
    names: dict[str, str]
    rents: bool

    def name(self, language: str) -> str:
        return self.names.get(language, self.names["ru"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """An opened invitation that waits for an administrator's decision."""

    invite_id: UUID
    employee_id: UUID
    employee_name: str
    telegram_id: str
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """An employee whom Jarvis can write to in private. `digest_hour` is local time; `muted` holds
    back notices that are not urgent."""

    employee_id: UUID
    telegram_id: int
    language: Language
    digest_hour: int | None
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An employee, also after they left. `branches` are those that they belong to; `everywhere`
    means that they may see all."""

    employee_id: UUID
    name: str
    role: Role
    branches: frozenset[str]
    everywhere: bool
    telegram_id: int | None
    dismissed: bool
