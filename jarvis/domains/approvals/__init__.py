"""Approvals: the cards of changes that wait for a decision, and what becomes of them."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="approvals",
    handlers=("build:approvals", "cards:Cards"),
)
