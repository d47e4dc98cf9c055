"""Employees of the company: roles, branches, bindings, invitations, dismissal."""

from __future__ import annotations

from jarvis.app.feature import Feature, Seeding

FEATURE = Feature(
    name="staff",
    services=(
        "service:StaffService",
        "administration:StaffAdministration",
        "preferences:StaffPreferences",
        "invitations:Invitations",
        "absences:Absences",
        "readers:Readers",
    ),
    handlers=(
        "handlers:StaffNextSteps",
        "invites:Invites",
        "settings:Settings",
    ),
    writes=("changes:StaffChanges",),
    seeding=Seeding(seed="seeding:seed"),
)
