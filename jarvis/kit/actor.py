"""Who is asking: role, branches, language. Rights are decided in `tools/policy.py`, from these."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

Language = Literal["ru", "en", "ka"]
LANGUAGES: tuple[Language, ...] = ("ru", "en", "ka")


class Role(StrEnum):
    """Roles of the company (domain: people, roles, escalation)."""

    EMPLOYEE = "employee"
    BRANCH_HEAD = "branch_head"
    DEPARTMENT_HEAD = "department_head"
    DIRECTOR = "director"
    SALES = "sales"
    MARKETING = "marketing"
    ACCOUNTANT = "accountant"
    MECHANIC = "mechanic"
    ADMIN = "admin"
    PROMPT_ENGINEER = "prompt_engineer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """One employee, as read from the staff record at the start of a run.

    `branches` are the codes this person may look into; empty means all of them.
    """

    employee_id: UUID
    name: str
    role: Role
    branches: frozenset[str]
    home_branch: str | None
    language: Language

    def may_see(self, branch: str | None) -> bool:
        """Whether the branch lies in this person's scope."""
        return not self.branches or branch is None or branch in self.branches
