"""Forms and check-lists: their templates, the answers, who gave them, and what is missing."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="forms",
    services=(
        "service:FormService",
        "points:FormPoints",
        "photos:FormPhotos",
        "messages:FormMessages",
        "files:FormFiles",
        "waivers:Waivers",
    ),
    handlers=(
        "filling:Forms",
        "answering:FormAnswers",
        "menu:FormMenu",
        "callbacks:FormCallbacks",
        "opening:FormOpening",
        "reports:FormReports",
    ),
    views=("fact_view",),
)
