"""Topics of cars, clients and tasks: made, kept as the facts are, archived, and put right when
people changed them."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(name="topics", views=("fact_view",), writes=("changes:PostChanges",))
