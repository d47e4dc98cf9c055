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
    """Somebody pressed an invitation's link and waits for an admin."""

    invite_id: UUID
    employee_id: UUID
    employee_name: str
    telegram_id: str
    language: Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody whom Jarvis may write to in private. `digest_hour` is local; `muted` holds back what
    is not urgent."""

    employee_id: UUID
    telegram_id: int
    language: Language
    digest_hour: int | None
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of the staff list, also after they left. `branches` are those that they belong to;
    `everywhere`: may look into all."""

    employee_id: UUID
    name: str
    role: Role
    branches: frozenset[str]
    everywhere: bool
    telegram_id: int | None
    dismissed: bool
