"""Approvals: cards of changes that wait for a decision, and their outcome."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="approvals",
    handlers=("build:approvals", "cards:Cards"),
)
