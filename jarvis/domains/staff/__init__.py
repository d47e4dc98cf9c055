"""People of the company: roles, branches, bindings, invitations, dismissal."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="staff",
    services=(
        "service:StaffService",
        "absences:Absences",
    ),
    handlers=(
        "invites:Invites",
        "settings:Settings",
    ),
)
