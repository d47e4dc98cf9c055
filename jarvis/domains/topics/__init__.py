"""Topics of cars, clients and tasks: created, kept up to date, archived, and repaired when
people changed them in Telegram."""

from __future__ import annotations

from jarvis.app.feature import Feature
from jarvis.domains.topics.checks import CHECKS

FEATURE = Feature(
    name="topics",
    settings=("settings:TopicsSettings",),
    handlers=(
        "archive:Archive",
        "cars:CarTopics",
        "moves:MoveProgress",
        "personal:PersonalTopics",
        "reconcile:ForumReconciler",
    ),
    writes=("changes:PostChanges",),
    views=("fact_view",),
    checks=CHECKS,
)
