"""Who is asking: role, branches, language. A tool's decorator says which roles may use it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

Language = Literal["ru", "en", "ka"]
LANGUAGES: tuple[Language, ...] = ("ru", "en", "ka")


class Role(StrEnum):
    """What somebody does in the company: `employee` works in a branch, `branch_head` leads one,
    `department_head` leads a department, `director` the company; `sales`, `marketing` and
    `accountant` belong to their departments; `mechanic` repairs cars, `admin` looks after Jarvis
    and its rights, `prompt_engineer` after its models."""

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
    """One employee, as read from the staff record at the start of a run. `branches` are the codes
    of branches that this person may see; empty means all.
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
