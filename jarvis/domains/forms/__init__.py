"""Forms and check-lists: templates as data, what was filled in, by whom, and what is missing."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(name="forms", views=("fact_view",))
