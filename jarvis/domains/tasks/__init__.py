"""What somebody is to do."""

from __future__ import annotations

from jarvis.app.feature import Feature

FEATURE = Feature(
    name="tasks",
    services=("service:TaskService",),
    handlers=("handlers:Tasks",),
)
