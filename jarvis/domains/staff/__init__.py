"""People of the company: roles, branches, bindings, invitations, dismissal."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(name="staff", writes=("changes:StaffChanges",))
