"""Sets of roles that rights are given to."""

from __future__ import annotations

from jarvis.kit.actor import Role

EVERYBODY = frozenset(Role)
OPERATIONS = frozenset(
    {
        Role.EMPLOYEE,
        Role.BRANCH_HEAD,
        Role.DEPARTMENT_HEAD,
        Role.DIRECTOR,
        Role.SALES,
        Role.ACCOUNTANT,
        Role.ADMIN,
    }
)
BRANCH_STAFF = OPERATIONS | {Role.MECHANIC}  # who sees bookings, fills in check-lists
MONEY = OPERATIONS - {Role.SALES}
ACTORS = frozenset({Role.EMPLOYEE, Role.BRANCH_HEAD, Role.DEPARTMENT_HEAD, Role.DIRECTOR})
HEADS = ACTORS - {Role.EMPLOYEE}
CONTACTS = frozenset(
    {Role.BRANCH_HEAD, Role.DEPARTMENT_HEAD, Role.DIRECTOR, Role.SALES, Role.ADMIN}
)
ADMINS = frozenset({Role.ADMIN})
