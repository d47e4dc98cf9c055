"""Absences: the absence form, its notices, and the substitute who takes over the work."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="absences",
    handlers=("handlers:Substitution",),
)
