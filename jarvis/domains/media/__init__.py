"""Files that people send: storing them, filing them under an operation of a car, publishing them
in its topic."""

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
        "intake:FileIntake",
        "filing:MediaFiling",
        "car_media:CarFile",
    ),
    carriers={"telegram": "effects:MediaEffects"},
    views=("fact_view",),
)
