"""Absences: the form, its notices, whose work moves to whom."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="absences",
    handlers=("handlers:Substitution",),
)
