"""The one table of what each tool is and who may call it. A missing row means: a write, untrusted,
denied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jarvis.kit.actor import Role
from jarvis.kit.roles import ACTORS, ADMINS, BRANCH_STAFF, EVERYBODY, HEADS, MONEY, OPERATIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPolicy:
    """`scope`: `company` looks everywhere, `branch` only into the person's branches.

    `untrusted`: the output holds free text of outsiders and taints the conversation. `approvers`:
    whose word a write needs.
    """

    effect: Literal["read", "write"]
    roles: frozenset[Role]
    scope: Literal["company", "branch"] = "company"
    effect_class: Literal["A", "B", "C"] | None = None
    untrusted: bool = False
    approval: Literal["never", "always", "two_persons"] = "never"
    approvers: frozenset[Role] = frozenset()


def _write(roles: frozenset[Role], approvers: frozenset[Role]) -> ToolPolicy:
    """A change in RentProg: always on a card, under RentProg's own idempotency key."""
    return ToolPolicy(
        effect="write",
        roles=roles,
        scope="branch",
        effect_class="A",
        approval="always",
        approvers=approvers,
    )


def _house(roles: frozenset[Role], approvers: frozenset[Role]) -> ToolPolicy:
    """A change of staff, branches or chats: always on a card."""
    return ToolPolicy(
        effect="write", roles=roles, effect_class="A", approval="always", approvers=approvers
    )


def _own(roles: frozenset[Role]) -> ToolPolicy:
    """Opens something for who asks, in their own chat or where it belongs anyway: done twice it is
    done once, so it asks nobody."""
    return ToolPolicy(effect="write", roles=roles, scope="branch", effect_class="A")


DENIED = ToolPolicy(effect="write", roles=frozenset(), untrusted=True, approval="always")

POLICY: dict[str, ToolPolicy] = {
    "find_car": ToolPolicy(effect="read", roles=EVERYBODY),
    "car_card": ToolPolicy(effect="read", roles=EVERYBODY),
    "list_cars": ToolPolicy(effect="read", roles=EVERYBODY),
    "check_availability": ToolPolicy(effect="read", roles=EVERYBODY),
    "find_booking": ToolPolicy(effect="read", roles=BRANCH_STAFF, scope="branch"),
    "booking_card": ToolPolicy(effect="read", roles=BRANCH_STAFF, scope="branch"),
    "list_bookings": ToolPolicy(effect="read", roles=BRANCH_STAFF, scope="branch"),
    "check_conflicts": ToolPolicy(effect="read", roles=OPERATIONS, scope="branch"),
    "list_debts": ToolPolicy(effect="read", roles=MONEY, scope="branch"),
    "who_changed": ToolPolicy(effect="read", roles=OPERATIONS, scope="branch"),
    "client_card": ToolPolicy(effect="read", roles=OPERATIONS, scope="branch"),
    "search_knowledge": ToolPolicy(effect="read", roles=EVERYBODY),
    "about_jarvis": ToolPolicy(effect="read", roles=EVERYBODY),
    "extend_booking": _write(ACTORS | {Role.SALES}, ACTORS),
    "change_booking": _write(ACTORS | {Role.SALES}, ACTORS),
    "note_booking": _write(ACTORS | {Role.SALES, Role.MECHANIC}, ACTORS),
    "create_booking": _write(ACTORS | {Role.SALES}, ACTORS),
    "cancel_booking": _write(ACTORS, HEADS),
    "move_car": _write(ACTORS | {Role.MECHANIC}, HEADS),
    "checklist_status": ToolPolicy(effect="read", roles=BRANCH_STAFF, scope="branch"),
    "find_media": ToolPolicy(effect="read", roles=EVERYBODY, scope="branch"),
    "open_topic": _own(BRANCH_STAFF),
    "start_checklist": _own(BRANCH_STAFF),
    "post_to_topic": _house(ACTORS | {Role.MECHANIC, Role.SALES}, ACTORS),
    "subscribe_chat": _house(HEADS | ADMINS, ADMINS),
    "grant_role": _house(HEADS | ADMINS, ADMINS),
    "hire_employee": _house(HEADS | ADMINS, ADMINS),
    "add_branch": _house(frozenset({Role.DIRECTOR}) | ADMINS, ADMINS),
    "set_car_state": _write(ACTORS | {Role.MECHANIC}, HEADS),
}


def policy_of(tool: str) -> ToolPolicy:
    """The policy of a tool; an unlisted tool is denied."""
    return POLICY.get(tool, DENIED)
