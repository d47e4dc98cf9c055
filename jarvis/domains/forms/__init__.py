"""Forms and check-lists: templates as data, what was filled in, by whom, and what is missing."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="forms",
    services=("service:FormService",),
    handlers=(
        "messages:Sheets",
        "filling:Forms",
        "menu:FormMenu",
        "callbacks:FormCallbacks",
        "reports:FormReports",
    ),
    views=("fact_view",),
)
