"""What people send and what became of it: items, sets by operation, posts."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(name="media", views=("fact_view",))
