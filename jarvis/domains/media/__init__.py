"""What people send and what became of it: items, sets by operation, posts."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="media",
    services=(
        "service:MediaService",
        "posts:MediaPosts",
        "publishing:Publisher",
        "questions:FilingQuestions",
    ),
    handlers=(
        "intake:Material",
        "filing:MediaFiling",
        "car_media:CarFile",
    ),
    carriers={"telegram": "effects:MediaEffects"},
    views=("fact_view",),
)
